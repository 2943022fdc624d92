"""`loupe doctor`: what this machine offers, and where things are stored."""

from __future__ import annotations

import argparse
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
from renderer.devices import choose_device
from renderer.process import import_path
from renderer.shared_memory import SharedMemory

APP_NAME = "latent-loupe"
GL_LIMIT_SEC = 60
_PACKAGES = ("torch", "numpy", "scipy", "imgui-bundle", "glfw", "PyOpenGL", "pillow", "safetensors")
_START_GLINFO = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); sys.argv[1:] = []; "
    "runpy.run_module('visualizer.glinfo', run_name='__main__')"
)
Section = tuple[str, list[tuple[str, str]]]


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
            ("processor", f"{platform.machine()}, {os.cpu_count()} logical cores"),
            ("torch threads", str(torch.get_num_threads())),
            ("memory", f"{psutil.virtual_memory().total / 2**30:.1f} GB"),
            *((f"GPU {i}", _gpu(i)) for i in range(torch.cuda.device_count())),
        ],
    )
    yield "Devices, best first", list(choose_device().ladder)
    yield "Kernels", list(cuda_ext.kernel_status().items())
    yield "OpenGL", list(_gl_info().items())
    yield "Pictures to the window", [("shared memory", _shared_memory_kind())]
    yield (
        "Folders",
        [
            ("settings", os.environ.get("LOUPE_SETTINGS") or _default_settings_folder()),
            ("pictures", str(Path(platformdirs.user_pictures_dir()) / "Latent Loupe")),
            ("temporary files", tempfile.gettempdir()),
            ("program", str(Path(__file__).resolve().parent.parent)),
        ],
    )


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


def _default_settings_folder() -> str:
    return platformdirs.user_config_dir(APP_NAME, False)


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
