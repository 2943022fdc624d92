"""Neck and clothes: skin, an under layer that may climb the neck, an outer layer, a collar."""

import math

import torch
from torch import Tensor

from networks.portraits.anatomy import CHIN_Y, Anatomy
from networks.portraits.colors import Paint, lab, tinted
from networks.portraits.shapes import (
    Frame,
    blob,
    both,
    cover,
    ellipse,
    glow,
    join,
    smoothstep,
    wave,
)
from networks.portraits.traits import Layout, Style

NECK_Y = 0.60  # where the neck meets the shoulders, body units


def paint_neck(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """The neck with the shadow that the head throws on it."""
    frame = body.body
    x, y = frame.x, frame.y
    lean = (0.5 * who.shift_x + 0.35 * who.roll) * smoothstep(-y, -0.62, -0.2)
    width = 0.162 + 0.03 * (1 - who.softness) + 0.25 * (y - 0.42).clamp_min(0) ** 1.5
    neck = both((x - lean).abs() - width, 0.1 - y, 0.02)
    skin = tinted(style.skin, 0.93, 1.05)
    paint.over(cover(neck, frame), skin)
    side = smoothstep(-(x - lean) * who.light_x, -0.02, 0.16)
    paint.shade(0.6 * side * cover(neck, frame), 0.86, _shadow_tint(style))
    paint.shade(0.85 * _head_shadow(body, who) * cover(neck, frame), 0.76, _shadow_tint(style))


def _head_shadow(body: Anatomy, who: Layout) -> Tensor:
    """What the head darkens below it: full under the jaw, gone a hand below."""
    head = body.head
    x = head.x + 0.05 * who.light_x
    jaw_y = CHIN_Y + who.face_length - 0.9 * x * x
    fall = 1 - smoothstep(head.y - jaw_y, -0.02, 0.15)
    return fall * blob(x, 0 * x, 0.5, 1.0)


def _shadow_tint(style: Style) -> Tensor:
    """What shadows lean to: a little of the wall's colour, darkened."""
    return tinted(style.background, 0.45)


def shoulders_outline(frame: Frame, who: Layout) -> Tensor:
    """Shoulders sloping into the neck, open to below."""
    x, y = frame.x, frame.y
    down = (y - 1.22).clamp_max(0)
    torso = ellipse(x, down, who.shoulders, 0.50)
    slope = ellipse(x, (y - 0.98).clamp_max(0), 0.36, 0.38)
    return join(torso, slope, 0.10)


def paint_clothes(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Under layer first, then the outer one with its opening, collar and folds."""
    frame = body.body
    outline = shoulders_outline(frame, who)
    _paint_under(paint, frame, who, style, outline)
    opening = _opening(frame, who)
    outer = both(outline, -opening, 0.01)
    paint.shade(0.5 * glow(outer, 0.03) * cover(outline, frame), 0.75)
    alpha = cover(outer, frame)
    paint.over(alpha, tinted(style.fabric, 1.0))
    _weave(paint, frame, style, alpha)
    _fold(paint, frame, who, style, alpha)
    hem = (opening - 0.022).abs() - 0.007
    paint.shade(0.5 * alpha * cover(hem, frame), 0.82)
    _paint_collar(paint, frame, who, style)
    paint.shade(0.45 * _head_shadow(body, who) * cover(outline, frame), 0.72)


def _opening(frame: Frame, who: Layout) -> Tensor:
    """Where the outer layer stands open: from a round neck to a deep V."""
    x, y = frame.x, frame.y - NECK_Y
    depth = 0.06 + 0.10 * who.neckline + 0.30 * who.neck_v
    round_neck = ellipse(x, y, 0.19 + 0.02 * who.neckline, depth)
    vee = 0.9 * (x.abs() - 0.20 * (1 - y / (depth + 0.16))) * torch.ones_like(y)
    shape = torch.lerp(round_neck, vee, smoothstep(who.neck_v, 0.1, 0.9))
    return join(shape, both(x.abs() - 0.17, y, 0.02), 0.02)


def _paint_under(paint: Paint, frame: Frame, who: Layout, style: Style, outline: Tensor) -> None:
    """A shirt below the outer layer; its neck rises into a turtleneck."""
    x, y = frame.x, frame.y - NECK_Y
    crew = -ellipse(x, y, 0.185, 0.085 + 0.04 * who.neckline)
    shirt = both(outline, both(crew, -(y + 0.05), 0.01), 0.01)
    top = -0.16 * who.turtle + 0.10 * (1 - who.turtle)
    tube = both(x.abs() - 0.185 - 0.10 * y.clamp_min(0), top + 0.12 * x * x - y, 0.03)
    shape = join(shirt, both(tube, y - 0.3, 0.01), 0.03)
    alpha = cover(shape, frame)
    paint.over(alpha, style.under)
    ribs = wave(11 * x / (1 + 0.5 * y.clamp(-0.2, 0.5)), 11, frame.px)
    paint.add(0.022 * ribs * alpha * who.turtle, lab(1.0))
    roll = (y - top - 0.085 - 0.2 * x * x).abs() - 0.008
    paint.shade(0.4 * alpha * who.turtle * cover(roll, frame, 0.02), 0.8)
    side = smoothstep(-x * who.light_x, -0.05, 0.22)
    paint.shade(0.55 * side * alpha, 0.82, _shadow_tint(style))


def _weave(paint: Paint, frame: Frame, style: Style, alpha: Tensor) -> None:
    """Fine texture: a knit of small waves, and stripes that fade in."""
    x, y = frame.x, frame.y
    drop = y + 0.30 * x * x
    knit = wave(6 * x, 6, frame.px) * wave(6 * drop, 6.5, frame.px)
    paint.add(0.03 * style.knit * knit * alpha, lab(1.0))
    bands = wave(5.2 * drop, 5.4, frame.px)
    light = tinted(style.under, 1.0)
    paint.over(0.8 * style.stripes * alpha * smoothstep(bands, 0.05, 0.35), light)


def _fold(paint: Paint, frame: Frame, who: Layout, style: Style, alpha: Tensor) -> None:
    """Light on the shoulder that faces it, shadow on the other, two soft folds."""
    x, y = frame.x, frame.y
    side = torch.tanh(1.6 * x * who.light_x - 1.2 * (y - 0.85))
    paint.add(0.045 * side * alpha, lab(1.0, 0.0, 0.06))
    crease = glow((x.abs() - 0.46 - 0.25 * (y - 0.8)).abs(), 0.05) * smoothstep(y, 0.75, 1.0)
    paint.shade(0.5 * crease * alpha, 0.84, _shadow_tint(style))


def _paint_collar(paint: Paint, frame: Frame, who: Layout, style: Style) -> None:
    """Two flaps beside the neck that unfold as the trait grows."""
    size = who.collar
    x, y = frame.x.abs(), frame.y - NECK_Y
    flap = _flap(x / (0.5 + 0.5 * size) - 0.19 * (1 - size), y / (0.5 + 0.5 * size))
    flap = flap + 0.12 * (1 - size)
    color = torch.lerp(style.fabric, style.under, 0.2)
    below = cover(shoulders_outline(frame, who) - 0.06, frame)
    paint.shade(0.5 * size * glow(flap, 0.03) * below, 0.72)
    lit = 1.05 + 0.05 * torch.tanh(6 * frame.x * who.light_x)
    alpha = cover(flap, frame)
    paint.over(alpha, tinted(color, lit[:, None]))


def _flap(x: Tensor, y: Tensor) -> Tensor:
    """One half of a shirt collar: four edges from the neck to its tip."""
    corners = ((0.165, -0.115), (0.295, 0.020), (0.150, 0.235), (0.055, 0.110))
    shape: Tensor | None = None
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.hypot(bx - ax, by - ay)
        edge = ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length
        shape = edge if shape is None else both(shape, edge, 0.012)
    assert shape is not None
    return shape
