"""One model measured one way, in a process of its own; prints one line of JSON.

`python -m tests.benchmarks.one_model MODEL IMPL PRECISION PICTURE`: IMPL is native or reference
(the environment says which is possible), PRECISION float32 or reduced. The reference's picture is
kept in the file PICTURE (.npy), and the native one is compared with it.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import cuda_ext
from tests.benchmarks import roofline, shares, zoo

TARGET_SEC = 4.0  # of all repeated runs together
MAX_RUNS = 20


def main() -> None:
    name, impl, precision, picture_file = sys.argv[1:5]
    torch.set_grad_enabled(False)
    generator = zoo.build(name)
    z = torch.from_numpy(np.random.RandomState(0).randn(1, generator.z_dim)).float()
    ws = generator.mapping(z)
    before = _peak_mbytes()
    force = precision == "float32"
    generator.reduced_on_cpu = True
    pictures: list[torch.Tensor] = []

    def run() -> None:
        pictures[:] = [generator.synthesis(ws, force_fp32=force)]

    large = impl == "reference" and generator.img_resolution > 256
    first, cpu = _fastest(run, 1)
    best = first
    if not large:
        again, cpu = _fastest(run, int(min(max(TARGET_SEC / first, 1), MAX_RUNS)))
        best = min(first, again)
        with shares.watched() as clock:
            total, _ = _fastest(run, 1)
    result: dict[str, Any] = {
        "ms": best * 1e3,
        "first_ms": first * 1e3,
        "cpu_ms": cpu * 1e3,  # of all threads together: other load counts little
        "peak_mbytes": _peak_mbytes(),
        "frame_mbytes": _peak_mbytes() - before,
        "kernels": cuda_ext.kernel_status()["cpu"],
    }
    if not large:
        conv, filters = clock.seconds["conv"] / total, clock.seconds["filter"] / total
        result["shares"] = {"conv": conv, "filter": filters, "rest": 1 - conv - filters}
    conv_gflops, filter_gflops = zoo.gflops(generator)
    result |= {"conv_gflops": conv_gflops, "filter_gflops": filter_gflops}
    result |= _compare(pictures[0].numpy(), Path(picture_file), impl)
    print(json.dumps(result))


def _fastest(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    """The least seconds of several runs, by the clock and of all threads together."""
    walls, cpus = [], []
    for _ in range(repeats):
        cpu = time.process_time()
        walls.append(roofline.best_of(run, 1))
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def _compare(picture: np.ndarray, file: Path, impl: str) -> dict[str, float]:
    if impl == "reference":
        np.save(file, picture)
        return {}
    if not file.exists():
        return {}
    want = np.load(file).astype(np.float64)
    error = picture.astype(np.float64) - want
    noise = max(float((error**2).mean()), 1e-30)
    return {
        "largest_error": float(np.abs(error).max() / np.abs(want).max()),
        "snr_db": float(10 * np.log10(want.var() / noise)),
    }


def _peak_mbytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
