"""Kernels are compiled once, kept on disk, and what cannot be had is said once."""

import logging
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from cuda_ext import cuda_kernels, cuda_nvrtc, dispatch, filtered_lrelu, kernel_status, verify
from cuda_ext.cuda_cache import DiskCache, key_of
from cuda_ext.cuda_case import BiasActCase
from cuda_ext.cuda_kernels import KernelStore
from cuda_ext.cuda_nvrtc import CompileError
from cuda_ext.dispatch import KernelError

CASE, OTHER = BiasActCase(0, False), BiasActCase(1, False)
DEVICE = torch.device("cuda", 0)


class FakeCompiler:
    """Notes what it compiles."""

    name = "FAKE 1.0"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.error: Exception | None = None

    def options(self, capability: int) -> tuple[str, ...]:
        return (f"sm_{capability}",)

    def compile(self, source, headers, options):
        assert "bias_act.h" in headers
        if self.error is not None:
            raise self.error
        self.texts.append(source)
        return f"binary {options[0]} {len(source)}".encode(), ""


class Setting:
    """A store with its surroundings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.compiler = FakeCompiler()
        self.capability = 90
        self.refused = b"nothing"
        self.loaded: list[tuple[Any, ...]] = []

    def store(self) -> KernelStore:
        cache = DiskCache(self.folder)
        return KernelStore(self.compiler, cache, self.load, lambda device: self.capability)

    def load(self, image: bytes, name: str, index: int, shared_bytes: int) -> Any:
        if image == self.refused:
            self.refused = b"nothing"
            raise RuntimeError("no kernel image is available")
        self.loaded.append((image, name, index))
        return object()


@pytest.fixture
def setting(tmp_path) -> Setting:
    return Setting(tmp_path / "cache" / "kernels")


def test_a_kernel_is_compiled_once(setting) -> None:
    store = setting.store()
    assert store.get(CASE, DEVICE) is store.get(CASE, DEVICE)
    store.get(OTHER, DEVICE)
    assert len(setting.compiler.texts) == 2
    assert setting.loaded[0][1:] == ("bias_act", 0)


def test_the_next_start_reads_it_from_disk(setting) -> None:
    setting.store().get(CASE, DEVICE)
    setting.store().get(CASE, DEVICE)
    assert len(setting.compiler.texts) == 1
    assert setting.loaded[0][0] == setting.loaded[1][0]


@pytest.mark.parametrize("change", ["gpu", "compiler", "case"])
def test_another_gpu_compiler_or_text_has_a_binary_of_its_own(setting, change) -> None:
    setting.store().get(CASE, DEVICE)
    if change == "gpu":
        setting.capability = 80
    elif change == "compiler":
        setting.compiler.name = "FAKE 2.0"
    setting.store().get(OTHER if change == "case" else CASE, DEVICE)
    assert len(setting.compiler.texts) == 2


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_file_is_compiled_again(setting, damage) -> None:
    setting.store().get(CASE, DEVICE)
    (path,) = setting.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    setting.store().get(CASE, DEVICE)
    assert len(setting.compiler.texts) == 2
    assert setting.loaded[0] == setting.loaded[1]


def test_a_binary_that_the_driver_refuses_is_compiled_again(setting) -> None:
    setting.store().get(CASE, DEVICE)
    setting.refused = setting.loaded[0][0]
    setting.store().get(CASE, DEVICE)
    assert len(setting.compiler.texts) == 2


def test_a_folder_that_cannot_be_written_is_named_and_kernels_still_come(setting, caplog) -> None:
    setting.folder.parent.mkdir()
    setting.folder.write_text("a file where the folder should be")
    store = setting.store()
    store.get(CASE, DEVICE)
    store.get(OTHER, DEVICE)
    assert len(setting.loaded) == 2
    assert store.cache.problem is not None
    assert str(setting.folder) in store.cache.problem
    assert sum("compiled at each start" in record.message for record in caplog.records) == 1


def test_nothing_half_written_stays_behind(setting, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cuda_ext.cuda_cache.os.replace", fail)
    store = setting.store()
    store.get(CASE, DEVICE)
    assert list(setting.folder.iterdir()) == []
    assert "No space left on device" in str(store.cache.problem)


def test_keys_do_not_run_into_each_other() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


def test_progress_is_told_before_each_compilation(setting) -> None:
    store, told = setting.store(), []
    stop = store.listen(lambda sentence: told.append((sentence, len(setting.compiler.texts))))
    store.get(CASE, DEVICE)
    store.get(CASE, DEVICE)
    stop()
    store.get(OTHER, DEVICE)
    assert told == [("Preparing bias_act for this GPU (sm_90), once: kernel 1", 0)]


def test_a_thread_hears_of_its_own_kernels_only(setting, monkeypatch) -> None:
    store = setting.store()
    monkeypatch.setattr(cuda_kernels, "load", lambda: (store, ""))
    told: list[str] = []
    with cuda_kernels.telling(told.append):
        thread = threading.Thread(target=store.get, args=(CASE, DEVICE))
        thread.start()
        thread.join(30)
        assert told == []
        store.get(OTHER, DEVICE)
    assert len(told) == 1


def test_who_is_told_may_give_up(setting, monkeypatch) -> None:
    store = setting.store()
    monkeypatch.setattr(cuda_kernels, "load", lambda: (store, ""))

    class GivenUp(Exception):
        pass

    def give_up(sentence: str) -> None:
        raise GivenUp

    with pytest.raises(GivenUp), cuda_kernels.telling(give_up):
        store.get(CASE, DEVICE)
    store.get(CASE, DEVICE)
    assert len(setting.compiler.texts) == 1


def test_a_failure_is_one_sentence_and_is_not_tried_again(setting) -> None:
    setting.compiler.error = CompileError("FAKE could not compile a kernel: ERROR\nline 1: wrong")
    store = setting.store()
    for _ in range(2):
        with pytest.raises(KernelError) as caught:
            store.get(CASE, DEVICE)
        assert str(caught.value) == "FAKE could not compile a kernel: ERROR"
        setting.compiler.error = None
    assert setting.compiler.texts == []


def test_threads_that_ask_at_once_share_one_compilation(setting) -> None:
    store, kernels = setting.store(), []
    threads = [
        threading.Thread(target=lambda: kernels.append(store.get(CASE, DEVICE))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(kernels) == 8
    assert len(set(map(id, kernels))) == 1
    assert len(setting.compiler.texts) == 1


def test_a_failed_compilation_leaves_the_operator_to_plain_torch(setting, monkeypatch, caplog):
    setting.compiler.error = CompileError("FAKE could not compile a kernel: ERROR\nthe log")
    store = setting.store()
    monkeypatch.setattr(dispatch, "_disabled", {})
    monkeypatch.setattr(dispatch, "_load", lambda device: (store, ""))
    module = sys.modules["cuda_ext.filtered_lrelu"]
    monkeypatch.setattr(module, "backend_of", lambda x: sys.modules["cuda_ext.cuda"])
    x, taps = torch.randn(1, 2, 8, 8), torch.ones(4)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            got = filtered_lrelu(x, taps, taps, up=2, down=2, padding=4)
    assert torch.equal(got, filtered_lrelu(x, taps, taps, None, 2, 2, 4, impl="reference"))
    sentences = [r.message for r in caplog.records if "native kernels are off" in r.message]
    assert sentences == [
        "native kernels are off on cpu: FAKE could not compile a kernel: ERROR"
    ]  # "cpu": the tensors of this test are there
    assert "FAKE could not compile" in kernel_status()["cpu"]
    with pytest.raises(RuntimeError, match="FAKE could not compile"):
        filtered_lrelu(x, taps, taps, up=2, down=2, padding=4, impl="native")


def test_a_machine_without_a_driver_says_so() -> None:
    if cuda_nvrtc.load_nvrtc()[0] is None:
        pytest.skip(cuda_nvrtc.load_nvrtc()[1])
    if torch.cuda.is_available():
        pytest.skip("there is a driver here")
    store, reason = cuda_kernels._open()
    assert store is None
    assert reason.startswith("NVIDIA's driver could not be opened")


def test_missing_bindings_are_named(monkeypatch) -> None:
    def fail(name):
        raise ImportError("no compiler was there")

    monkeypatch.setattr(cuda_nvrtc.importlib, "import_module", fail)
    module, reason = cuda_nvrtc.load_module.__wrapped__()
    assert module is None
    assert "no compiler was there" in reason


USE_THE_FAKE_DRIVER = """
import struct, sys
import torch
from cuda_ext import _cuda

