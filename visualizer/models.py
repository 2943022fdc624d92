"""The models of this window: loading as jobs, quick switching, failures with retry."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from renderer.messages import (
    BUNDLED_SOURCES,
    ErrorInfo,
    JobDone,
    JobProgress,
    LoadModel,
    ModelInfo,
    ResidentModel,
    address_name,
    is_address,
)

_SNAPSHOT = re.compile(r"network-snapshot-(\d+)\.pkl")


class JobRunner(Protocol):
    """The part of the renderer's client that runs jobs."""

    def start_job(self, job: LoadModel) -> int: ...
    def cancel_job(self, job_id: int) -> None: ...
    def drop_model(self, source: str) -> None: ...


@dataclass(frozen=True)
class Loading:
    """A checkpoint being read."""

    source: str
    job_id: int
    fraction: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Failure:
    """A checkpoint that could not be loaded."""

    source: str
    error: ErrorInfo


def resolve_source(text: str) -> str:
    """What a person typed or dropped, as a source: an absolute path, an address, a bundled name.

    A folder means its newest `network-snapshot-*.pkl`.
    """
    text = text.strip().strip('"')
    if text.startswith("bundled:") or is_address(text):
        return text
    path = Path(os.path.abspath(os.path.expanduser(text)))
    try:
        inside = list(path.iterdir()) if path.is_dir() else []
    except OSError:
        inside = []  # the renderer says what is wrong with it
    snapshots = [(int(m[1]), p) for p in inside if (m := _SNAPSHOT.fullmatch(p.name))]
    return str(max(snapshots)[1] if snapshots else path)


def short_name(source: str) -> str:
    """A source as people call it."""
    if source.startswith("bundled:"):
        return source.removeprefix("bundled:")
    return Path(address_name(source) if is_address(source) else source).stem


class Models:
    """Knows the loaded models and at most one being loaded; the last one asked for wins."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self.infos: dict[str, ModelInfo] = {}
        self.resident: tuple[ResidentModel, ...] = ()  # used longest ago first: those leave first
        self.loading: Loading | None = None
        self.failures: dict[str, Failure] = {}  # by source, the latest last
        self._ready: str | None = None
        self._canceled: str | None = None
        self._waiting: list[str] = []  # named on the command line, loaded one after the other
        self._in_turn: Loading | None = None  # the one of them that is being read

    def open(self, source: str, again: bool = False) -> None:
        """Load a model and show it when it is there; at once when it is known.

        Args:
            again: read a known one too, if its file has changed, here or on its server.
        """
        source = resolve_source(source)
        self.failures.pop(source, None)
        if source in self.infos and not again:
            self.cancel()
            self._ready = source
            return
        if self.loading is not None:
            if self.loading.source == source:
                return
            self._stop()
        job = LoadModel(source, again and is_address(source))
        self.loading = Loading(source, self._runner.start_job(job), 0.0, "Waiting")

    def open_later(self, sources: list[str]) -> None:
        """Load these after the one being loaded, without showing them."""
        self._waiting += [resolve_source(source) for source in sources]

    def cancel(self) -> None:
        """Stop loading; the model shown stays."""
        if self.loading is not None:
            self._stop()
            self._load_next()

    def _stop(self) -> None:
        assert self.loading is not None
        self._runner.cancel_job(self.loading.job_id)
        self._canceled = self.loading.source
        self.loading = None

    @property
    def failure(self) -> Failure | None:
        """The latest that still stands."""
        return next(reversed(self.failures.values()), None)

    def retry(self, source: str) -> None:
        """Load once more what failed."""
        self.open(source)

    def dismiss_failure(self, source: str) -> None:
        """The person has read it."""
        self.failures.pop(source, None)

    def _fail(self, source: str, error: ErrorInfo) -> None:
        self.failures.pop(source, None)
        self.failures[source] = Failure(source, error)

    def handle(self, event: JobProgress | JobDone) -> None:
        """Take an event of the renderer; those of superseded jobs are ignored."""
        loading, in_turn = self.loading, self._in_turn
        if loading is not None and event.job_id == loading.job_id:
            if isinstance(event, JobProgress):
                self.loading = replace(loading, fraction=event.fraction, text=event.text)
                return
            self.loading = None
            if isinstance(event.outcome, ModelInfo):
                self.infos[loading.source] = event.outcome
                self._ready = loading.source
            self._finish(loading, event)
        elif isinstance(event, JobDone):
            if isinstance(event.outcome, ModelInfo):
                self.learn(event.outcome)
            if in_turn is not None and event.job_id == in_turn.job_id:
                self._in_turn = None
                self._finish(in_turn, event)

    def _finish(self, loading: Loading, event: JobDone) -> None:
        if event.error is not None:
            self._fail(loading.source, event.error)
        self._load_next()

    def learn(self, info: ModelInfo) -> None:
        """A picture of this model arrived, so it is loaded."""
        self.infos.setdefault(info.source, info)

    def keep(self, resident: tuple[ResidentModel, ...]) -> None:
        """These are in memory now; what has left it must be loaded again."""
        self.resident = resident
        names = {model.source for model in resident}
        self.infos = {source: info for source, info in self.infos.items() if source in names}

    def drop(self, source: str) -> None:
        """Free the memory of a model; what is shown stays."""
        self._runner.drop_model(source)

    @property
    def num_bytes(self) -> int:
        """What the models in memory take together."""
        return sum(model.num_bytes for model in self.resident)

    def take_ready(self) -> str | None:
        """The source that is to be shown now, once."""
        ready, self._ready = self._ready, None
        return ready

    def take_canceled(self) -> str | None:
        """The source whose loading was stopped, once."""
        canceled, self._canceled = self._canceled, None
        return canceled

    def _load_next(self) -> None:
        if self.loading is not None or self._in_turn is not None:
            return
        self._waiting = [source for source in self._waiting if source not in self.infos]
        if self._waiting:
            source = self._waiting.pop(0)
            self._in_turn = Loading(source, self._runner.start_job(LoadModel(source)))

    @property
    def known_sources(self) -> list[str]:
        """Loaded models, and the bundled ones, for switching."""
        resident = [model.source for model in self.resident]
        return list(dict.fromkeys([*self.infos, *resident, *BUNDLED_SOURCES]))
