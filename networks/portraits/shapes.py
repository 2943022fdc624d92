"""Distance fields, coverage and waves: the vocabulary every part of a portrait is drawn with.

Distances are in the units of the frame they are measured in, negative inside. Coverage turns a
distance into an alpha that is smooth across about one pixel, so drawing is antialiased
analytically: no supersampling, no textures from files.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

SPAN = 1.88  # scene units across the picture
EDGE_SOFTNESS = 0.012  # scene units; keeps painted edges soft however fine the pixels are


@dataclass(frozen=True)
class Frame:
    """Where every pixel lies in one part's own coordinates.

    Attributes:
        x: [N, H, W], to the right.
        y: [N, H, W], downwards.
        px: [N, 1, 1], the size of a pixel in this frame's units.
    """

    x: Tensor
    y: Tensor
    px: Tensor

    def moved(self, dx: Tensor | float, dy: Tensor | float) -> "Frame":
        """The frame of something that stands at (dx, dy) of this one."""
        return replace(self, x=self.x - dx, y=self.y - dy)

    def turned(self, angle: Tensor) -> "Frame":
        """The frame of something that is rotated by `angle` radians (clockwise on the screen)."""
        cos, sin = torch.cos(angle), torch.sin(angle)
        return replace(self, x=cos * self.x + sin * self.y, y=cos * self.y - sin * self.x)

    def scaled(self, scale: Tensor) -> "Frame":
        """The frame of something that is drawn `scale` times as large."""
        return Frame(self.x / scale, self.y / scale, self.px / scale)

    def mirrored(self, side: float) -> "Frame":
        """The frame with x pointing away from the middle on the given side (-1 or 1)."""
        return replace(self, x=self.x * side)


def canvas_frame(resolution: int, inverse: Tensor) -> Frame:
    """The scene's coordinates of the pixel centres: the picture spans SPAN, 0 in its middle.

    Args:
        resolution: pixels along one side.
        inverse: [N, 3, 3], from a point of the picture to the point drawn there, in widths of
            the picture from its centre.
    """
    steps = (torch.arange(resolution, device=inverse.device) + 0.5) / resolution - 0.5
    steps = steps.to(inverse.dtype)
    across, down = steps[None, None, :], steps[None, :, None]
    row_x, row_y = inverse[:, 0, :, None, None], inverse[:, 1, :, None, None]
    x = row_x[:, 0] * across + row_x[:, 1] * down + row_x[:, 2]
    y = row_y[:, 0] * across + row_y[:, 1] * down + row_y[:, 2]
    area = torch.linalg.det(inverse[:, :2, :2]).abs().clamp_min(1e-8)
    return Frame(SPAN * x, SPAN * y, (SPAN / resolution) * area.sqrt()[:, None, None])


def smoothstep(x: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, with no kink between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def cover(distance: Tensor, frame: Frame, soft: float = EDGE_SOFTNESS) -> Tensor:
    """Alpha of the shape whose signed distance is given: 1 inside, 0 outside, 0.5 on its edge."""
    width = torch.sqrt((1.3 * frame.px) ** 2 + soft**2)
    return smoothstep(-distance / width, -0.5, 0.5)


def glow(distance: Tensor, reach: float | Tensor) -> Tensor:
    """1 inside a shape, falling softly to 0 at about `reach` outside it."""
    return torch.exp(-((distance.clamp_min(0) / reach) ** 2))


def blob(x: Tensor, y: Tensor, width: float | Tensor, height: float | Tensor) -> Tensor:
    """A soft round spot: 1 in its middle, e^-1 at the given half axes."""
    return torch.exp(-((x / width) ** 2) - (y / height) ** 2)


def ellipse(x: Tensor, y: Tensor, width: float | Tensor, height: float | Tensor) -> Tensor:
    """Signed distance (first order) to an ellipse with the given half axes."""
    u, v = x / width, y / height
    radius = torch.sqrt(u * u + v * v + 1e-6)
    slope = torch.sqrt((u / width) ** 2 + (v / height) ** 2 + 1e-6)
    return radius * (radius - 1) / slope


def round_box(
    x: Tensor,
    y: Tensor,
    width: float | Tensor,
    height: float | Tensor,
    corner: float | Tensor,
) -> Tensor:
    """Signed distance to a rectangle of the given half sides with rounded corners."""
    qx, qy = x.abs() - width + corner, y.abs() - height + corner
    outside = torch.sqrt(qx.clamp_min(0) ** 2 + qy.clamp_min(0) ** 2 + 1e-8)
    return outside + torch.maximum(qx, qy).clamp_max(0) - corner


def segment(x: Tensor, y: Tensor, to_x: Tensor | float, to_y: Tensor | float) -> Tensor:
    """Distance to the straight line from the origin to (to_x, to_y)."""
    length = to_x * to_x + to_y * to_y
    t = ((x * to_x + y * to_y) / length).clamp(0, 1)
    return torch.sqrt((x - t * to_x) ** 2 + (y - t * to_y) ** 2 + 1e-8)


def join(a: Tensor, b: Tensor, blend: float | Tensor) -> Tensor:
    """Union of two shapes with a fillet of about `blend`."""
    return 0.5 * (a + b - torch.sqrt((a - b) ** 2 + blend * blend))


def both(a: Tensor, b: Tensor, blend: float | Tensor) -> Tensor:
    """Intersection of two shapes with a rounded corner of about `blend`."""
    return 0.5 * (a + b + torch.sqrt((a - b) ** 2 + blend * blend))


def wave(turns: Tensor, frequency: Tensor | float, px: Tensor) -> Tensor:
    """A sine of `turns` full turns that fades out where pixels cannot hold it.

    Args:
        turns: the phase, 1.0 is a full turn.
        frequency: its local frequency in turns per unit.
        px: size of a pixel in the same unit. The fade is the response of a square pixel
            (Gaussian of equal variance), closed before half a turn per pixel.
    """
    per_pixel = frequency * px
    fade = torch.exp(-1.64 * per_pixel * per_pixel) * (1 - smoothstep(per_pixel, 0.3, 0.55))
    return fade * torch.sin(2 * math.pi * turns)
