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

from renderer.channel import Channel
from renderer.devices import choose_device
from renderer.frames import Frames
from renderer.inbox import Inbox
from renderer.jobs import Jobs
from renderer.loader import Loader
from renderer.messages import (
    DropModel,
    Heartbeat,
    LoadModel,
    ModelsKept,
    SetModelsBudget,
    StartJob,
    WorkerReady,
)
from renderer.models import ModelStore
from renderer.pipeline import Pipeline
from renderer.ring import RingWriter
from renderer.shared_memory import SharedMemory

HEARTBEAT_SEC = 0.5
_PR_SET_PDEATHSIG = 1


class Worker:
    """Everything of the process except its start."""

    def __init__(self, channel: Channel, memory: SharedMemory, device: str | None) -> None:
        choice = choose_device(device)
        self._channel = channel
        self._store = store = ModelStore()
        pipeline = Pipeline(choice.device)
        ring = RingWriter(memory, channel.send)
        self._inbox = Inbox(
            channel, ring.release, self._start_job, self._cancel_job, self._change_models
        )
        self._loader = Loader(store, choice.device, channel.send, self._settle_load)
        self._frames = Frames(
            pipeline,
            store,
            self._loader,
            ring,
            channel.send,
            lambda: self._inbox.has_newer_frame,
            choice.device,
        )
        self._jobs = Jobs(pipeline, store, self._loader, channel.send, self._answer_waiting)
        channel.send(WorkerReady(os.getpid(), choice.device, choice.ladder, choice.kernels))

    def run(self) -> None:
        """Answer frames, then jobs, until the window is gone, which ends the process."""
        self._inbox.start()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        while True:
            frame = self._inbox.next_frame(unless=lambda: self._jobs.has_work)
            if frame is not None:
                self._frames.answer(frame)
            else:
                self._jobs.run_next()

    def _answer_waiting(self) -> None:
        """In the middle of a job: show what the person has just asked for."""
        while self._inbox.has_newer_frame:
            frame = self._inbox.next_frame(unless=lambda: True)
            if frame is None or self._frames.answer(frame):
                return

    def _start_job(self, message: StartJob) -> None:
        if isinstance(message.job, LoadModel):
            self._loader.start(message.job_id, message.job.source, message.job.again)
        else:
            self._jobs.start(message)
            self._inbox.wake()

    def _cancel_job(self, job_id: int) -> None:
        self._loader.cancel(job_id)
        self._jobs.cancel(job_id)
        self._inbox.wake()

    def _change_models(self, message: SetModelsBudget | DropModel) -> None:
        if isinstance(message, DropModel):
            self._store.drop(message.source)
        else:
            self._store.set_budget(message.num_bytes)
        self._tell_models()
        self._inbox.retry_newest()  # a frame also frees what was computed with models that left

    def _tell_models(self) -> None:
        self._channel.send(ModelsKept(self._store.resident(), self._store.budget_bytes))

    def _settle_load(self) -> None:
        self._tell_models()
        self._jobs.retry()
        self._inbox.retry_newest()
        self._inbox.wake()  # for the jobs, when there has been no frame yet

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_SEC)
            if self._inbox.has_frame_work or self._loader.is_busy or self._jobs.is_busy:
                self._channel.send(Heartbeat())


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
