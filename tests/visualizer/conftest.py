"""Fixtures of the window's tests: a fake renderer, settings of their own, a virtual display."""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def load_helper(name: str) -> ModuleType:
    """Import a helper that lies beside the tests."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings of the person who runs it."""
    folder = tmp_path / "settings"
    monkeypatch.setenv("LOUPE_SETTINGS", str(folder))
    return folder


@pytest.fixture
def fakes() -> ModuleType:
    return load_helper("fake_renderer")


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A virtual display for all tests."""
    with load_helper("virtual_display").virtual_display() as name:
        yield name


GOLDEN = HERE.parent / "golden"


@pytest.fixture
def golden() -> Path:
    """The folder of small checkpoints."""
    return GOLDEN


@pytest.fixture(scope="session")
def open_robot(
    display: str, tmp_path_factory: pytest.TempPathFactory, real_stderr: TextIO
) -> Iterator[Any]:
    """The one window that the tests share; a test takes it through `robot`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOUPE_SETTINGS", str(tmp_path_factory.mktemp("settings")))
        patch.setenv("LOUPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("no_proxy", "127.0.0.1")
        if display:
            patch.setenv("DISPLAY", display)
        opened = load_helper("robot").Robot()
        faulthandler.disable()  # the test engine has put its own handlers in the way,
        faulthandler.enable(real_stderr)  # and those swallow the stack
        yield opened
        opened.close()


@pytest.fixture
def robot(open_robot: Any) -> Any:
    """A real window with a real renderer, showing the bundled generator, nothing done yet."""
    open_robot.reset()
    return open_robot


@pytest.fixture
def start_window(display: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts `loupe`, or other code, in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, code: str = "", **environment: str) -> subprocess.Popen[str]:
        variables = {**os.environ, "LOUPE_SETTINGS": str(tmp_path / "own"), **environment}
        if display:
            variables["DISPLAY"] = environment.get("DISPLAY", display)
        what = ["-c", code] if code else ["-m", "visualizer"]
        command = [sys.executable, *what, *arguments]
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
