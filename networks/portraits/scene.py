"""The whole picture, from back to front."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from networks.portraits.accessories import paint_earrings, paint_glasses
from networks.portraits.anatomy import anatomy
from networks.portraits.background import finish, paint_background
from networks.portraits.clothes import paint_clothes, paint_neck
from networks.portraits.colors import Paint, to_srgb
from networks.portraits.face import paint_beard, paint_ears, paint_face
from networks.portraits.features import paint_brows, paint_eyes, paint_mouth, paint_nose
from networks.portraits.hair import paint_hair, paint_hair_behind
from networks.portraits.shapes import SPAN, Frame, canvas_frame
from networks.portraits.traits import Z_DIM, Layout, Style, layout_of, style_of


def draw(
    z: Tensor,
    resolution: int,
    transform: Tensor | None = None,
    z_style: Tensor | None = None,
) -> Tensor:
    """Draws the portraits that latents stand for.

    Args:
        z: [N, 64], of any length: only its direction counts.
        resolution: pixels along one side.
        transform: the transform wanted for the picture, [3, 3] or [N, 3, 3], in widths of the
            picture from its centre, y downwards (as `input_transform` of a generator). The scene
            goes on beyond the canvas, so nothing is uncovered.
        z_style: [N, 64], where colours and texture come from; z itself when not given.

    Returns:
        float32 [N, 3, resolution, resolution], sRGB in [-1, 1], on the device of z.

    Raises:
        ValueError: if a latent does not have 64 numbers.
    """
    for name, latent in (("z", z), ("z_style", z if z_style is None else z_style)):
        if latent.ndim != 2 or latent.shape[1] != Z_DIM:
            raise ValueError(f"{name} must be [N, {Z_DIM}], got {list(latent.shape)}")
    who, style = layout_of(z), style_of(z if z_style is None else z_style)
    scene = canvas_frame(resolution, _inverse(transform, z))
    return to_srgb(_painted(scene, who, style, len(z), resolution))


def draw_at(z: Tensor, places: Tensor, resolution: int, *, z_style: Tensor) -> Tensor:
    """The colours of portraits at scattered places, as pixels of pictures have them there.

    Args:
        z: [N, 64].
        places: [N, P, 2], in widths of the picture from its centre.
        resolution: decides how large a pixel is.
        z_style: [N, 64].

    Returns:
        float32 [N, P, 3].
    """
    num, points, _ = places.shape
    side = math.isqrt(max(points - 1, 0)) + 1  # the places become a small picture
    square = F.pad(places, (0, 0, 0, side * side - points)).reshape(num, side, side, 2)
    x, y = (SPAN * square).unbind(dim=3)
    scene = Frame(x, y, x.new_full((num, 1, 1), SPAN / resolution))
    lab = _painted(scene, layout_of(z), style_of(z_style), num, side)
    return to_srgb(lab).flatten(2).transpose(1, 2)[:, :points]


def _inverse(transform: Tensor | None, z: Tensor) -> Tensor:
    """From a point of the picture to the point of the scene drawn there: [N, 3, 3]."""
    if transform is None:
        matrix = torch.eye(3, device=z.device)
    else:
        matrix = torch.linalg.inv(transform.to(z.device, torch.float32))
    return matrix.expand(len(z), 3, 3)


def _painted(scene: Frame, who: Layout, style: Style, num: int, resolution: int) -> Tensor:
    """Everything in order, as OKLab."""
    paint = Paint(num, resolution, scene.x)
    body = anatomy(scene, who)
    paint_background(paint, scene, who, style)
    paint_hair_behind(paint, body, who, style)
    paint_neck(paint, body, who, style)
    paint_clothes(paint, body, who, style)
    paint_ears(paint, body, who, style)
    paint_face(paint, body, who, style)
    paint_beard(paint, body, who, style)
    paint_mouth(paint, body, who, style)
    paint_nose(paint, body, who, style)
    paint_eyes(paint, body, who, style)
    paint_brows(paint, body, who, style)
    paint_glasses(paint, body, who, style)
    paint_hair(paint, body, who, style)
    paint_earrings(paint, body, who, style)
    finish(paint, scene, who, style)
    return paint.lab
