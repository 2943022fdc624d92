"""Loads models in a thread of its own, while the previous model keeps rendering."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from renderer.errors import error_info
from renderer.messages import FRAME_LOAD, ErrorInfo, JobDone, JobProgress, is_address
from renderer.models import Canceled, Model, ModelStore, load_model, refresh, source_stamp

_REPORT_INTERVAL_SEC = 0.05


@dataclass
class _Load:
    job_id: int
    source: str
    is_asked_for: bool  # a job of its own; else a frame or another job needs the model
    again: bool = False  # ask the server of an address, too
    canceled: threading.Event = field(default_factory=threading.Event)


class Loader:
    """Answers load jobs one after the other, and loads what a frame asks for."""

    def __init__(
        self,
        store: ModelStore,
        device: str,
        send: Callable[[object], None],
        on_settled: Callable[[], None],
    ) -> None:
        """Start the thread.

        Args:
            send: takes JobProgress and JobDone.
            on_settled: called after each load, whether it succeeded or not.
        """
        self._store = store
        self._device = device
        self._send = send
        self._on_settled = on_settled
        self._queue: queue.Queue[_Load] = queue.Queue()
        self._open: dict[int, _Load] = {}
        self._failed: dict[str, tuple[tuple[int, ...], ErrorInfo]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True, name="loader").start()

    @property
    def is_busy(self) -> bool:
        return bool(self._open)

    def start(self, job_id: int, source: str, again: bool = False) -> None:
        """Load a source for a job; `again` looks behind an address for a newer file."""
        self._enqueue(_Load(job_id, source, is_asked_for=True, again=again))

    def cancel(self, job_id: int) -> None:
        """Stop a load at its next step; unknown ids have ended already."""
        with self._lock:
            if job_id in self._open:
                self._open[job_id].canceled.set()

    def need(self, source: str, job_id: int = FRAME_LOAD) -> ErrorInfo | None:
        """A frame or a job needs this source: load it, or say why it cannot be loaded.

        A file that failed is not read again before it changes or a job asks to load it.
        """
        with self._lock:
            stamp, error = self._failed.get(source, ((), None))
            if error is not None and stamp == source_stamp(source):
                return error
            waiting = self._open.get(FRAME_LOAD) if job_id == FRAME_LOAD else None
            if waiting is not None and waiting.source != source:
                waiting.canceled.set()  # no frame wants that one any more
            if any(
                load.source == source and not load.canceled.is_set() for load in self._open.values()
            ):
                return None
        self._enqueue(_Load(job_id, source, is_asked_for=False))
        return None

    def _enqueue(self, load: _Load) -> None:
        with self._lock:
            self._open[load.job_id] = load
        self._queue.put(load)

    def _run(self) -> None:
        while True:
            load = self._queue.get()
            done = self._finish(load)
            with self._lock:
                if self._open.get(load.job_id) is load:
                    del self._open[load.job_id]
            if load.is_asked_for or load.job_id == FRAME_LOAD:
                self._send(done)
            self._on_settled()

    def _finish(self, load: _Load) -> JobDone:
        try:
            model = self._load(load)
        except Canceled:
            return JobDone(load.job_id, canceled=True)
        except Exception as error:  # a broken file must not end the renderer
            info = error_info(error, f"loading {load.source}")
            stamp = source_stamp(load.source)
            if not (
                load.again and is_address(load.source) and stamp
            ):  # the copy is as good as ever
                with self._lock:
                    self._failed[load.source] = (stamp, info)
            return JobDone(load.job_id, error=info)
        with self._lock:
            self._failed.pop(load.source, None)
        return JobDone(load.job_id, outcome=model.info)

    def _load(self, load: _Load) -> Model:
        if load.canceled.is_set():
            raise Canceled
        last_sec = -1.0

        def report(fraction: float, text: str) -> None:
            nonlocal last_sec
            if load.canceled.is_set():
                raise Canceled
            now_sec = time.monotonic()
            if now_sec - last_sec >= _REPORT_INTERVAL_SEC or fraction >= 1:
                last_sec = now_sec
                self._send(JobProgress(load.job_id, fraction, text))

        if load.again and is_address(load.source):
            refresh(load.source, report)
        resident = self._store.get(load.source)
        if resident is not None and _is_newest(resident, load.source):
            self._send(JobProgress(load.job_id, 1.0, f"{resident.info.label} is in memory"))
            return resident
        model = load_model(load.source, self._device, report)
        if load.canceled.is_set():
            raise Canceled
        self._store.add(model)
        return model


def _is_newest(model: Model, source: str) -> bool:
    """The file is the one that was read, or a download that had to make room since."""
    stamp = source_stamp(source)
    return model.stamp == stamp or (is_address(source) and not stamp)
