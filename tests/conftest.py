"""Before anything loads torch: the threads of the tests behave like those of the program."""

import os
import sys
from typing import TextIO

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
