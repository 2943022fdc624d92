"""`loupe doctor`: what this machine offers, and where things are stored."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import platformdirs
import psutil
import torch

import cuda_ext
from renderer.devices import choose_device, whole_ladder
from renderer.kernel_check import check_kernels
from renderer.process import import_path
from renderer.shared_memory import SharedMemory

APP_NAME = "latent-loupe"
GL_LIMIT_SEC = 60
_PACKAGES = ("torch", "numpy", "scipy", "imgui-bundle", "glfw", "PyOpenGL", "pillow", "safetensors")
_START_GLINFO = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); sys.argv[1:] = []; "
    "runpy.run_module('visualizer.glinfo', run_name='__main__')"
)
LITTLE_MEMORY_BYTES = 4 << 30
Lines = list[tuple[str, str]]
Section = tuple[str, Lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(
        prog="loupe doctor",
        description="Say what this machine offers: devices, kernels, OpenGL, folders.",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    report = list(sections())
    if options.json:
        print(json.dumps({title: dict(lines) for title, lines in report}, indent=1))
    else:
        print("\n\n".join(_format(section) for section in report))
    return 0


def sections() -> Iterator[Section]:
    """Titles, each with its (name, value) lines."""
    yield (
        "Program",
        [
            ("latent-loupe", _version(APP_NAME)),
            ("Python", f"{platform.python_version()} ({sys.executable})"),
            ("system", platform.platform()),
        ],
    )
    yield "Libraries", [(name, _version(name)) for name in _PACKAGES]
    yield (
        "Machine",
        [
            ("processor", f"{_processor()}, {os.cpu_count()} logical cores"),
            ("instruction set", torch.backends.cpu.get_cpu_capability()),
            ("torch threads", str(torch.get_num_threads())),
            ("memory", f"{psutil.virtual_memory().total / 2**30:.1f} GB"),
            *((f"GPU {i}", _gpu(i)) for i in range(torch.cuda.device_count())),
        ],
    )
    ladder = whole_ladder()
    chosen = choose_device().device
    yield (
        "Devices, best first",
        [(name, f"{what}, chosen" if name == chosen else what) for name, what in ladder],
    )
    kernels = cuda_ext.kernel_status()
    checks = [line for device in kernels for line in check_kernels(device)]
    yield "Kernels", [*kernels.items(), *checks]
    gl_info = _gl_info()
    yield "OpenGL", list(gl_info.items())
    yield "Pictures to the window", [("shared memory", _shared_memory_kind())]
    folders = _folders()
    yield "Folders", [(name, _describe_folder(path)) for name, path in folders.items()]
    yield "What this machine lacks", list(_lacks(chosen, checks, gl_info, folders))


def _lacks(
    chosen: str, checks: Lines, gl_info: dict[str, str], folders: dict[str, Path]
) -> Iterator[tuple[str, str]]:
    """(what is missing, what that means); one line where nothing is."""
    found = []
    if chosen == "cpu":
        found.append(("a GPU", "everything runs on the processor, large models slowly"))
    if any(not line.startswith("right") for _, line in checks):
        found.append(("some native kernels", "plain torch stands in for them; see Kernels"))
    if "error" in gl_info:
        found.append(("OpenGL", "no window here; the commands work all the same"))
    elif any(name in gl_info.get("renderer", "").lower() for name in ("llvmpipe", "softpipe")):
        found.append(("an OpenGL driver for its GPU", "the window is drawn by the processor"))
    if psutil.virtual_memory().total < LITTLE_MEMORY_BYTES:
        found.append(("memory", "models of 1024² pixels may not fit"))
    for name, path in folders.items():
        if name != "program" and not _is_writable(path):
            found.append((f"a writable folder for {name}", f"{path} cannot be written to"))
    yield from found or [("nothing", "everything that the program can use is there")]


def _folders() -> dict[str, Path]:
    settings = os.environ.get("LOUPE_SETTINGS") or platformdirs.user_config_dir(APP_NAME, False)
    caches = os.environ.get("LOUPE_CACHE") or platformdirs.user_cache_dir(APP_NAME, False)
    return {
        "settings": Path(settings),
        "pictures": Path(platformdirs.user_pictures_dir()) / "Latent Loupe",
        "caches": Path(caches),
        "temporary files": Path(tempfile.gettempdir()),
        "program": Path(__file__).resolve().parent.parent,
    }


def _describe_folder(path: Path) -> str:
    if path.exists():
        return str(path)
    return f"{path} (made when needed)"


def _is_writable(path: Path) -> bool:
    """The folder, or the nearest one above it that exists, takes new files."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK)


def _format(section: Section) -> str:
    title, lines = section
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in lines)])


def _gl_info() -> dict[str, str]:
    """Asked from a child process: a broken driver may end it without harm."""
    command = [sys.executable, "-c", _START_GLINFO, json.dumps(import_path())]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GL_LIMIT_SEC, check=False
        )
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        return {str(key): str(value) for key, value in answer.items()}
    except subprocess.TimeoutExpired:
        return {"error": f"the driver did not answer within {GL_LIMIT_SEC} seconds"}
    except (OSError, ValueError, IndexError, AttributeError) as error:
        return {"error": f"it could not be asked ({type(error).__name__}: {error})"}


def _shared_memory_kind() -> str:
    try:
        memory = SharedMemory.create()
    except OSError as error:
        return f"none: {error}"
    kind = memory.kind
    memory.close()
    return kind


def _processor() -> str:
    """Its name where the system tells it, else its kind."""
    with contextlib.suppress(OSError, IndexError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        names = [line for line in text.splitlines() if line.startswith("model name")]
        return names[0].split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _gpu(index: int) -> str:
    properties = torch.cuda.get_device_properties(index)
    return f"{properties.name}, {properties.total_memory / 2**30:.1f} GB"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main())
