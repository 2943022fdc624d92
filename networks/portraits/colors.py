"""Colours: OKLab (Björn Ottosson, 2020), the palettes, and the paint a portrait is mixed on.

All mixing is done in OKLab, where equal steps look equal; only the finished picture is turned
into sRGB.
"""

import math

import torch
from torch import Tensor

# Linear sRGB -> cone response -> OKLab, both from "A perceptual color space for image processing".
_RGB_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LMS_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

# On wheels: the first colour stands in the middle, the others around it in this order.
BACKGROUNDS = [
    "e9dcc6",
    "e6bfa6",
    "cf8a69",
    "d9a94f",
    "b3b48a",
    "87a594",
    "8fb0b8",
    "5f7d92",
    "8d86a3",
    "b894a0",
    "dcaea6",
]
FABRICS = [
    "e6dac6",
    "b5552f",
    "c99b45",
    "7c7d4c",
    "41614f",
    "5f9196",
    "4d7391",
    "2b344c",
    "5b3f5c",
    "7a2f35",
]
# In order: neighbours mix well.
SKINS = ["f6d9c6", "eec3a5", "dfaa82", "c9936e", "a4704f", "7b4f38", "55342a"]
HAIRS = ["1d1a20", "2a1d1c", "46291f", "6b3f26", "94482a", "bd6d38", "cfa062", "e6cf9f"]
IRISES = ["3b2418", "5f3c22", "7c6a34", "5f7f5c", "5b86a0", "7f97a6"]


def oklab(hex_colors: list[str]) -> Tensor:
    """sRGB colours as six hexadecimal digits each -> OKLab [len, 3]."""
    srgb = torch.tensor([[int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)] for c in hex_colors])
    linear = torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cones = (linear @ torch.tensor(_RGB_TO_LMS).T) ** (1 / 3)
    return cones @ torch.tensor(_LMS_TO_LAB).T


def to_srgb(lab: Tensor) -> Tensor:
    """OKLab [N, 3, H, W] -> sRGB in [-1, 1]; colours outside the gamut are clipped."""
    to_cones = torch.linalg.inv(torch.tensor(_LMS_TO_LAB)).to(lab)
    to_linear = torch.linalg.inv(torch.tensor(_RGB_TO_LMS)).to(lab)
    cones = torch.einsum("ij,njhw->nihw", to_cones, lab) ** 3
    linear = torch.einsum("ij,njhw->nihw", to_linear, cones).clamp(0, 1)
    curve = 1.055 * linear.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, curve) * 2 - 1


def along(palette: list[str], t: Tensor) -> Tensor:
    """The colour at t of a palette whose entries melt into each other.

    Args:
        palette: hexadecimal sRGB colours, in order.
        t: [N, 1, 1] in 0…1, from the first entry to the last.

    Returns:
        OKLab [N, 3, 1, 1].
    """
    stops = torch.arange(len(palette), device=t.device, dtype=t.dtype)
    gap = t.reshape(-1, 1) * (len(palette) - 1) - stops
    weights = torch.softmax(-(gap**2) / 0.45, dim=1)
    return (weights @ oklab(palette).to(t))[:, :, None, None]


def around(palette: list[str], x: Tensor, y: Tensor) -> Tensor:
    """The colour at a place on a wheel of colours that melt into each other.

    Args:
        palette: hexadecimal sRGB colours: the middle of the wheel, then its rim in order.
        x, y: [N, 1, 1], about normal; the rim is at a distance of 1.5.

    Returns:
        OKLab [N, 3, 1, 1].
    """
    num = len(palette) - 1
    angle = torch.arange(num, device=x.device, dtype=x.dtype) * (2 * math.pi / num)
    centre = torch.zeros(1, device=x.device, dtype=x.dtype)
    stop_x = torch.cat([centre, 1.5 * torch.cos(angle)])
    stop_y = torch.cat([centre, 1.5 * torch.sin(angle)])
    gap = (x.reshape(-1, 1) - stop_x) ** 2 + (y.reshape(-1, 1) - stop_y) ** 2
    weights = torch.softmax(-gap / 0.7, dim=1)
    return (weights @ oklab(palette).to(x))[:, :, None, None]


def lab(lightness: float, a: float = 0.0, b: float = 0.0) -> Tensor:
    """One fixed OKLab colour as [1, 3, 1, 1] on the CPU."""
    return torch.tensor([lightness, a, b]).reshape(1, 3, 1, 1)


def tinted(
    color: Tensor,
    light: float | Tensor = 1.0,
    chroma: float | Tensor = 1.0,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Tensor:
    """A colour with scaled lightness and chroma, then shifted in L, a and b."""
    first, rest = color[:, :1] * light, color[:, 1:] * chroma
    first, a, b = torch.broadcast_tensors(first, rest[:, :1], rest[:, 1:])
    return torch.cat([first, a, b], dim=1) + torch.tensor(
        shift, device=color.device, dtype=color.dtype
    ).reshape(1, 3, 1, 1)


class Paint:
    """The picture under way: OKLab [N, 3, H, W], painted over from back to front."""

    def __init__(self, num: int, resolution: int, like: Tensor) -> None:
        self.lab = torch.zeros(
            (num, 3, resolution, resolution), dtype=like.dtype, device=like.device
        )

    def over(self, alpha: Tensor, color: Tensor) -> None:
        """Lays `color` ([N, 3, 1 or H, 1 or W]) over the picture with alpha [N, H, W]."""
        self.lab = torch.lerp(self.lab, color.to(self.lab).expand_as(self.lab), alpha[:, None])

    def shade(self, alpha: Tensor, light: float | Tensor, tint: Tensor | None = None) -> None:
        """Darkens (light < 1) or lightens what is there, mixing in a little of `tint`."""
        target = self.lab * light
        if tint is not None:
            target = torch.lerp(target, tint.to(target).expand_as(target), 0.18)
        self.lab = torch.lerp(self.lab, target, alpha[:, None])

    def add(self, amount: Tensor, color: Tensor) -> None:
        """Adds amount [N, H, W] times an OKLab direction ([1 or N, 3, 1, 1])."""
        self.lab = self.lab + amount[:, None] * color.to(self.lab)
