"""Jobs that need the network: never dropped, in order, and giving way to frames between steps.

A job under way is not stopped by a frame; the frame is answered in the middle of it, between two
layers or two groups of channels, so that neither loses its work.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable

import torch

from renderer.contact_sheet import contact_sheet
from renderer.errors import error_info, is_out_of_memory
from renderer.loader import Loader
from renderer.messages import (
    ContactSheet,
    ErrorInfo,
    Job,
    JobDone,
    JobProgress,
    LoadModel,
    Outcome,
    ProbeRegion,
    SpectrumProfile,
    StartJob,
)
from renderer.models import Canceled, Model, ModelStore
from renderer.pipeline import Pipeline
from renderer.probe import probe_region
from renderer.profile import spectrum_profile
from renderer.work import Work

REPORT_INTERVAL_SEC = 0.05


class Jobs:
    """A queue of jobs. `start`, `cancel` and `retry` may be called from any thread."""

    def __init__(
        self,
        pipeline: Pipeline,
        store: ModelStore,
        loader: Loader,
        send: Callable[[object], None],
        give_way: Callable[[], None],
    ) -> None:
        """Start with nothing to do.

        Args:
            send: takes JobProgress and JobDone.
            give_way: answers a frame that waits, if one does.
        """
        self._pipeline = pipeline
        self._store = store
        self._loader = loader
        self._send = send
        self._give_way = give_way
        self._lock = threading.Lock()
        self._queue: collections.deque[StartJob] = collections.deque()
        self._waiting: list[StartJob] = []  # for their model
        self._open: set[int] = set()
        self._is_running = False  # also when what runs has been canceled and is not open any more
        self._reported_sec = 0.0

    @property
    def has_work(self) -> bool:
        """`run_next` has something to do."""
        return bool(self._queue)

    @property
    def is_busy(self) -> bool:
        return bool(self._open) or self._is_running

    def start(self, message: StartJob) -> None:
        """Queue a job."""
        with self._lock:
            self._open.add(message.job_id)
            self._queue.append(message)

    def cancel(self, job_id: int) -> None:
        """End a job at its next step; unknown ids have ended already."""
        with self._lock:
            self._open.discard(job_id)
        self.retry()

    def retry(self) -> None:
        """The models that jobs wait for may be here, or may have failed."""
        with self._lock:
            self._queue.extendleft(reversed(self._waiting))
            self._waiting.clear()

    def run_next(self) -> None:
        """Run the first job of the queue to its end, or until it must wait for its model."""
        with self._lock:
            message = self._queue.popleft()
            self._is_running = True
        try:
            done = self._finish(message)
        finally:
            self._is_running = False
        if done is not None:
            with self._lock:
                self._open.discard(message.job_id)
            self._send(done)

    def _finish(self, message: StartJob) -> JobDone | None:
        """None: it waits for its model."""
        job_id = message.job_id
        assert not isinstance(message.job, LoadModel)
        try:
            self._stop_if_canceled(job_id)
            model = self._model(message, message.job.view.model)
            if model is None:
                return None
            if isinstance(model, ErrorInfo):
                return JobDone(job_id, error=model)
            with torch.inference_mode():
                return JobDone(job_id, outcome=self._run(job_id, message.job, model))
        except Canceled:
            return JobDone(job_id, canceled=True)
        except BrokenPipeError:
            raise
        except Exception as error:  # told to the person; the renderer lives on
            if is_out_of_memory(error):
                self._pipeline.forget()
            return JobDone(job_id, error=error_info(error, f"working on {_name(message.job)}"))

    def _model(self, message: StartJob, source: str) -> Model | ErrorInfo | None:
        """The model, or why there is none; None while it is being loaded."""
        model = self._store.get(source)
        if model is not None:
            return model
        with self._lock:  # before it can settle
            self._waiting.append(message)
        error = self._loader.need(source, message.job_id)
        if error is None:
            return None
        with self._lock:  # a load that settled meanwhile may have queued it again
            self._waiting = [other for other in self._waiting if other is not message]
            self._queue = collections.deque(m for m in self._queue if m is not message)
        return error

    def _run(self, job_id: int, job: Job, model: Model) -> Outcome:
        def should_stop() -> bool:
            self._step(job_id)
            return False

        def report(fraction: float, text: str) -> None:
            self._step(job_id)
            now_sec = time.monotonic()
            if now_sec - self._reported_sec >= REPORT_INTERVAL_SEC:
                self._reported_sec = now_sec
                self._send(JobProgress(job_id, fraction, text))

        assert not isinstance(job, LoadModel)
        stages = self._pipeline.open(job.view, model, Work(), should_stop)
        if isinstance(job, ProbeRegion):
            return probe_region(job, stages)
        if isinstance(job, ContactSheet):
            return contact_sheet(job, stages, report)
        assert isinstance(job, SpectrumProfile)
        return spectrum_profile(job, stages)

    def _step(self, job_id: int) -> None:
        self._stop_if_canceled(job_id)
        self._give_way()

    def _stop_if_canceled(self, job_id: int) -> None:
        if job_id not in self._open:
            raise Canceled


def _name(job: Job) -> str:
    names = {
        ProbeRegion: "the raw values",
        ContactSheet: "the contact sheet",
        SpectrumProfile: "the spectrum's curves",
    }
    return names.get(type(job), "a job")
