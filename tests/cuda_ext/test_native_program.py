"""The kernels in a program of their own, under the sanitisers of the compiler."""

import os
import platform
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "cuda_ext" / "csrc"
COMMON = (
    *("conv_cpu.cpp", "cpu.cpp", "filter_pairs.cpp", "filtered_lrelu_cpu.cpp"),
    *("fourier_cpu.cpp", "threads.cpp"),
)
AVX512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]
X86 = {"avx2": ["-mavx2", "-mfma"], "avx512bf16": [*AVX512, "-mavx512bf16"]}
SANITISERS = {"memory": "address,undefined", "threads": "thread"}


def compile_program(compiler: str, sanitiser: str, folder: Path) -> Path:
    """The test program with the kernels of every instruction set of this kind of machine."""
    flags = ["-std=c++17", "-O1", "-g", f"-fsanitize={sanitiser}", "-fno-sanitize-recover=all"]
    # races are the same with every instruction set
    every = sanitiser != "thread" and platform.machine() in ("x86_64", "AMD64")
    variants = X86 if every else {}
    defines = [f"-DLOUPE_HAS_{name.upper()}" for name in variants]
    units = [(SOURCES / name, defines) for name in COMMON]
    units += [(HERE / "native" / "kernel_test.cpp", []), (SOURCES / "isa" / "baseline.cpp", [])]
    units += [(SOURCES / "isa" / f"{name}.cpp", extra) for name, extra in variants.items()]

    def build(unit: tuple[Path, list[str]]) -> Path:
        source, extra = unit
        to = folder / f"{source.stem}.o"
        run([compiler, *flags, *extra, "-c", str(source), "-o", str(to)])
        return to

    with ThreadPoolExecutor(2) as pool:
        objects = [str(path) for path in pool.map(build, units)]
    program = folder / "kernel_test"
    run([compiler, f"-fsanitize={sanitiser}", *objects, "-o", str(program), "-pthread"])
    return program


def run(command: list[str], **options: object) -> subprocess.CompletedProcess:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done


def works(compiler: str, sanitiser: str, folder: Path) -> bool:
    """Whether a program of one line can be built with the sanitiser and runs."""
    source, program = folder / "one.cpp", folder / "one"
    source.write_text("int main() { return 0; }\n")
    command = [compiler, f"-fsanitize={sanitiser}", str(source), "-o", str(program), "-pthread"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return False
    return subprocess.run([program], capture_output=True, check=False).returncode == 0


def write_cases(cases: list[dict], file: Path) -> None:
    """Golden cases in the order of `read_case` of the program."""
    chosen = [pack_case(case) for case in cases if suits(case)]
    assert len(chosen) >= 8
    file.write_bytes(np.int32(len(chosen)).tobytes() + b"".join(chosen))


def suits(case: dict) -> bool:
    """The folded kernels and the general one both know these slopes."""
    return 0 <= case.get("slope", 0.2) <= 1


def pack_case(case: dict) -> bytes:
    x, y = case["x"], case["y"]
    padding = case.get("padding", 0)
    padding = [padding] * 4 if isinstance(padding, int) else list(padding)
    up, down = case.get("up", 1), case.get("down", 1)
    fu, fd = (correlation_taps(case[name], case) for name in ("fu", "fd"))
    numbers = [*x.shape, *y.shape[2:], up, down, padding[0], padding[2] if len(padding) > 2 else 0]
    for f in (fu, fd):
        numbers += [f.shape[0], f.shape[-1], int(f.ndim == 1)]
    numbers.append(int(case["b"] is not None))
    clamp = case.get("clamp")
    scalars = [
        case.get("gain", 2**0.5) * up**2,
        case.get("slope", 0.2),
        -1 if clamp is None else clamp,
    ]
    arrays = [x.permute(0, 2, 3, 1), fu, fd, *([case["b"]] if case["b"] is not None else [])]
    arrays.append(y.permute(0, 2, 3, 1))
    parts = [np.array(numbers, np.int32).tobytes(), np.array(scalars, np.float32).tobytes()]
    return b"".join(parts + [a.float().contiguous().numpy().tobytes() for a in arrays])


def correlation_taps(f: torch.Tensor | None, case: dict) -> torch.Tensor:
    if f is None:
        return torch.ones(1)
    return f if case.get("flip_filter", False) else f.flip(list(range(f.ndim)))


@pytest.mark.timeout(1200)  # a compiler for minutes, where others share the machine
@pytest.mark.parametrize("kind", SANITISERS)
def test_kernels_are_clean(kind: str, tmp_path: Path, all_golden_cases: list[dict]) -> None:
    sanitiser = SANITISERS[kind]
    candidates = [os.environ.get("CXX", ""), "g++", "clang++"]
    compilers = [name for name in candidates if name and shutil.which(name)]
    compiler = next((name for name in compilers if works(name, sanitiser, tmp_path)), None)
    if compiler is None:
        pytest.skip(f"no compiler here builds with -fsanitize={sanitiser}")
    program = compile_program(compiler, sanitiser, tmp_path)
    write_cases(all_golden_cases, tmp_path / "cases")
    done = run([str(program), str(tmp_path / "cases")])
    assert "all equal" in done.stdout
