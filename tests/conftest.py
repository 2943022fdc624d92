"""Before anything loads torch: the threads of the tests behave like those of the program."""

import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from renderer.environment import DEFAULTS

os.environ.setdefault("OMP_WAIT_POLICY", DEFAULTS["OMP_WAIT_POLICY"])

REAL_STDERR = pytest.StashKey[TextIO]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep what stderr was before anything is captured: stacks of crashes go there."""
    assert sys.__stderr__ is not None
    config.stash[REAL_STDERR] = open(os.dup(sys.__stderr__.fileno()), "w")  # noqa: SIM115


@pytest.fixture(scope="session")
def real_stderr(pytestconfig: pytest.Config) -> TextIO:
    return pytestconfig.stash[REAL_STDERR]


@pytest.fixture
def file_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A web server on this machine, and a folder of the test's own for what it downloads."""
    monkeypatch.setenv("LOUPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    path = Path(__file__).with_name("file_server.py")
    names = runpy.run_path(str(path), run_name="file_server")
    with names["running_server"]() as server:
        yield server
