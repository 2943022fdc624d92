"""Freed memory stays with the window's process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from visualizer.memory import keep_freed_memory
assert keep_freed_memory()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(2**20, np.uint8) for _ in range(8)]
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(min(faults() for _ in range(3)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_memory_freed_and_taken_again_costs_no_page_faults() -> None:
    command = [sys.executable, "-c", FAULTS]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert int(printed) < 100  # of the 2048 pages
