"""Fixed waves that turn and shift with the head: strands, curls and freckles are made of them.

Fine texture whose frequency follows the width of a head or the length of its hair would be a
different pattern in every portrait. These waves are the same for everybody, in the frame that
`pose_of` describes, so a generator whose input has them only has to learn where they show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from networks.portraits.shapes import SPAN, Frame, smoothstep, wave
from networks.portraits.traits import Layout

NECK = 0.40  # the head turns about a place this far below the middle, scene units
# Cycles per width and degrees: of the strands' lean, and of the directions of spots.
FAN = ((14.1, 12.0), (15.6, 17.0), (16.8, 7.0), (17.9, 14.0), (18.8, 10.0), (19.5, 18.0))
SPOTS = ((18.0, 8.0), (19.3, 35.0), (17.1, 62.0), (18.8, 95.0), (17.6, 124.0), (19.6, 152.0))


@dataclass(frozen=True)
class Grain:
    """Sums of the waves, each about normal: mean 0, variance 1 where pixels can hold them.

    Attributes:
        fan: [N, H, W], strands that lean outwards on both sides of the head.
        spots: [N, H, W], waves of all directions.
        px: [N, 1, 1], the size of a pixel in widths of the picture.
    """

    fan: Tensor
    spots: Tensor
    px: Tensor

    def ridged(self, waves: Tensor) -> Tensor:
        """A sum of waves with ridges of half its period, as far as pixels can hold them."""
        fade = 1 - smoothstep(2 * FAN[-1][0] * self.px, 0.3, 0.55)
        return waves + 0.6 * fade * (torch.sqrt(waves * waves + 0.1) - 0.87)


@lru_cache(maxsize=1)
def waves() -> tuple[Tensor, Tensor]:
    """Frequencies [3, 6, 2] in cycles per width of the picture and phases [3, 6] in turns.

    Of the strands on the left, those on the right, and spots, in the frame of `pose_of`:
    sin(2π(place · frequency + phase)).
    """
    leaning = [(f, angle) for f, angle in FAN] + [(f, -angle) for f, angle in FAN]
    polar = np.array(leaning + list(SPOTS))
    angle = np.radians(polar[:, 1])
    freqs = polar[:, :1] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    phases = np.random.RandomState(11).rand(3, len(SPOTS))
    return torch.from_numpy(freqs).float().view(3, -1, 2), torch.from_numpy(phases).float()


def grain_of(scene: Frame, who: Layout) -> Grain:
    """The waves at every pixel of the scene."""
    frame = scene.moved(who.shift_x, who.shift_y + NECK).turned(who.roll)
    x, y, px = frame.x / SPAN, frame.y / SPAN, frame.px / SPAN
    freqs, phases = (values.to(x)[..., None, None, None] for values in waves())
    turns = freqs[:, :, 0] * x + freqs[:, :, 1] * y + phases
    each = wave(turns, torch.hypot(freqs[:, :, 0], freqs[:, :, 1]), px)  # [3, 6, N, H, W]
    left, right, spots = each.sum(dim=1) / math.sqrt(each.shape[1] / 2)
    return Grain(torch.lerp(left, right, smoothstep(x, -0.06, 0.06)), spots, px)