assert _cuda.open_driver(sys.argv[1]) == 12040
kernel = _cuda.Kernel(b"good binary", "add", 0, 50000)
x, y = torch.arange(5.0), torch.zeros(5)
kernel.launch(2, 3, 77, struct.pack("<2Qif", x.data_ptr(), y.data_ptr(), 5, 2.5))
assert torch.equal(y, x + 2.5), y
for make, words in (
    (lambda: _cuda.Kernel(b"bad", "add", 0, 0), "cuModuleLoadData: fake error 200"),
    (lambda: _cuda.Kernel(b"good", "sub", 0, 0), "cuModuleGetFunction: fake error 500"),
    (lambda: _cuda.Kernel(b"good", "add", 2, 0), "cuDeviceGet: fake error 101"),
    (lambda: kernel.launch(1, 1, 78, b"0" * 24), "cuLaunchKernel: fake error 400"),
    (lambda: _cuda.open_driver("/nowhere/libcuda.so"), "/nowhere/libcuda.so"),
):
    try:
        make()
    except RuntimeError as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)
"""


def test_the_bindings_call_the_driver_as_they_should(tmp_path) -> None:
    """In a process of its own: a driver stays open to the end."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None or cuda_nvrtc.load_module()[0] is None:
        pytest.skip("no C++ compiler, or the CUDA bindings are not built")
    library = tmp_path / "libcuda.so"
    source = Path(__file__).parent / "fake_driver.cpp"
    command = [compiler, "-shared", "-fPIC", "-O1", str(source), "-o", str(library)]
    subprocess.run(command, check=True, timeout=60)
    assert struct.calcsize("<2Qif") == 24
    code = [sys.executable, "-c", USE_THE_FAKE_DRIVER, str(library)]
    subprocess.run(code, check=True, timeout=60, cwd=Path(__file__).parents[2])


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_kernels_of_this_gpu_agree_with_the_reference() -> None:
    assert kernel_status()["cuda"].startswith("native"), kernel_status()
    assert verify("cuda") is None
