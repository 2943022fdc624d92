"""Shared by the renderer's tests: golden render cases, a client that waits, a slow model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import networks
from renderer.client import RendererClient
from renderer.messages import (
    DisplaySpec,
    Job,
    JobDone,
    JobProgress,
    LatentSpec,
    ModelsKept,
    RenderRequest,
    RenderResult,
    SpectrumSpec,
    SynthesisSpec,
    View,
)

GOLDEN = Path(__file__).parent.parent / "golden"
WAIT_SEC = 60.0


class WaitingClient(RendererClient):
    """A client whose tests may wait for what the window only polls."""

    def wait_for(self, condition: Callable[[], Any], limit_sec: float = WAIT_SEC) -> Any:
        """Poll `condition` until it is true, and return it."""
        end_sec = time.monotonic() + limit_sec
        while not (value := condition()):
            assert time.monotonic() < end_sec, f"waited {limit_sec} s in vain; {self.status}"
            time.sleep(0.005)
        return value

    def wait_for_event(self, wanted: Callable[[Any], bool]) -> Any:
        """The first polled event that is wanted; others are dropped, their tiles released."""

        def look() -> Any:
            found = None
            for event in self.poll():
                if found is None and wanted(event):
                    found = event
                elif isinstance(event, RenderResult):
                    self.release_all(event)
            return found

        return self.wait_for(look)

    def wait_for_ends(self, *job_ids: int) -> tuple[list[JobProgress], list[JobDone]]:
        """Everything that is said about some jobs, until all of them have ended."""
        events: list[Any] = []

        def all_ended() -> bool:
            for event in self.poll():
                if isinstance(event, RenderResult):
                    self.release_all(event)
                elif not isinstance(event, ModelsKept) and event.job_id in job_ids:
                    events.append(event)
            return sum(isinstance(event, JobDone) for event in events) == len(job_ids)

        self.wait_for(all_ended)
        ends = {event.job_id: event for event in events if isinstance(event, JobDone)}
        progress = [event for event in events if isinstance(event, JobProgress)]
        return progress, [ends[job_id] for job_id in job_ids]

    def run_job(self, job: Job) -> JobDone:
        """Start a job and wait for its end."""
        return self.wait_for_ends(self.start_job(job))[1][0]

    def release_all(self, result: RenderResult) -> None:
        for tile in result.tiles:
            self.release(tile)

    def render(self, request: RenderRequest) -> RenderResult:
        """Submit, and wait for the answer to exactly this request."""
        stamp = self.submit(request)

        def is_answer(event: Any) -> bool:
            return isinstance(event, RenderResult) and event.stamp == stamp

        result: RenderResult = self.wait_for_event(is_answer)
        return result

    def picture(self, view: View) -> np.ndarray:
        """A copy of the pixels of a view."""
        result = self.render(RenderRequest((view,)))
        assert result.error is None, result.error
        pixels = self.pixels(result.tiles[0]).copy()
        self.release_all(result)
        return pixels


@pytest.fixture
def client() -> Iterator[WaitingClient]:
    client = WaitingClient(device="cpu")
    yield client
    client.close()


@pytest.fixture(scope="module")
def shared_client() -> Iterator[WaitingClient]:
    """For tests that leave the renderer as it was: starting one takes seconds."""
    client = WaitingClient(device="cpu")
    yield client
    client.close()


@pytest.fixture(scope="session")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A generator whose picture takes some tenths of a second, in several layers."""
    path = tmp_path_factory.mktemp("models") / "slow.safetensors"
    config = networks.StyleGAN3Config(img_resolution=128, channel_base=8192, channel_max=128)
    networks.save_generator(networks.StyleGAN3(config), path)
    return str(path)


@pytest.fixture(scope="session")
def waiting_client() -> type[WaitingClient]:
    return WaitingClient


@pytest.fixture(scope="session")
def render_cases() -> list[tuple[View, np.ndarray, np.ndarray, list[str] | None]]:
    """(view, image, stats, layer names) of every golden render case."""
    golden = np.load(GOLDEN / "render.npz")
    cases = json.loads(str(golden["cases"]))
    return [
        (_golden_view(case), golden[f"{i}/image"], golden[f"{i}/stats"], case["layers"])
        for i, case in enumerate(cases)
    ]


def _golden_view(case: dict[str, Any]) -> View:
    spectrum = SpectrumSpec(case["fft_all"], case["fft_range_db"], case["fft_beta"])
    return View(
        model=str(GOLDEN / f"{case['pkl']}.pkl"),
        latents=LatentSpec(
            seeds=tuple((seed, weight) for seed, weight in case["w0_seeds"]),
            truncation_psi=case["trunc_psi"],
            truncation_cutoff=case["trunc_cutoff"],
            mix_seed=case["stylemix_seed"],
            mix_rows=tuple(case["stylemix_idx"]),
        ),
        synthesis=SynthesisSpec(
            noise_mode=case["noise_mode"],
            noise_seed=case["random_seed"],
            force_fp32=True,
            input_transform=tuple(tuple(row) for row in case["input_transform"]),
        ),
        display=DisplaySpec(
            layer=case.get("layer_name"),
            num_channels=case["sel_channels"],
            base_channel=case["base_channel"],
            normalize=case["img_normalize"],
            scale_db=case["img_scale_db"],
            untransform=case["untransform"],
            spectrum=spectrum if case["fft_show"] else None,
        ),
    )


def check_picture(image: np.ndarray, want: np.ndarray, width: int) -> None:
    """At most one level off in at most 0.5 % of the picture; one table step in the spectrum."""
    assert image.shape == want.shape
    picture, spectrum = image[:, :width], image[:, width:]
    difference = np.abs(picture.astype(int) - want[:, :width].astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() <= 0.005
    if spectrum.size:
        off = (spectrum != want[:, width:]).any(axis=2)
        assert off.mean() <= 0.005
        # one step of the 256 colours differs by at most 7 levels in any of them
        assert np.abs(spectrum.astype(int) - want[:, width:].astype(int)).max() <= 7


@pytest.fixture(scope="session")
def picture_check() -> Callable[[np.ndarray, np.ndarray, int], None]:
    return check_picture
