"""The filter case by case: every instruction set of this processor against plain torch."""

import argparse
from typing import Any

import torch

import cuda_ext
from cuda_ext import native
from networks.filters import design_lowpass
from tests.benchmarks import roofline
from tests.benchmarks.parts import Parts, table

# name: up, radial, channels, input size, output size
CASES = {
    "up 2, separable": (2, False, 128, 150, 148),
    "up 4, separable": (4, False, 128, 86, 148),
    "up 2, radial": (2, True, 128, 148, 148),
    "up 4, radial": (4, True, 128, 84, 148),
    "pointwise": (1, False, 3, 512, 512),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This benchmark has no options of its own."""


def run(options: argparse.Namespace, parts: Parts) -> None:
    """Measure every case and print the table."""
    del options
    module, reason = native.load()
    if module is None:
        raise SystemExit(f"there is nothing to compare: {reason}")
    peak = parts.get("roofline", roofline.measure)
    rows = [["case", "way", "ms", "x reference", "GFLOP/s", "of the peak", "largest error"]]
    for case in CASES:
        values = parts.get(f"kernel/{case}", lambda case=case: _measure(case, module))
        for way, value in values.items():
            rate = value["gflop"] / value["ms"] * 1e3
            ratio = values["reference"]["ms"] / value["ms"]
            row = [case, way, f"{value['ms']:.2f}", f"{ratio:.1f}", f"{rate:.0f}"]
            rows.append([*row, f"{rate / peak['fma_gflops']:.0%}", f"{value['error']:.1e}"])
    print(table(rows))


def _measure(case: str, module: Any) -> dict[str, dict[str, float]]:
    arguments, gflop = _arguments(case)
    x = arguments.pop("x")

    def call(x: torch.Tensor, impl: str) -> torch.Tensor:
        return cuda_ext.filtered_lrelu(x, **arguments, impl=impl)

    with torch.no_grad():
        want = call(x.contiguous(), "reference")
        plain = x.contiguous()
        seconds = roofline.best_of(lambda: call(plain, "reference"), 3)
        results = {"reference": {"ms": seconds * 1e3, "gflop": gflop, "error": 0.0}}
        active = module.instruction_set()
        for name in module.instruction_sets():
            module.select_instruction_set(name)
            for dtype in (torch.float32, torch.bfloat16):
                y = x.to(dtype)
                error = float((call(y, "native") - want).abs().max() / want.abs().max())
                seconds = roofline.best_of(lambda y=y: call(y, "native"), 10)
                way = f"{name}, {str(dtype).removeprefix('torch.')}"
                results[way] = {"ms": seconds * 1e3, "gflop": gflop, "error": error}
        module.select_instruction_set(active)
    return results


def _arguments(case: str) -> tuple[dict[str, Any], float]:
    """Arguments of filtered_lrelu, and the least arithmetic of the case in GFLOP."""
    up, radial, channels, size, out = CASES[case]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, channels, size, size, generator=generator)
    b = torch.randn(channels, generator=generator)
    arguments: dict[str, Any] = {"x": x.to(memory_format=torch.channels_last), "b": b}
    if up == 1:
        return arguments | {"clamp": 256.0}, 2e-9 * channels * out * out
    total = (out - 1) * 2 + 1 - size * up + 6 * up + 12 - 2
    low = (total + up) // 2
    arguments |= {
        "fu": design_lowpass(6 * up, 8, 4, 64),
        "fd": design_lowpass(12, 8, 4, 64, radial),
        "up": up,
        "down": 2,
        "padding": (low, total - low, low, total - low),
        "clamp": 256.0,
    }
    wide = (out - 1) * 2 + 12
    rise = wide * size * 6 + wide * wide * 6
    fall = out * out * 144 if radial else wide * out * 12 + out * out * 12
    return arguments, 2e-9 * channels * (rise + fall)
