"""The life of the renderer as the window sees it: death, freezing, giving up, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from renderer import process
from renderer.messages import JobDone, LatentSpec, LoadModel, RenderRequest, RenderResult, View
from renderer.ring import RingReader

MODEL = str(Path(__file__).parent.parent / "golden" / "stylegan3-r-64.pkl")
ROOT = Path(__file__).parent.parent.parent
NUM_KILLS = 20
posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def seed_view(seed: int) -> View:
    return View(model=MODEL, latents=LatentSpec(seeds=((seed, 1.0),)))


def ready_pid(client: Any) -> int:
    pid: int = client.wait_for(
        lambda: client.status.state in ("ready", "busy") and client.status.pid
    )
    return pid


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def shared_memory_names() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def kill_next(client: Any, pid: int) -> int:
    """Kill the renderer that follows `pid`, while it starts or later; returns its pid."""
    num_restarts = client.status.num_restarts
    pid = client.wait_for(lambda: client.status.pid != pid and client.status.pid)
    os.kill(pid, signal.SIGKILL)
    client.wait_for(lambda: client.status.num_restarts == num_restarts + 1)
    return pid


@posix_only
def test_the_right_picture_returns_after_every_kill(client: Any) -> None:
    """Killed in turn while it renders and while it starts."""
    want = client.picture(seed_view(7))
    pids = [0]
    while len(pids) <= NUM_KILLS:
        ready_pid(client)
        client.submit(RenderRequest((seed_view(1000 + len(pids)),)))  # work is under way
        stamp = client.submit(RenderRequest((seed_view(7),)))
        pids.append(kill_next(client, 0))
        pids.append(kill_next(client, pids[-1]))
        result = client.wait_for_event(
            lambda e, s=stamp: isinstance(e, RenderResult) and e.stamp == s
        )
        assert result.request == RenderRequest((seed_view(7),))
        assert np.array_equal(client.pixels(result.tiles[0]), want)
        client.release_all(result)
    assert len(set(pids)) == NUM_KILLS + 1
    assert client.status.num_restarts == NUM_KILLS
    assert client.status.reason == "The renderer stopped: it was killed (SIGKILL)."


@posix_only
def test_a_frozen_renderer_is_noticed_while_work_is_pending(waiting_client: Any) -> None:
    client = waiting_client(device="cpu", freeze_limit_sec=1.5)
    try:
        want = client.picture(seed_view(7))
        os.kill(ready_pid(client), signal.SIGSTOP)
        assert np.array_equal(client.picture(seed_view(7)), want)
        assert "had not answered" in client.status.reason
        assert client.status.num_restarts == 1
    finally:
        client.close()


def test_what_cannot_be_taken_costs_a_restart_not_the_window(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError(12, "Cannot allocate memory")]
    really_open = RingReader.open

    def open_once_refused(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        really_open(*arguments)

    monkeypatch.setattr(RingReader, "open", open_once_refused)
    assert client.picture(seed_view(7)).shape == (64, 64, 3)
    assert client.status.num_restarts == 1
    assert "Cannot allocate memory" in client.status.reason


def test_a_device_that_is_chosen_while_a_renderer_starts_is_used(
    waiting_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices: list[str | None] = []
    constructed = threading.Event()

    class Process:
        """Lives until it is killed; the device changes before its start has returned."""

        pid, details = 1, ""

        def __init__(self, device: str | None) -> None:
            devices.append(device)
            self.killed = threading.Event()
            if len(devices) == 1:
                assert constructed.wait(60)
                client.use_device("second")

        def send(self, _message: object) -> None: ...

        def receive(self) -> None:
            assert self.killed.wait(60)

        def kill(self) -> None:
            self.killed.set()

        def wait(self) -> str:
            return "it was killed"

    monkeypatch.setattr("renderer.client.WorkerProcess", Process)
    client = waiting_client(device="first")
    constructed.set()
    try:
        client.wait_for(lambda: len(devices) == 2)
        assert devices == ["first", "second"]
        assert "another device" in client.status.reason
    finally:
        client.close()


@posix_only
def test_pictures_outlive_their_renderer(client: Any) -> None:
    result = client.render(RenderRequest((seed_view(1),)))
    before = client.pixels(result.tiles[0]).copy()
    os.kill(ready_pid(client), signal.SIGKILL)
    other = client.picture(seed_view(2))
    assert np.array_equal(client.pixels(result.tiles[0]), before)
    client.release_all(result)  # a slot of the dead one: the living one ignores it
    assert np.array_equal(client.picture(seed_view(2)), other)


@posix_only
def test_a_job_that_dies_with_the_renderer_says_so(client: Any) -> None:
    client.picture(seed_view(1))
    pid = ready_pid(client)
    os.kill(pid, signal.SIGSTOP)
    job_id = client.start_job(LoadModel(MODEL))
    os.kill(pid, signal.SIGKILL)
    done = client.wait_for_event(lambda e: isinstance(e, JobDone) and e.job_id == job_id)
    assert "killed" in done.error.message
    assert "try again" in done.error.message
    job_id = client.start_job(LoadModel(MODEL))
    done = client.wait_for_event(lambda e: isinstance(e, JobDone) and e.job_id == job_id)
    assert done.outcome is not None


@posix_only
@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("import sys; sys.stderr.write('why it died\\n'); sys.exit(3)", r"exit code 3"),
        ("import os; os.abort()", "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
    ],
)
def test_it_gives_up_after_three_deaths_and_retries_when_told(
    waiting_client: Any, monkeypatch: pytest.MonkeyPatch, death: str, words: str
) -> None:
    monkeypatch.setattr(process, "BOOTSTRAP", death)
    woken = []
    client = waiting_client(device="cpu", on_event=lambda: woken.append(1))
    try:
        client.submit(RenderRequest((seed_view(1),)))
        client.wait_for(lambda: client.status.state == "given up")
        assert words in client.status.reason
        assert client.status.num_restarts == 2
        assert len(woken) == 3
        if "3" in words:
            assert client.status.details == "why it died\n"
            monkeypatch.undo()
            client.retry()
            result = client.wait_for_event(lambda e: isinstance(e, RenderResult))
            assert result.tiles
    finally:
        client.close()


@pytest.mark.skipif(sys.platform == "darwin", reason="there the second device may exist")
def test_another_device_goes_on_with_the_same_request(client: Any) -> None:
    """A device that is not here leads down the ladder, with the reason in the status."""
    want = client.picture(seed_view(7))
    for num_changes in (1, 2):
        client.use_device("mps" if num_changes % 2 else "cpu")
        result = client.wait_for_event(lambda e: isinstance(e, RenderResult))
        assert np.array_equal(client.pixels(result.tiles[0]), want)
        client.release_all(result)
        assert client.status.num_restarts == num_changes
        ladder = dict(client.status.ladder)
        assert ladder["mps"] == ("no Apple GPU here" if num_changes % 2 else "not asked for")
        assert ladder["cpu"] == "chosen"
    assert client.status.reason.endswith("it starts again on another device.")


def test_a_message_that_is_none_ends_that_renderer_only(
    waiting_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = "import sys, time; sys.stdout.write('x' * 64); sys.stdout.flush(); time.sleep(60)"
    monkeypatch.setattr(process, "BOOTSTRAP", nonsense)
    client = waiting_client(device="cpu")
    try:
        client.wait_for(lambda: client.status.num_restarts == 1)
    finally:
        monkeypatch.undo()
        client.close()


def test_close_leaves_no_process(waiting_client: Any) -> None:
    client = waiting_client(device="cpu")
    client.picture(seed_view(1))
    pid = ready_pid(client)
    client.close()
    assert is_gone(pid)
    assert client.status.state == "closed"
    client = waiting_client(device="cpu")  # and at once, while it starts
    client.close()
    assert not [child for child in psutil.Process().children() if child.pid == client.status.pid]


WINDOW = """
    import sys
    from renderer.client import RendererClient
    from renderer.messages import RenderRequest, View

    client = RendererClient(device="cpu")
    client.submit(RenderRequest((View(model=sys.argv[1]),)))
    while client.latest_result is None:
        pass
    assert "torch" not in sys.modules
    print(client.status.pid, flush=True)
    number = 0
    while True:
        number += 1
        client.poll()
        client.submit(RenderRequest((View(model=sys.argv[1], name=str(number)),)))
