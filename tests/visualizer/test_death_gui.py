"""Processes that die or freeze under a real window."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from imgui_bundle import imgui

pytestmark = [
    pytest.mark.gui,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
NUM_KILLS = 3  # `make bench ARGS=window` does 20
LIMIT_SEC = 60.0


def drag_and(robot: Any, act: Callable[[], None]) -> int:
    """Drag on the picture, act in the middle of it; returns the frames drawn after that."""
    counts: list[int] = []

    def body(ui: Any) -> None:
        x, y = robot.window.viewport.picture.center
        ui.mouse_move_to_pos(imgui.ImVec2(x, y))
        ui.mouse_down(0)
        for step in range(1, 21):
            if step == 6:
                act()
                counts.append(robot.window.num_frames)
            ui.mouse_move_to_pos(imgui.ImVec2(x + 5 * step, y + 2 * step))
        counts.append(robot.window.num_frames)
        ui.mouse_up(0)

    robot.do(body)
    return counts[1] - counts[0]


def kill(robot: Any, number: int = signal.SIGKILL) -> None:
    os.kill(robot.app.status.pid, number)


def test_killing_the_renderer_during_a_drag_loses_nothing(robot: Any) -> None:
    first = robot.settle()
    for _ in range(NUM_KILLS):
        restarts = robot.app.status.num_restarts
        drawn = drag_and(robot, lambda: kill(robot))
        assert drawn >= 15, "the window stopped drawing"
        state = robot.app.state
        robot.wait(lambda n=restarts: robot.app.status.num_restarts > n, "the restart")
        robot.frame()
        assert "killed" in robot.app.notices.last_text
        moved = robot.settle()
        assert robot.app.state == state
        assert not np.array_equal(moved, first)
        robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
        assert np.array_equal(robot.settle(), first)
        robot.press(imgui.Key.mod_ctrl | imgui.Key.mod_shift | imgui.Key.z)
        assert np.array_equal(robot.settle(), moved)
        robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
        robot.settle()


def test_a_frozen_renderer_is_noticed_and_replaced(robot: Any) -> None:
    first = robot.settle()
    restarts = robot.app.status.num_restarts
    drag_and(robot, lambda: kill(robot, signal.SIGSTOP))
    robot.wait(lambda: robot.app.status.num_restarts > restarts, "the restart")
    robot.frame()
    assert "not answered" in robot.app.notices.last_text
    assert not np.array_equal(robot.settle(), first)


def test_after_three_deaths_the_window_waits_for_retry(robot: Any) -> None:
    first = robot.settle()
    robot.type_value("//Controls/Latent/##seed", 5)
    robot.settle()

    def die() -> bool:
        status = robot.app.renderer.status
        if status.pid and status.state != "given up":
            kill_quietly(status.pid)
        return bool(status.state == "given up")

    robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
    robot.wait(die, "giving up")
    robot.frame()
    robot.wait(lambda: robot.app.notices.visible, "the message")
    robot.frame()
    robot.click("//##notice-renderer/Retry")
    robot.changed_by(lambda: robot.drag_picture(60, 0))
    robot.press(imgui.Key.mod_ctrl | imgui.Key.z)
    assert np.array_equal(robot.settle(), first)


def kill_quietly(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        time.sleep(0)  # it died between the two looks


# --- the window as a process of its own ----------------------------------------------------


def renderer_with_memory(window_pid: int) -> psutil.Process:
    """The renderer of a window, once it has written its first picture into shared memory."""

    def found() -> psutil.Process | None:
        for child in psutil.Process(window_pid).children():
            maps = Path(f"/proc/{child.pid}/maps")
            if not maps.exists() or "latent-loupe" in maps.read_text(errors="replace"):
                return child
        return None

    return wait_for(found, "a renderer with shared memory")


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """What `look` returns once it is true."""
    deadline_sec = time.monotonic() + LIMIT_SEC
    while not (found := look()):
        assert time.monotonic() < deadline_sec, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def shared_files() -> set[str]:
    shared = Path("/dev/shm")
    return {path.name for path in shared.iterdir()} if shared.is_dir() else set()


def test_a_killed_window_leaves_nothing_behind_and_another_one_lives_on(start_window: Any) -> None:
    before = shared_files()
    windows = [start_window(), start_window()]
    renderers = [renderer_with_memory(window.pid) for window in windows]
    windows[0].kill()
    windows[0].wait(timeout=LIMIT_SEC)
    wait_for(lambda: not psutil.pid_exists(renderers[0].pid), "the end of its renderer")
    assert not {name for name in shared_files() - before if "loupe" in name or "psm" in name}
    assert renderers[1].is_running()
    assert windows[1].poll() is None
