"""The bundled generators against their source: python -m tests.benchmarks.bench_portraits FILE…

Prints, for every file, what `networks.fit.evaluate` measures, amplitude-normalised equivariance
and the time of a picture through mapping and synthesis.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import torch
from torch import Tensor

from networks import Generator, load_generator
from networks.fit.evaluate import evaluate
from networks.fit.sheet import held_out_z
from networks.fit.source import Source, load_source
from renderer import equivariance

NUM_MOVED = 24  # pictures per figure, each with its own transform
MAX_SHIFT = 0.125  # widths, as in the paper
TIMED = 30


def run(argv: list[str] | None = None) -> None:
    """Measure the files named in the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--source", default="networks.portraits")
    parser.add_argument("--num", type=int, default=200, help="held-out seeds")
    parser.add_argument("--exact", type=int, default=[], nargs="*", help="resolutions: the source")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args(argv)
    source = load_source(options.source)
    results: dict[str, dict[str, float]] = {}
    for path in options.files:
        generator = load_generator(path)
        with torch.inference_mode():
            figures = evaluate(generator, source, options.num)
            figures |= moved(generator) | {"ms_per_picture": milliseconds(generator)}
        results[path.name] = figures
        print(f"{path.name}: {generator.num_parameters} parameters")
        for name, value in figures.items():
            print(f"  {name:26} {value:8.3f}")
    for resolution in options.exact:
        figures = moved(Exact(source, resolution))
        results[f"exact-{resolution}"] = figures
        print(f"the source itself at {resolution}: {figures}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


class Exact:
    """The source as a generator: what its own pictures get, drawn where they were moved to."""

    def __init__(self, source: Source, resolution: int) -> None:
        self._source, self.z_dim, self.img_resolution = source, source.z_dim, resolution

    def mapping(self, z: Tensor) -> Tensor:
        """z itself."""
        return z

    def synthesis(self, z: Tensor, input_transform: Tensor | None = None) -> Tensor:
        """The exact pictures."""
        size = self.img_resolution
        return self._source.draw(z, size, z_style=z, transform=input_transform)


def moved(generator: Generator | Exact) -> dict[str, float]:
    """Amplitude-normalised EQ-T (whole pixels and fractional) and EQ-R in dB."""
    rng = torch.Generator().manual_seed(0)
    values: dict[str, list[float]] = {"eq_t_db": [], "eq_t_frac_db": [], "eq_r_db": []}
    for z in held_out_z(NUM_MOVED, generator.z_dim).split(1):
        ws = generator.mapping(z)
        still = generator.synthesis(ws)
        tx, ty, turn = ((torch.rand(3, generator=rng) * 2 - 1) * MAX_SHIFT).tolist()
        angle = turn / MAX_SHIFT * math.pi
        size = generator.img_resolution
        whole = (round(tx * size) / size, round(ty * size) / size)
        made = generator.synthesis(ws, input_transform=_shift(*whole))
        reference, mask = equivariance.integer_translation(still, *whole)
        values["eq_t_db"].append(_error(reference, made, mask))
        made = generator.synthesis(ws, input_transform=_shift(tx, ty))
        reference, mask = equivariance.fractional_translation(still, tx, ty)
        values["eq_t_frac_db"].append(_error(reference, made, mask))
        made = generator.synthesis(ws, input_transform=_rotation(angle))
        reference, mask = equivariance.fractional_rotation(still, angle)
        made, made_mask = equivariance.fractional_pseudo_rotation(made, angle)
        values["eq_r_db"].append(_error(reference, made, mask * made_mask))
    # Mean of the error powers, as the paper averages before it takes the logarithm.
    powers = {
        name: sum(10 ** (-value / 10) for value in found) / len(found)
        for name, found in values.items()
    }
    return {name: -10 * math.log10(p) if p > 0 else math.inf for name, p in powers.items()}


def _error(reference: Tensor, made: Tensor, mask: Tensor) -> float:
    return equivariance.normalized_db(reference, made, mask)


def _shift(tx: float, ty: float) -> Tensor:
    return torch.tensor([[1.0, 0.0, tx], [0.0, 1.0, ty], [0.0, 0.0, 1.0]])


def _rotation(angle: float) -> Tensor:
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])


def milliseconds(generator: Generator) -> float:
    """Median time of one picture from z on, without transfer or display."""
    z = held_out_z(1, generator.z_dim)
    times = []
    for _ in range(TIMED):
        start = time.perf_counter()
        generator(z)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1000


if __name__ == "__main__":
    run()
