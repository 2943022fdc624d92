"""One life of the renderer process, as the window sees it: pipes, memory, and how it ended."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from renderer.channel import Channel
from renderer.environment import compute_environment
from renderer.messages import ReleaseSlot, RenderFrame
from renderer.shared_memory import SharedMemory

# The import path of this process, not the current folder: a stray random.py must not matter.
BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from renderer.worker import main; main(sys.argv[2:])"
)
_WINDOWS_REASONS = {
    0xC0000005: "it crashed (access violation)",
    0xC0000017: "it ran out of memory",
    0xC00000FD: "it crashed (stack overflow)",
    0xC0000409: "it crashed (stack buffer overrun)",
}
_SIGNAL_REASONS = {
    "SIGSEGV": "it crashed (segmentation fault)",
    "SIGBUS": "it crashed (bus error)",
    "SIGILL": "it crashed (a processor instruction this machine lacks)",
    "SIGFPE": "it crashed (arithmetic error)",
    "SIGABRT": "it crashed (aborted)",
    "SIGKILL": "it was killed",
    "SIGTERM": "it was ended from outside",
}


class WorkerProcess:
    """A running renderer. `send` never blocks; `receive` does."""

    def __init__(self, device: str | None = None) -> None:
        """Start the process.

        Raises:
            OSError: the system refuses (no memory, no process, no descriptor).
        """
        self._oom_kills = _count_oom_kills()
        self.memory = SharedMemory.create()
        try:
            self._popen = self._start(device)
        except OSError:
            self.memory.close()
            raise
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._channel = Channel(self._popen.stdout.fileno(), self._popen.stdin.fileno())
        self._stderr_tail: collections.deque[str] = collections.deque(maxlen=40)
        self._outbox: list[object] = []
        self._outbox_changed = threading.Condition()
        self._is_writing = False  # a message that has left the outbox, other than a released slot
        self._threads = [
            threading.Thread(target=run, name=f"renderer-{run.__name__}", daemon=True)
            for run in (self._write_messages, self._read_stderr)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def details(self) -> str:
        """The last lines it wrote to its standard error."""
        return "".join(self._stderr_tail)

    def send(self, message: object) -> None:
        """Write a message if the pipe has room, else queue it; a frame replaces a queued one.

        The thread that writes the queue would wait for this interpreter, which a window that is
        being built holds for milliseconds. Released slots can wait, and what comes after them
        need not wait for them: waking the renderer for them alone would cost the window time.
        """
        with self._outbox_changed:
            waiting = [m for m in self._outbox if not isinstance(m, ReleaseSlot)]
            is_next = not waiting and not self._is_writing and not isinstance(message, ReleaseSlot)
            if is_next and self._sent_at_once(message):
                return
            if isinstance(message, RenderFrame):
                self._outbox = [m for m in self._outbox if not isinstance(m, RenderFrame)]
            self._outbox.append(message)
            self._outbox_changed.notify()

    def receive(self) -> object | None:
        """The next message; None when the process is gone."""
        return self._channel.receive()

    def kill(self) -> None:
        """End it now. It holds nothing that would be lost."""
        with contextlib.suppress(OSError):
            self._popen.kill()

    def wait(self) -> str:
        """Reap it, free what belongs to it, and say in words why it ended."""
        self.kill_if_running(grace_sec=2.0)
        returncode = self._popen.wait()
        with self._outbox_changed:
            self._outbox = [None]
            self._outbox_changed.notify()
        for thread in self._threads:
            thread.join(timeout=2.0)
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.memory.close()
        return exit_reason(returncode, _count_oom_kills() > self._oom_kills)

    def kill_if_running(self, grace_sec: float) -> None:
        """Its pipe is shut, so it is ending; do not wait for ever."""
        try:
            self._popen.wait(grace_sec)
        except subprocess.TimeoutExpired:
            self.kill()

    def _start(self, device: str | None) -> subprocess.Popen[bytes]:
        options = {"memory": self.memory.handle, "device": device, "parent_pid": os.getpid()}
        command = [sys.executable, "-c", BOOTSTRAP, json.dumps(import_path())]
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            [*command, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=compute_environment(),
            pass_fds=self.memory.inherited_fds,
            creationflags=flags,
        )

    def _sent_at_once(self, message: object) -> bool:
        try:
            return self._channel.send_at_once(message)
        except OSError:
            return True  # nobody is there to read it, as `_write_messages` says

    def _write_messages(self) -> None:
        while True:
            with self._outbox_changed:
                self._is_writing = False
                self._outbox_changed.wait_for(lambda: self._outbox)
                message = self._outbox.pop(0)
                self._is_writing = not isinstance(message, ReleaseSlot)
            if message is None:
                return
            try:
                self._channel.send(message)
            except OSError:
                return  # the reading side notices the same and acts on it

    def _read_stderr(self) -> None:
        assert self._popen.stderr is not None
        rest = b""
        while True:
            try:
                part = os.read(self._popen.stderr.fileno(), 4096)
            except OSError:
                return
            if not part:
                return
            *lines, rest = (rest + part).split(b"\n")
            self._stderr_tail.extend(line.decode("utf-8", "replace") + "\n" for line in lines)


def exit_reason(returncode: int, out_of_memory: bool = False) -> str:
    """Why a process ended, in words that follow 'the renderer stopped: '."""
    if returncode < 0:
        name = _signal_name(-returncode)
        if name == "SIGKILL" and out_of_memory:
            return "the system killed it because memory ran out"
        return f"{_SIGNAL_REASONS.get(name, 'it ended')} ({name})"
    if returncode == 0:
        return "it ended by itself"
    unsigned = returncode & 0xFFFFFFFF
    return _WINDOWS_REASONS.get(unsigned, f"it failed (exit code {returncode})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _count_oom_kills() -> int:
    """Processes that this system killed for want of memory so far; 0 where it does not say."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if "oom_kill " in line), 0)


def import_path() -> list[str]:
    """For a child process: ours, absolute, this program first."""
    root = str(Path(__file__).resolve().parent.parent)
    return [root, *(os.path.abspath(entry) for entry in sys.path if entry)]
