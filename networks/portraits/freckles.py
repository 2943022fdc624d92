"""Freckles: one spot in every cell of a grid on the skin, placed by a fixed table."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from networks.portraits.shapes import Frame, cover

_CELL = 0.072  # head units
_TABLE = 32


@lru_cache(maxsize=1)
def _table() -> Tensor:
    """Fixed numbers in 0…1, [3, _TABLE, _TABLE]: where in its cell a spot is, and its size."""
    random = np.random.RandomState(7).rand(3, _TABLE, _TABLE)
    return torch.from_numpy(random.astype(np.float32))


def freckles(face: Frame) -> Tensor:
    """Coverage of the spots everywhere on the face's skin: [N, H, W].

    A spot stays within its cell, so the look-up has no seams.
    """
    return torch.maximum(_layer(face, 0.0), _layer(face, 0.6))


def _layer(face: Frame, turn: float) -> Tensor:
    """One grid of spots, turned by `turn` radians so that two of them show no rows."""
    cos, sin = math.cos(turn), math.sin(turn)
    row = (cos * face.y - sin * face.x) / _CELL
    column = (cos * face.x + sin * face.y) / _CELL + 3.3 * turn
    i, j = torch.floor(row), torch.floor(column)
    index = (i.long() % _TABLE) * _TABLE + j.long() % _TABLE
    across, down, size = _table().to(face.x.device).reshape(3, -1)[:, index]
    radius = (0.06 + 0.12 * size) * _CELL
    reach = 0.46 * _CELL
    x = (column - j - 0.5) * _CELL - (across - 0.5) * 2 * (reach - radius - 0.03 * _CELL)
    y = (row - i - 0.5) * _CELL - (down - 0.5) * 2 * (reach - radius - 0.03 * _CELL)
    return cover(torch.sqrt(x * x + y * y + 1e-9) - radius, face, 0.008)
