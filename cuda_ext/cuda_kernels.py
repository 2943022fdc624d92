"""Kernels for the GPU at hand: compiled when first needed, kept in memory and on disk."""

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

import torch

from cuda_ext.cuda import Kernel
from cuda_ext.cuda_cache import DiskCache, default_folder, key_of
from cuda_ext.cuda_case import AnyCase, headers, source_of
from cuda_ext.cuda_nvrtc import CompileError, load_module, load_nvrtc
from cuda_ext.dispatch import KernelError

logger = logging.getLogger(__name__)

MakeKernel = Callable[[bytes, str, int, int], Kernel]
"""From a binary, the kernel's name, the device's number and its shared memory in bytes."""

Progress = Callable[[str], None]


class Compiler(Protocol):
    """What compiles: `cuda_nvrtc.Nvrtc`, or a stand-in of a test."""

    @property
    def name(self) -> str:
        """Name and version."""

    def options(self, capability: int) -> tuple[str, ...]:
        """For a GPU of a compute capability."""

    def compile(
        self, source: str, headers: dict[str, str], options: tuple[str, ...]
    ) -> tuple[bytes, str]:
        """Binary and log."""


class KernelStore:
    """Gives each kernel once per device; safe to use from several threads."""

    def __init__(
        self,
        compiler: Compiler,
        cache: DiskCache,
        make_kernel: MakeKernel,
        capability_of: Callable[[torch.device], int],
    ) -> None:
        self.compiler, self.cache = compiler, cache
        self._make_kernel, self._capability_of = make_kernel, capability_of
        self._kernels: dict[tuple[AnyCase, int], Kernel] = {}
        self._failures: dict[tuple[AnyCase, int], str] = {}
        self._lock = threading.Lock()
        self._listeners: list[Progress] = []
        self.num_compiled = 0

    def listen(self, progress: Progress) -> Callable[[], None]:
        """Calls `progress` with a sentence before a kernel is compiled; returns how to stop."""
        self._listeners.append(progress)
        return functools.partial(self._listeners.remove, progress)

    def get(self, case: AnyCase, device: torch.device) -> Kernel:
        """The kernel of a case.

        Raises:
            KernelError: it cannot be compiled or loaded.
        """
        key = case, _index(device)
        kernel = self._kernels.get(key)
        if kernel is not None:
            return kernel
        with self._lock:
            if key not in self._kernels:
                self._kernels[key] = self._make(key, device)
            return self._kernels[key]

    def _make(self, key: tuple[AnyCase, int], device: torch.device) -> Kernel:
        if key in self._failures:
            raise KernelError(self._failures[key])
        case, index = key
        try:
            return self._load(case, index, self._capability_of(device))
        except (CompileError, RuntimeError) as error:
            sentence, _, log = str(error).partition("\n")
            logger.debug("%s", log)
            self._failures[key] = sentence
            raise KernelError(sentence) from error

    def _load(self, case: AnyCase, index: int, capability: int) -> Kernel:
        options = self.compiler.options(capability)
        source, texts = source_of(case), headers()
        file = key_of(source, *texts.values(), *options, self.compiler.name)
        image = self.cache.read(file)
        if image is not None:
            try:
                return self._make_kernel(image, case.kernel, index, case.shared_bytes)
            except RuntimeError as error:
                logger.warning("a kept kernel could not be loaded (%s): compiled again", error)
        self._announce(case, capability)
        image, _ = self.compiler.compile(source, texts, options)
        kernel = self._make_kernel(image, case.kernel, index, case.shared_bytes)
        self.cache.write(file, image)
        return kernel

    def _announce(self, case: AnyCase, capability: int) -> None:
        self.num_compiled += 1
        sentence = (
            f"Preparing {case.kernel} for this GPU (sm_{capability}), once: "
            f"kernel {self.num_compiled}"
        )
        logger.info(sentence)
        for progress in list(self._listeners):
            progress(sentence)


@functools.cache
def load() -> tuple[KernelStore | None, str]:
    """The store of this process (None when kernels cannot be had) and the reason."""
    store, reason = _open()
    if store is None:
        logger.warning("CUDA kernels are not available: %s; plain torch is used", reason)
    return store, reason


@contextlib.contextmanager
def telling(progress: Progress) -> Iterator[None]:
    """While this lasts, `progress` gets a sentence before this thread compiles a kernel.

    What `progress` raises leaves the operator that needs the kernel.
    """
    store, _ = load()
    owner = threading.get_ident()

    def tell(sentence: str) -> None:
        if threading.get_ident() == owner:
            progress(sentence)

    stop = store.listen(tell) if store is not None else None
    try:
        yield
    finally:
        if stop is not None:
            stop()


def describe() -> str:
    """What compiles, and a problem with the folder of compiled kernels if there is one."""
    store, reason = load()
    if store is None:
        return reason
    problem = store.cache.problem
    return store.compiler.name + (f"; {problem}" if problem else "")


def _open() -> tuple[KernelStore | None, str]:
    module, reason = load_module()
    if module is None:
        return None, reason
    nvrtc, reason = load_nvrtc()
    if nvrtc is None:
        return None, reason
    try:
        module.open_driver("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except RuntimeError as error:
        return None, f"NVIDIA's driver could not be opened ({error})"
    return KernelStore(nvrtc, DiskCache(default_folder()), module.Kernel, _capability), ""


def _capability(device: torch.device) -> int:
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor


def _index(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    return torch.cuda.current_device() if device.index is None else device.index
