"""The window's handle on the renderer process. Nothing here waits, and nothing imports torch.

A thread reads what the renderer sends; another notices when it has frozen. A renderer that dies
is started again with the same request; after three deaths in a row without a picture in between
the client gives up until `retry`.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from renderer import messages
from renderer.messages import RenderFrame, RenderRequest, RenderResult, Tile
from renderer.process import WorkerProcess
from renderer.ring import Pixels, RingReader

State = Literal["starting", "ready", "busy", "restarting", "given up", "closed"]
Event = RenderResult | messages.JobProgress | messages.JobDone | messages.ModelsKept
FREEZE_LIMIT_SEC = 5.0
START_LIMIT_SEC = 60.0  # importing torch from a cold disk holds the interpreter for seconds
MAX_DEATHS = 3  # in a row, without a picture in between


@dataclass(frozen=True)
class ClientStatus:
    """How the renderer is, for the status bar."""

    state: State = "starting"
    pid: int = 0
    reason: str = ""  # one sentence: why it last stopped; "" when it never did
    details: str = ""  # what it last wrote to its standard error
    device: str = ""
    kernels: str = ""
    ladder: tuple[tuple[str, str], ...] = ()
    num_restarts: int = 0


@functools.lru_cache(maxsize=4)
def _busy(status: ClientStatus) -> ClientStatus:
    """The same while it works; a window asks several times a frame."""
    return replace(status, state="busy")


class RendererClient:
    """Starts the renderer, keeps it alive, and passes requests and pictures."""

    def __init__(
        self,
        on_event: Callable[[], None] | None = None,
        device: str | None = None,
        freeze_limit_sec: float = FREEZE_LIMIT_SEC,
    ) -> None:
        """Start the renderer; returns at once.

        Args:
            on_event: called from another thread whenever `poll` or `status` has news; it must
                return quickly (wake an idle window, nothing more).
            device: "cuda", "mps" or "cpu"; None takes the best that passes its check.
        """
        self._on_event = on_event
        self._device = device
        self._freeze_limit_sec = freeze_limit_sec
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._status = ClientStatus()
        self._worker: WorkerProcess | None = None
        self._reader = RingReader()
        self._stamp = 0
        self._request: RenderRequest | None = None
        self._answered_stamp = 0
        self._latest: RenderResult | None = None
        self._unpolled: RenderResult | None = None
        self._events: list[Event] = []
        self._models_budget: messages.SetModelsBudget | None = None
        self._jobs: dict[int, messages.Job] = {}
        self._sent_jobs: set[int] = set()
        self._next_job_id = messages.FRAME_LOAD + 1
        self._num_deaths = 0
        self._life_sign_sec = time.monotonic()
        self._kill_reason = ""
        self._is_changing_device = False
        self._closing = False
        self._supervisor = threading.Thread(target=self._supervise, daemon=True, name="renderer")
        self._supervisor.start()
        threading.Thread(target=self._watch, daemon=True, name="renderer-watch").start()

    # --- what the window calls -----------------------------------------------------------------

    def submit(self, request: RenderRequest) -> int:
        """Ask for a picture; the newest request wins. Returns its stamp."""
        with self._changed:
            self._begin_work()
            self._stamp += 1
            self._request = request
            if self._worker is not None:
                self._worker.send(RenderFrame(self._stamp, request))
            return self._stamp

    def poll(self) -> tuple[Event, ...]:
        """What arrived since the last call: job events in order, then the newest result, if any.

        The tiles of the result are the caller's until `release`.
        """
        with self._lock:
            events, self._events = self._events, []
            if self._unpolled is not None:
                events.append(self._unpolled)
                self._unpolled = None
            return tuple(events)

    @property
    def latest_result(self) -> RenderResult | None:
        """The newest result that has arrived, polled or not."""
        with self._lock:
            return self._latest

    def pixels(self, tile: Tile) -> Pixels:
        """uint8 [H, W, C]: a view of a polled tile, valid until it is released.

        Raises:
            KeyError: it was released long ago.
        """
        with self._lock:
            return self._reader.pixels(tile.ref)

    def release(self, tile: Tile) -> None:
        """Give the tile's memory back to the renderer."""
        with self._lock:
            if self._worker is not None:
                self._worker.send(messages.ReleaseSlot(tile.ref.ring, tile.ref.slot))

    def start_job(self, job: messages.Job) -> int:
        """Start a job; its JobProgress and, once, its JobDone come from `poll`."""
        with self._changed:
            self._begin_work()
            job_id = self._next_job_id
            self._next_job_id += 1
            self._jobs[job_id] = job
            if self._worker is not None:
                self._send_job(self._worker, job_id)
            return job_id

    def cancel_job(self, job_id: int) -> None:
        """Ask a job to stop; a job that has ended already is left alone."""
        with self._lock:
            if self._worker is not None and job_id in self._sent_jobs:
                self._worker.send(messages.CancelJob(job_id))
            elif self._jobs.pop(job_id, None) is not None:
                self._events.append(messages.JobDone(job_id, canceled=True))

    def set_models_budget(self, num_bytes: int) -> None:
        """Let the resident models take so much memory together; `ModelsKept` answers."""
        with self._lock:
            self._models_budget = messages.SetModelsBudget(num_bytes)
            if self._worker is not None:
                self._worker.send(self._models_budget)

    def drop_model(self, source: str) -> None:
        """Free the memory of a model that is not shown; `ModelsKept` answers."""
        with self._lock:
            if self._worker is not None:
                self._worker.send(messages.DropModel(source))

    @property
    def status(self) -> ClientStatus:
        with self._lock:
            if self._status.state == "ready" and self._is_pending():
                return _busy(self._status)
            return self._status

    def retry(self) -> None:
        """Start again after giving up."""
        with self._changed:
            if self._status.state == "given up":
                self._num_deaths = 0
                self._status = replace(self._status, state="restarting")
                self._changed.notify_all()

    def use_device(self, device: str | None) -> None:
        """Go on with another device; the request is rendered again there.

        Args:
            device: as for the constructor. What became of it is in `status.device` and
                `status.ladder`.
        """
        with self._changed:
            self._device = device
            self._num_deaths = 0
            if self._worker is not None:
                self._is_changing_device = True
                self._worker.kill()
            elif self._status.state == "given up":
                self.retry()

    def close(self) -> None:
        """End the renderer and wait until it is gone."""
        with self._changed:
            self._closing = True
            self._status = replace(self._status, state="closed", pid=0)
            if self._worker is not None:
                self._worker.kill()
            self._changed.notify_all()
        self._supervisor.join(timeout=10.0)

    # --- the life of the renderer --------------------------------------------------------------

    def _supervise(self) -> None:
        while self._may_start():
            reason, details = self._live_once()
            with self._changed:
                if self._closing:
                    return
                self._bury(reason, details)
            self._wake()

    def _may_start(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._status.state != "given up")
            return not self._closing

    def _live_once(self) -> tuple[str, str]:
        """Start a renderer and serve it to its end; returns why it ended, and details."""
        with self._lock:
            device = self._device
        try:
            worker = WorkerProcess(device)
        except Exception as error:  # no memory, no process, no thread: tried again, then given up
            time.sleep(0.2)
            return f"it could not be started: {error}", ""
        with self._changed:
            self._worker = worker
            self._status = replace(self._status, pid=worker.pid)
            self._kill_reason = ""
            self._life_sign_sec = time.monotonic()
            if self._models_budget is not None:
                worker.send(self._models_budget)
            for job_id in self._jobs:
                self._send_job(worker, job_id)
            if self._request is not None:
                worker.send(RenderFrame(self._stamp, self._request))
            self._is_changing_device = self._device != device  # `use_device` while it started
            if self._closing or self._is_changing_device:
                worker.kill()
            self._changed.notify_all()
        failure = self._serve(worker)
        with self._lock:
            self._worker = None
        reason = worker.wait()
        return failure or self._kill_reason or reason, worker.details

    def _serve(self, worker: WorkerProcess) -> str:
        """Take what it says until it is gone; returns what went wrong here, "" for nothing."""
        try:
            while (message := worker.receive()) is not None:
                self._handle(message)
        except Exception as error:  # without this thread nothing would ever start it again
            worker.kill()
            text = (str(error).splitlines() or [""])[0].rstrip(".")
            return f"what it sent could not be taken ({type(error).__name__}: {text})"
        return ""

    def _bury(self, reason: str, details: str) -> None:
        if self._is_changing_device:
            self._is_changing_device = False
            reason = "it starts again on another device"
        else:
            self._num_deaths += 1
        sentence = f"The renderer stopped: {reason}."
        for job_id in sorted(self._sent_jobs):
            self._jobs.pop(job_id)
            error = messages.ErrorInfo(f"{sentence} The job was not finished; try again.", details)
            self._events.append(messages.JobDone(job_id, error=error))
        self._sent_jobs.clear()
        given_up = self._num_deaths >= MAX_DEATHS
        self._answered_stamp = 0
        self._status = replace(
            self._status,
            state="given up" if given_up else "restarting",
            pid=0,
            reason=sentence,
            details=details,
            num_restarts=self._status.num_restarts + (not given_up),
        )

    # --- what the renderer says ----------------------------------------------------------------

    def _handle(self, message: object) -> None:
        with self._changed:
            self._life_sign_sec = time.monotonic()
            if isinstance(message, messages.RingOpened) and self._worker is not None:
                self._reader.open(message, self._worker.memory)
            elif isinstance(message, messages.WorkerReady):
                self._status = replace(
                    self._status,
                    state="closed" if self._closing else "ready",
                    device=message.device,
                    ladder=message.ladder,
                    kernels=message.kernels,
                )
            elif isinstance(message, RenderResult):
                self._take_result(message)
            elif isinstance(message, (messages.JobProgress, messages.ModelsKept)):
                self._events.append(message)
            elif isinstance(message, messages.JobDone):
                self._jobs.pop(message.job_id, None)
                self._sent_jobs.discard(message.job_id)
                self._events.append(message)
            else:
                return  # a heartbeat
        self._wake()

    def _take_result(self, result: RenderResult) -> None:
        if result.tiles:
            self._num_deaths = 0
        self._answered_stamp = max(self._answered_stamp, result.stamp)
        stale = self._latest is not None and result.stamp < self._latest.stamp
        dropped = result if stale else self._unpolled
        for tile in dropped.tiles if dropped is not None else ():
            self.release(tile)
        if not stale:
            self._latest = self._unpolled = result

    # --- watching ------------------------------------------------------------------------------

    def _is_pending(self) -> bool:
        return self._answered_stamp < self._stamp or bool(self._jobs)

    def _begin_work(self) -> None:
        if not self._is_pending():
            self._life_sign_sec = time.monotonic()
            self._changed.notify_all()

    def _send_job(self, worker: WorkerProcess, job_id: int) -> None:
        worker.send(messages.StartJob(job_id, self._jobs[job_id]))
        self._sent_jobs.add(job_id)

    def _wake(self) -> None:
        if self._on_event is not None:
            self._on_event()

    def _watch(self) -> None:
        interval_sec = self._freeze_limit_sec / 20
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing or (self._worker is not None and self._is_pending())
                )
                if self._closing:
                    return
                self._kill_if_frozen()
            before_sec = time.monotonic()
            time.sleep(interval_sec)
            overslept_sec = time.monotonic() - before_sec - interval_sec
            if overslept_sec > interval_sec:  # this process was stopped too: nothing is known
                with self._lock:
                    self._life_sign_sec += overslept_sec

    def _kill_if_frozen(self) -> None:
        starting = self._status.state in ("starting", "restarting")
        limit_sec = START_LIMIT_SEC if starting else self._freeze_limit_sec
        if time.monotonic() - self._life_sign_sec > limit_sec - self._freeze_limit_sec / 10:
            self._kill_reason = f"it had not answered for {limit_sec:.0f} seconds"
            if self._worker is not None:
                self._worker.kill()
