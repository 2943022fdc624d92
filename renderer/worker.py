"""The renderer process: answers the newest frame, loads models beside it, gives signs of life.

Started by `renderer.process` with two pipes as its standard input and output.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import signal
import sys
import threading
import time

import psutil

from renderer.channel import Channel
from renderer.devices import choose_device
from renderer.errors import RenderError, Superseded, error_info
from renderer.inbox import Inbox
from renderer.loader import Loader
from renderer.messages import (
    ErrorInfo,
    Heartbeat,
    LoadModel,
    RenderFrame,
    RenderRequest,
    RenderResult,
    StartJob,
    Tile,
    WorkerReady,
)
from renderer.models import Model, ModelStore
from renderer.pipeline import Pipeline, RenderedView, Work
from renderer.ring import RingWriter
from renderer.shared_memory import SharedMemory

HEARTBEAT_SEC = 0.5
_PR_SET_PDEATHSIG = 1


class Worker:
    """Everything of the process except its start."""

    def __init__(self, channel: Channel, memory: SharedMemory, device: str | None) -> None:
        choice = choose_device(device)
        self._channel = channel
        self._device = choice.device
        self._pipeline = Pipeline(choice.device)
        self._store = ModelStore()
        self._ring = RingWriter(memory, channel.send)
        self._inbox = Inbox(channel, self._ring.release, self._start_job, self._cancel_job)
        self._loader = Loader(self._store, choice.device, channel.send, self._inbox.retry_newest)
        self._num_finished = 0
        channel.send(WorkerReady(os.getpid(), choice.device, choice.ladder, choice.kernels))

    def run(self) -> None:
        """Answer frames until the window is gone, which ends the process."""
        self._inbox.start()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        may_stop = True
        while True:
            frame = self._inbox.next_frame()
            # A frame that was stopped lets the next one finish: the screen must not starve.
            may_stop = self._answer(frame, may_stop)

    def _answer(self, frame: RenderFrame, may_stop: bool) -> bool:
        """Render and send; returns False when a newer request stopped it."""
        begin_sec = time.perf_counter()
        work = Work()
        try:
            models = self._models(frame.request)
            if models is None:
                return True  # offered again when the model has arrived
            views = [
                self._pipeline.render(view, models[view.model], work, lambda: self._stop(may_stop))
                for view in frame.request.views
            ]
            tiles = tuple(self._tile(view, len(views)) for view in views)
        except Superseded:
            return False
        except BrokenPipeError:
            raise
        except Exception as error:  # told to the person; the renderer lives on
            self._send_result(frame, begin_sec, work, error=_frame_error(error))
            return True
        self._send_result(frame, begin_sec, work, tiles)
        return True

    def _stop(self, may_stop: bool) -> bool:
        return may_stop and self._inbox.has_newer_frame

    def _models(self, request: RenderRequest) -> dict[str, Model] | None:
        """The models of a request; None while one of them is still being loaded.

        Raises:
            _LoadFailed: one of them cannot be loaded.
        """
        models = {}
        for source in dict.fromkeys(view.model for view in request.views):
            model = self._store.get(source)
            if model is not None:
                models[source] = model
            elif (error := self._loader.need(source)) is not None:
                raise _LoadFailed(error)
            else:
                return None
        return models

    def _tile(self, rendered: RenderedView, num_views: int) -> Tile:
        picture = rendered.picture
        return Tile(
            name=rendered.view.name,
            ref=self._ring.write(picture.pixels, num_views),
            model=rendered.model.info,
            layers=rendered.layers,
            stats=picture.stats,
            num_shown_channels=picture.num_shown_channels,
            base_channel=picture.base_channel,
        )

    def _send_result(
        self,
        frame: RenderFrame,
        begin_sec: float,
        work: Work,
        tiles: tuple[Tile, ...] = (),
        error: ErrorInfo | None = None,
    ) -> None:
        self._num_finished += 1
        result = RenderResult(
            stamp=frame.stamp,
            request=frame.request,
            tiles=tiles,
            error=error,
            render_ms=(time.perf_counter() - begin_sec) * 1000,
            stage_ms=tuple(work.stage_ms.items()),
            synthesis_runs=work.synthesis_runs,
            device=self._device,
            memory_bytes=psutil.Process().memory_info().rss,
            num_finished=self._num_finished,
        )
        self._channel.send(result)

    def _start_job(self, message: StartJob) -> None:
        if isinstance(message.job, LoadModel):
            self._loader.start(message.job_id, message.job.source)

    def _cancel_job(self, job_id: int) -> None:
        self._loader.cancel(job_id)

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_SEC)
            if self._inbox.has_frame_work or self._loader.is_busy:
                self._channel.send(Heartbeat())


class _LoadFailed(RenderError):
    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.message)
        self.error = error


def _frame_error(error: Exception) -> ErrorInfo:
    return error.error if isinstance(error, _LoadFailed) else error_info(error, "rendering")


def main(arguments: list[str]) -> None:
    """Serve the window at the other end of the standard pipes; `arguments` is one JSON object."""
    options = json.loads(arguments[0])
    _end_with_the_window(int(options["parent_pid"]))
    faulthandler.enable()  # a crash leaves its place in the window's details
    channel = _take_standard_pipes()
    memory = SharedMemory.from_handle(options["memory"])
    with contextlib.suppress(BrokenPipeError):
        Worker(channel, memory, options["device"]).run()
    os._exit(0)


def _end_with_the_window(parent_pid: int) -> None:
    """The end of the pipe tells a running process; the kernel also ends a stopped one (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the window
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(0)


def _take_standard_pipes() -> Channel:
    """Keep the pipes for messages; whatever prints goes to the standard error instead."""
    read_fd, write_fd = os.dup(0), os.dup(1)
    null_fd = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null_fd, 0)
    os.close(null_fd)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (read_fd, write_fd):
            msvcrt.setmode(fd, os.O_BINARY)
    return Channel(read_fd, write_fd)
