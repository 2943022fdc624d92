"""A renderer without a process: pictures are gradients computed from the request, at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from renderer.client import ClientStatus
from renderer.messages import (
    JobDone,
    LoadModel,
    ModelInfo,
    RenderRequest,
    RenderResult,
    Stats,
    Tile,
    TileRef,
)

SIZE = 128


def fake_info(source: str, **changes: object) -> ModelInfo:
    values: dict[str, object] = {
        "source": source,
        "label": source,
        "family": "stylegan3",
        "img_resolution": SIZE,
        "img_channels": 3,
        "z_dim": 8,
        "c_dim": 0,
        "w_dim": 8,
        "num_ws": 16,
        "has_input_transform": True,
        "has_noise": False,
        "num_parameters": 1_200_000,
        "untrained": source.startswith("bundled:"),
    }
    return ModelInfo(**{**values, **changes})  # type: ignore[arg-type]


def fake_pixels(request: RenderRequest) -> np.ndarray:
    """uint8 [SIZE, SIZE, 3] that depends on every number of the request."""
    seed = abs(hash(request)) % 2**31
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (3, 4))
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = [
        np.sin(6 * x + a) + np.sin(7 * y + b) + np.sin(9 * (x + y) + c) + np.sin(5 * (x - y) + d)
        for a, b, c, d in phase
    ]
    return ((np.stack(waves, -1) + 4) * 31).astype(np.uint8)


@dataclass
class FakeRenderer:
    """Answers every request in the next poll."""

    status: ClientStatus = field(default_factory=lambda: ClientStatus("ready", 1, device="cpu"))
    infos: dict[str, ModelInfo] = field(default_factory=dict)
    submitted: list[RenderRequest] = field(default_factory=list)
    jobs: list[LoadModel] = field(default_factory=list)
    canceled: list[int] = field(default_factory=list)
    released: int = 0
    events: list[object] = field(default_factory=list)
    retried: int = 0
    models_budget: int = 0
    dropped: list[str] = field(default_factory=list)

    def submit(self, request: RenderRequest) -> int:
        self.submitted.append(request)
        self.events = [event for event in self.events if not isinstance(event, RenderResult)]
        self.events.append(self._answer(len(self.submitted), request))
        return len(self.submitted)

    def _answer(self, stamp: int, request: RenderRequest) -> RenderResult:
        view = request.views[0]
        info = self.infos.get(view.model) or fake_info(view.model)
        ref = TileRef("fake", 0, SIZE, SIZE, 3, 0)
        stats = Stats((0.0, 0.0), (1.0, 1.0), (1.0, 1.0))
        tile = Tile(view.name, ref, info, (), stats, 3, 0)
        return RenderResult(stamp, request, (tile,), render_ms=4.0, memory_bytes=400 << 20)

    def poll(self) -> tuple[object, ...]:
        events, self.events = tuple(self.events), []
        self._last = next((e for e in events if isinstance(e, RenderResult)), None)
        return events

    def pixels(self, tile: Tile) -> np.ndarray:
        assert self._last is not None
        return fake_pixels(self._last.request)

    def release(self, tile: Tile) -> None:
        self.released += 1

    def start_job(self, job: LoadModel) -> int:
        self.jobs.append(job)
        info = self.infos.get(job.source) or fake_info(job.source)
        self.events.append(JobDone(len(self.jobs), info))
        return len(self.jobs)

    def cancel_job(self, job_id: int) -> None:
        self.canceled.append(job_id)

    def set_models_budget(self, num_bytes: int) -> None:
        self.models_budget = num_bytes

    def drop_model(self, source: str) -> None:
        self.dropped.append(source)

    def retry(self) -> None:
        self.retried += 1

    def close(self) -> None:
        pass
