"""A virtual display of its own, ended by the one who started it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def virtual_display(size: str = "2560x1440", dpi: int = 96) -> Iterator[str]:
    """Start Xvfb on a free number; the name of the display, or "" where there is no X."""
    if not sys.platform.startswith("linux"):
        yield ""
        return
    assert shutil.which("Xvfb"), "Xvfb is missing: make test installs it"
    read_fd, write_fd = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{size}x24"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset"], pass_fds=[write_fd], stderr=subprocess.DEVNULL
    )
    os.close(write_fd)
    try:
        with os.fdopen(read_fd) as pipe:
            number = pipe.readline().strip()  # comes when the server is ready
        assert number, "Xvfb did not start"
        if dpi != 96:
            set_dpi(f":{number}", dpi)
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def set_dpi(display: str, dpi: int) -> None:
    """Write `Xft.dpi` into the resources of a display, where desktops say how large letters are."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    assert connection, f"no display {display}"
    root = ctypes.c_ulong(x11.XDefaultRootWindow(connection))
    name = ctypes.c_ulong(x11.XInternAtom(connection, b"RESOURCE_MANAGER", 0))
    text, string_type = f"Xft.dpi:\t{dpi}\n".encode(), ctypes.c_ulong(31)
    x11.XChangeProperty(connection, root, name, string_type, 8, 0, text, len(text))
    x11.XCloseDisplay(connection)