"""


@posix_only
@pytest.mark.parametrize("victims", ["window", "both", "window of a frozen renderer"])
def test_nothing_stays_behind_when_the_window_is_killed(victims: str) -> None:
    if "frozen" in victims and sys.platform != "linux":
        pytest.skip("only Linux ends a stopped child with its parent")
    names = shared_memory_names()
    command = [sys.executable, "-c", textwrap.dedent(WINDOW), MODEL]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        pid = int(window.stdout.readline())
        worker = psutil.Process(pid)
        if "frozen" in victims:
            worker.suspend()
        window.kill()
        if victims == "both":
            worker.kill()
    psutil.wait_procs([worker], timeout=30)
    assert is_gone(pid)
    assert shared_memory_names() == names


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no memfd")
def test_without_memfd_the_ring_is_a_file_without_a_name(
    waiting_client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_args: object) -> int:
        raise OSError("no memfd here")

    monkeypatch.setattr(os, "memfd_create", refuse)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = waiting_client(device="cpu")
    try:
        assert client.picture(seed_view(1)).shape == (64, 64, 3)
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        assert str(tmp_path) in maps  # really on that file
        assert list(tmp_path.iterdir()) == []
    finally:
        client.close()


def test_exit_reasons_are_words() -> None:
    assert "memory ran out" in process.exit_reason(-9, out_of_memory=True)
    assert process.exit_reason(-9) == "it was killed (SIGKILL)"
    assert "segmentation fault" in process.exit_reason(-11)
    assert "access violation" in process.exit_reason(0xC0000005)
    assert process.exit_reason(1) == "it failed (exit code 1)"
    assert process.exit_reason(0) == "it ended by itself"
