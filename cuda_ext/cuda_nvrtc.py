"""NVIDIA's run-time compiler, as torch's CUDA packages bring it: found, opened, used.

Neither a CUDA toolkit nor a GPU is needed to compile.
"""

import functools
import importlib
import importlib.util
import os
import re
from pathlib import Path
from typing import Any

import torch

API_VERSION = 1
"""Rises with every change of `csrc/cuda/host/module.cpp`, so that a stale build is noticed."""

_OLDEST = 70  # the first generation that keeps a kernel's argument in constant memory
_OPTIONS = ("--std=c++17", "--diag-suppress=128")  # 128: a loop of no rounds in a template
_SYSTEM_NAMES = ("libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12")
_PATTERNS = ("*/lib/libnvrtc.so*", "*/bin/nvrtc64_*.dll", "*/bin/*/nvrtc64_*.dll")


class CompileError(RuntimeError):
    """A kernel could not be compiled; the first line is for the person, the rest is the log."""


class Nvrtc:
    """The compiler, opened."""

    def __init__(self, module: Any, path: str) -> None:
        self._module = module
        self.version: tuple[int, int] = module.open_nvrtc(path)
        self._architectures: list[int] = sorted(module.architectures())

    @property
    def name(self) -> str:
        """Name and version."""
        return "NVRTC {}.{}".format(*self.version)

    def options(self, capability: int) -> tuple[str, ...]:
        """For a GPU of a compute capability such as 75 or 90.

        A GPU that is younger than this compiler gets intermediate code, which its driver
        finishes.

        Raises:
            CompileError: the GPU is too old.
        """
        known = [number for number in self._architectures if _OLDEST <= number <= capability]
        if not known:
            oldest = min((n for n in self._architectures if n >= _OLDEST), default=_OLDEST)
            raise CompileError(
                f"{self.name} compiles for GPUs of compute capability {oldest / 10} and later, "
                f"this one has {capability / 10}"
            )
        kind = "sm" if capability in known else "compute"
        return (*_OPTIONS, f"--gpu-architecture={kind}_{known[-1]}")

    def compile(
        self, source: str, headers: dict[str, str], options: tuple[str, ...]
    ) -> tuple[bytes, str]:
        """A binary (or intermediate code) and the compiler's log.

        Raises:
            CompileError: the text is wrong, or the compiler failed.
        """
        intermediate = any("=compute_" in option for option in options)
        try:
            image, log = self._module.compile(source, headers, list(options), intermediate)
        except RuntimeError as error:
            raise CompileError(f"{self.name} could not compile a kernel: {error}") from error
        return image, log


@functools.cache
def load_module() -> tuple[Any, str]:
    """The compiled bindings (None when missing) and why they are missing."""
    try:
        module: Any = importlib.import_module("cuda_ext._cuda")
    except ImportError as error:
        return None, f"the compiled CUDA bindings could not be imported ({error})"
    found = getattr(module, "API_VERSION", None)
    if found != API_VERSION:
        return None, f"the CUDA bindings are of version {found}, not {API_VERSION}: install again"
    return module, ""


@functools.cache
def load_nvrtc() -> tuple[Nvrtc | None, str]:
    """The compiler (None when missing) and why it is missing."""
    module, reason = load_module()
    if module is None:
        return None, reason
    problems = []
    for path in candidates():
        try:
            return Nvrtc(module, path), ""
        except RuntimeError as error:
            problems.append(str(error))
    last = f" ({problems[0]})" if problems else ""
    return None, f"NVIDIA's run-time compiler NVRTC was not found{last}"


def candidates() -> list[str]:
    """Paths and names under which the compiler may be found, best first."""
    found = []
    for folder in _nvidia_folders():
        found += [path for pattern in _PATTERNS for path in folder.glob(pattern)]
    torch_lib = Path(torch.__file__).parent / "lib"
    found += [*torch_lib.glob("libnvrtc*.so*"), *torch_lib.glob("nvrtc64_*.dll")]
    paths = [path for path in found if not re.search(r"builtins|\.alt\.", path.name)]
    # a binary of torch's own CUDA version is what this machine's driver surely loads
    wanted = (torch.version.cuda or "").split(".")[0]
    paths.sort(key=lambda path: wanted == "" or not _is_version(path.name, wanted))
    names = [str(path) for path in paths]
    if os.name == "nt":
        toolkit = os.environ.get("CUDA_PATH")
        return (
            names + [str(p) for p in Path(toolkit).glob("bin/nvrtc64_*.dll")] if toolkit else names
        )
    return names + list(_SYSTEM_NAMES)


def _is_version(name: str, major: str) -> bool:
    return re.search(rf"\.so\.{major}(\.|$)|nvrtc64_{major}\d_", name) is not None


def _nvidia_folders() -> list[Path]:
    spec = importlib.util.find_spec("nvidia")
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
