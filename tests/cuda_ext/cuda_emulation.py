"""The CUDA kernels compiled for the host, in place of a GPU."""

import ctypes
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cuda_ext.cuda_case import FOLDER, AnyCase

HERE = Path(__file__).parent
COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = ["-std=c++17", "-O1", "-g0", "-w", "-fPIC", "-shared", "-ffp-contract=off"]


class EmulatedKernel:
    """One case as a host function."""

    def __init__(self, library: Path) -> None:
        self._run: Any = ctypes.CDLL(str(library)).run
        self.launches = 0

    def launch(self, blocks: int, threads: int, stream: int, argument: bytes) -> None:
        """Runs all blocks, one after the other."""
        self.launches += 1
        buffer = ctypes.create_string_buffer(argument, len(argument))
        self._run(buffer, ctypes.c_int(blocks), ctypes.c_int(self.launches))


class EmulatedKernels:
    """Compiles cases with the system compiler when they are asked for."""

    def __init__(self, folder: Path, extra_flags: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._flags = [*FLAGS, *extra_flags]
        self._kernels: dict[AnyCase, EmulatedKernel] = {}
        self.cases: list[AnyCase] = []

    def get(self, case: AnyCase, device: object = None) -> EmulatedKernel:
        """The kernel of a case."""
        if case not in self._kernels:
            self.cases.append(case)
            self._kernels[case] = EmulatedKernel(self._build(case))
        return self._kernels[case]

    def _build(self, case: AnyCase) -> Path:
        text = case.constants()
        if case.kernel == "bias_act":
            text = "#define EMULATE_BIAS_ACT\n" + text
        name = hashlib.sha256(text.encode()).hexdigest()[:20]
        source, library = self._folder / f"{name}.cpp", self._folder / f"{name}.so"
        source.write_text(f'{text}#include "{HERE / "cuda_emulation.cpp"}"\n', encoding="utf-8")
        assert COMPILER is not None
        command = [COMPILER, *self._flags, f"-I{FOLDER}", str(source), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return library


def emulated_kernels(folder: Path) -> EmulatedKernels:
    """A store in `folder`; skips the test where there is no compiler."""
    if COMPILER is None:
        pytest.skip("no C++ compiler found (g++ or clang++): the kernels cannot be emulated")
    return EmulatedKernels(folder)
