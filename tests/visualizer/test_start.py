"""Opening and closing the window, on machines where something is missing or broken."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import glfw
import psutil
import pytest
from imgui_bundle import glfw_utils

pytestmark = pytest.mark.gui
LIMIT_SEC = 90.0
CLOSE_WHEN = """
import sys
from imgui_bundle import hello_imgui
from visualizer import app, start

begin_frame = app.App.begin_frame

def close_in_time(self):
    begin_frame(self)
    if {condition}:
        print(*[notice.text for notice in self.notices.visible], sep="\\n", file=sys.stderr)
        hello_imgui.get_runner_params().app_shall_exit = True

app.App.begin_frame = close_in_time
start.open_window(sys.argv[1:])
"""
WITH_PICTURE = CLOSE_WHEN.format(condition="self.shown is not None")
SAY_WHEN_IDLE = """
import sys
from visualizer import app, start

begin_frame = app.App.begin_frame

def say_when_idle(self):
    begin_frame(self)
    if self.shown is not None and self.is_idle:
        print("idle", file=sys.stderr, flush=True)

app.App.begin_frame = say_when_idle
start.open_window(sys.argv[1:])
"""
WHILE_LOADING = CLOSE_WHEN.format(condition="self.models.loading is not None")


def test_without_a_display_one_sentence_names_the_way_out(start_window: Any) -> None:
    window = start_window(DISPLAY="", WAYLAND_DISPLAY="")
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 1
    assert errors.count("\n") == 1
    assert "loupe images" in errors


def test_an_address_of_another_kind_is_refused_in_words(start_window: Any) -> None:
    window = start_window("ftp://example.org/network.pkl")
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 1
    assert "only http:// and https://" in errors


def test_closing_while_a_model_is_loaded_ends_everything(
    start_window: Any, golden: Path, tmp_path: Path
) -> None:
    window = start_window(str(golden / "stylegan3-r-64.pkl"), code=WHILE_LOADING)
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 0, errors
    assert (tmp_path / "own" / "session.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_an_idle_window_and_its_session_is_kept(
    start_window: Any, tmp_path: Path, name: str
) -> None:
    window = start_window(code=SAY_WHEN_IDLE)
    assert window.stderr.readline() == "idle\n"
    renderers = psutil.Process(window.pid).children(recursive=True)
    assert renderers
    window.send_signal(getattr(signal, name))
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 0, errors
    assert set(errors.split()) <= {"idle"}
    assert (tmp_path / "own" / "session.json").exists()
    assert (tmp_path / "own" / "settings.json").exists()
    _, alive = psutil.wait_procs(renderers, timeout=LIMIT_SEC)
    assert not alive


def test_broken_files_are_named_and_the_window_opens(start_window: Any, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "settings.json").write_text("{")
    (folder / "session.json").write_bytes(os.urandom(200))
    (folder / "layout.ini").write_bytes(os.urandom(2000))
    window = start_window(code=WITH_PICTURE)
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 0, errors
    assert "settings.json" in errors
    assert "session.json" in errors


def test_without_a_place_for_settings_the_window_says_so_and_works(
    start_window: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    window = start_window(code=WITH_PICTURE, LOUPE_SETTINGS=str(tmp_path / "file"))
    _, errors = window.communicate(timeout=LIMIT_SEC)
    assert window.returncode == 0, errors
    assert "will not be kept" in errors
    assert "Traceback" not in errors


def test_the_session_comes_back_at_the_next_start(
    start_window: Any, golden: Path, tmp_path: Path
) -> None:
    model = tmp_path / "mine.pkl"
    shutil.copy(golden / "stylegan3-r-64.pkl", model)
    for arguments in ([str(model)], []):
        window = start_window(*arguments, code=WITH_PICTURE)
        _, errors = window.communicate(timeout=LIMIT_SEC)
        assert window.returncode == 0, errors
        assert str(model) in (tmp_path / "own" / "session.json").read_text()


def test_a_tiny_window_and_a_large_one_are_drawn(robot: Any) -> None:
    handle = glfw_utils.glfw_window_hello_imgui()
    size = glfw.get_window_size(handle)
    for width, height in ((120, 90), (1, 1), (2400, 1300), size):
        glfw.set_window_size(handle, width, height)
        robot.wait(lambda w=width: robot.screenshot().shape[1] == w, f"a width of {width}")
    robot.changed_by(lambda: robot.drag_picture(50, 0))
