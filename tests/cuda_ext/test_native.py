"""The compiled module: missing, broken or switched off, and what it does to other threads."""

import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import pytest
import torch

from cuda_ext import ConvWeight, filtered_lrelu, modulated_conv2d, native

ROOT = Path(__file__).resolve().parent.parent.parent
USE = """
import sys, torch, cuda_ext
{prepare}
y = cuda_ext.filtered_lrelu(torch.ones(1, 2, 4, 4), gain=1)
assert torch.equal(y, torch.ones(1, 2, 4, 4))
print(cuda_ext.kernel_status()["cpu"])
"""


def status_in_a_process(prepare: str = "", **environment: str) -> tuple[str, str]:
    """What `kernel_status` says of the CPU in a fresh process, and what was logged."""
    done = subprocess.run(
        [sys.executable, "-c", USE.format(prepare=prepare)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr


def needs_module() -> object:
    module, reason = native.load()
    if module is None:
        pytest.skip(reason)
    return module


def test_the_status_names_instruction_set_threads_and_difference() -> None:
    module = needs_module()
    text, logged = status_in_a_process("torch.set_num_threads(1)")
    assert text.startswith(f"native: {module.instruction_sets()[0]} of ")
    assert ", 1 " in text
    assert "of plain torch" in text
    assert not logged


def test_kernels_can_be_switched_off() -> None:
    text, logged = status_in_a_process(LOUPE_NATIVE="0")
    assert text == "reference (plain torch): they are switched off by LOUPE_NATIVE=0"
    assert "switched off" in logged


@pytest.mark.parametrize("content", [b"", b"not a library", b"\x7fELF" + bytes(100)])
def test_a_broken_module_is_reported_and_the_reference_runs(tmp_path: Path, content: bytes) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    (tmp_path / f"_native{suffix}").write_bytes(content)
    text, logged = status_in_a_process(f"cuda_ext.__path__.insert(0, {str(tmp_path)!r})")
    assert text.startswith("reference (plain torch): the compiled module could not be imported")
    assert logged.count("native kernels are not available") == 1


def test_an_install_without_compiler_succeeds_and_says_so(tmp_path: Path) -> None:
    pytest.importorskip("pybind11")
    shutil.copy(ROOT / "setup.py", tmp_path)
    shutil.copytree(ROOT / "cuda_ext", tmp_path / "cuda_ext", ignore=shutil.ignore_patterns("*.so"))
    done = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--build-lib", str(tmp_path / "lib")],
        cwd=tmp_path,
        env=os.environ | {"CC": "/nonexistent/cc", "CXX": "/nonexistent/c++"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'building extension "cuda_ext._native" failed' in done.stdout + done.stderr
    assert not list((tmp_path / "lib").rglob("*.so"))


def test_other_python_threads_run_during_a_kernel() -> None:
    """A thread that only counts gets turns, which it would not if the lock were held."""
    needs_module()
    x = torch.randn(1, 128, 256, 256).to(memory_format=torch.channels_last)
    taps, conv = torch.ones(12) / 12, ConvWeight(torch.randn(128, 128, 3, 3))
    for work in (
        lambda: filtered_lrelu(x, taps, taps, up=2, down=2, padding=11, impl="native"),
        lambda: modulated_conv2d(x, conv, padding=1),
    ):
        with torch.inference_mode():
            work()
        done = threading.Event()

        def run(work=work, done=done) -> None:
            with torch.inference_mode():
                work()
            done.set()

        thread = threading.Thread(target=run)
        thread.start()
        turns = 0
        while not done.wait(0.001):
            turns += 1
        thread.join()
        assert turns >= 3


def test_the_number_of_threads_is_that_of_torch(monkeypatch) -> None:
    module = needs_module()
    asked = []

    class Spy:
        def filtered_lrelu(self, *arguments):
            asked.append(arguments[-2])
            return module.filtered_lrelu(*arguments)

    monkeypatch.setattr(native, "load", lambda: (Spy(), ""))
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            filtered_lrelu(torch.ones(1, 2, 4, 4), torch.ones(2), up=2, padding=1)
    finally:
        torch.set_num_threads(before)
    assert asked == [1, 3]


def run_script(script: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


FEW_THREADS = """
import resource, torch, cuda_ext
x = torch.randn(1, 32, 40, 40).to(memory_format=torch.channels_last)
f = torch.ones(12) / 12
torch.set_num_threads(1)
want = cuda_ext.filtered_lrelu(x, f, f, up=2, down=2, padding=11)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = size + (4 << 20)  # no room for the stack of a thread
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
torch.set_num_threads(5)
got = cuda_ext.filtered_lrelu(x, f, f, up=2, down=2, padding=11)
torch.set_num_threads(1)
print(torch.equal(got, want), cuda_ext.native.load()[0].thread_runtime())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_system_that_gives_no_threads_gets_its_result_from_one() -> None:
    needs_module()
    done = run_script(FEW_THREADS, OMP_WAIT_POLICY="passive")
    assert done.stdout == "True own threads\n", done.stderr


AT_WORK = """
import threading
from cuda_ext import native
module, started = native.load()[0], threading.Event()
def work():
    while True:
        started.set()
        module.fma_rate(20_000_000)
threading.Thread(target=work, daemon=True).start()
started.wait(30)
"""


def test_a_daemon_thread_at_work_does_not_spoil_the_end_of_the_program() -> None:
    needs_module()
    done = run_script(AT_WORK)
    assert done.returncode == 0, done.stderr
