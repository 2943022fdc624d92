"""What this machine can do at most, measured in the same run as the models."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from cuda_ext import native

FMA_ROUNDS = 4_000_000


def best_of(run: Callable[[], object], repeats: int) -> float:
    """Shortest time in seconds of `repeats` runs."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure() -> dict[str, float]:
    """Peaks with torch's number of threads: GFLOP/s from registers and in products, GB/s copied."""
    return {
        "threads": torch.get_num_threads(),
        "fma_gflops": _fma_peak(),
        "float32_product_gflops": _product_peak(torch.float32),
        "bfloat16_product_gflops": _product_peak(torch.bfloat16),
        "copy_gbytes": _copy_peak(),
    }


def _fma_peak() -> float:
    module, _ = native.load()
    if module is None:
        return 0.0
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        count = torch.get_num_threads()
        rates = [
            sum(pool.map(module.fma_rate, [FMA_ROUNDS] * count)) for _ in range(5)
        ]  # the native call releases the interpreter lock
    return 2e-9 * max(rates)


def _product_peak(dtype: torch.dtype) -> float:
    a = torch.randn(4096, 1024).to(dtype)
    b = torch.randn(1024, 1024).to(dtype)
    return 2e-9 * 4096 * 1024 * 1024 / best_of(lambda: a @ b, 8)


def _copy_peak() -> float:
    a = torch.zeros(32 << 20)
    b = torch.empty_like(a)
    return 2e-9 * a.nbytes / best_of(lambda: b.copy_(a), 8)
