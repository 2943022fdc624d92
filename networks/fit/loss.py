"""How far a picture is from the exact one: values and edges, at several scales."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

SOFTNESS = 0.02  # differences below it count like squares, above it like absolute values
LEVELS = 4  # each of half the resolution of the one before


def charbonnier(difference: Tensor) -> Tensor:
    """Mean of sqrt(d² + softness²) − softness: a smooth absolute value."""
    return (difference.square() + SOFTNESS**2).sqrt().mean() - SOFTNESS


def picture_loss(made: Tensor, exact: Tensor, gradient_weight: float) -> Tensor:
    """Both [N, 3, H, W] → a scalar.

    Coarse scales say where things are when fine detail does not match yet; differences between
    neighbours keep edges sharp, which values alone would trade for smoothness.
    """
    difference = made - exact
    total = charbonnier(difference)
    for level in range(LEVELS):
        if level > 0:
            if min(difference.shape[2:]) < 4:
                break
            difference = F.avg_pool2d(difference, 2)
            total = total + charbonnier(difference)
        if level < 2 and gradient_weight > 0:
            across = difference[..., 1:] - difference[..., :-1]
            down = difference[..., 1:, :] - difference[..., :-1, :]
            total = total + gradient_weight * (charbonnier(across) + charbonnier(down))
    return total
