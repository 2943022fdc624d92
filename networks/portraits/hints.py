"""What a fit may be told about latents beforehand: traits as numbers, and where the head is."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from networks.portraits.grain import NECK
from networks.portraits.shapes import SPAN
from networks.portraits.traits import Layout, Style, layout_of, style_of


def traits_of(z: Tensor) -> Tensor:
    """Every trait of layout and style as one row of numbers: [N, 83]."""
    fields = [*_fields(layout_of(z)), *_fields(style_of(z))]
    return torch.cat([field.reshape(len(z), -1) for field in fields], dim=1)


def pose_of(z: Tensor) -> Tensor:
    """Turn and place of the head as a generator's input takes them: cos, sin, x, y [N, 4]."""
    who = layout_of(z)
    rows = [who.roll.cos(), -who.roll.sin(), who.shift_x / SPAN, (who.shift_y + NECK) / SPAN]
    return torch.cat([row.reshape(-1, 1) for row in rows], dim=1)


def _fields(traits: Layout | Style) -> list[Tensor]:
    return [getattr(traits, field.name) for field in dataclasses.fields(traits)]
