"""The difference of two views as a picture, from raw values. Never runs the network."""

from __future__ import annotations

import torch

from renderer.display import Picture, to_uint8
from renderer.messages import DifferenceSpec, Stats
from renderer.stages import Stages
from renderer.viridis import colored


def difference(a: Stages, b: Stages, spec: DifferenceSpec) -> Picture | None:
    """a − b of the shown channels; None where the layers differ in size.

    The statistics are of the raw difference; its root mean square stands for its deviation.
    """
    values_a, values_b = a.shown_values(), b.shown_values()
    if values_a.shape[1:] != values_b.shape[1:]:
        return None
    count = min(len(values_a), len(values_b))
    with a.work.stage("difference"):
        delta = values_a[:count] - values_b[:count]
        pixels = _picture(delta, spec).cpu().contiguous().numpy()
        mean, rms = float(delta.mean()), float(delta.double().square().mean().sqrt())
        top = float(delta.abs().max())
    stats = Stats((mean, mean), (rms, rms), (top, top))
    return Picture(pixels, stats, count, a.shown_channels()[0])


def _picture(delta: torch.Tensor, spec: DifferenceSpec) -> torch.Tensor:
    """uint8 [H, W, C]: signed about grey, or from black; or the mean over channels in viridis."""
    delta = delta * (10 ** (spec.gain_db / 20))
    if spec.kind == "absolute":
        delta = delta.abs()
    elif spec.kind == "squared":
        delta = delta.square()
    if not spec.in_colors:
        return to_uint8(delta if spec.kind == "signed" else delta * 2 - 1)
    level = delta.mean(dim=0)
    if spec.kind == "signed":
        level = (level + 1) / 2
    return colored(level)
