"""A virtual display of its own, ended by the one who started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def virtual_display(size: str = "2560x1440") -> Iterator[str]:
    """Start Xvfb on a free number; the name of the display, or "" where there is no X."""
    if not sys.platform.startswith("linux"):
        yield ""
        return
    assert shutil.which("Xvfb"), "Xvfb is missing: make test installs it"
    read_fd, write_fd = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{size}x24"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp"], pass_fds=[write_fd], stderr=subprocess.DEVNULL
    )
    os.close(write_fd)
    try:
        with os.fdopen(read_fd) as pipe:
            number = pipe.readline().strip()  # comes when the server is ready
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(timeout=20)
