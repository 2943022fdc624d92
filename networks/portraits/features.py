"""Eyes, brows, nose and mouth."""

import torch
from torch import Tensor

from networks.portraits.anatomy import EYE_Y, Anatomy
from networks.portraits.colors import Paint, lab, oklab, tinted
from networks.portraits.face import shadow_of
from networks.portraits.shapes import Frame, blob, both, cover, ellipse, glow, smoothstep, wave
from networks.portraits.traits import Layout, Style


def _ink(style: Style) -> Tensor:
    """The darkest accent of a face: never quite black, leaning to the skin."""
    return torch.lerp(oklab(["2a1a1c"]).to(style.skin)[:, :, None, None], style.skin, 0.12)


def paint_eyes(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Both eyes: socket, white, iris, pupil, highlight, lids and lashes."""
    for side in (-1.0, 1.0):
        frame = body.face.mirrored(side).moved(who.eye_gap, EYE_Y)
        socket = blob(frame.x + 0.015, frame.y + 0.035, 0.12, 0.075)
        paint.over(0.42 * socket, shadow_of(style.skin))
        tilted = frame.turned(-who.eye_tilt)
        _paint_eye(paint, tilted, who, style, side)


def _paint_eye(paint: Paint, eye: Frame, who: Layout, style: Style, side: float) -> None:
    """One eye in a frame whose x points to the temple."""
    size = who.eye_size
    u, v = eye.x / size, eye.y / size
    frame = Frame(u, v, eye.px / size)
    bow = (1 - (u * u).clamp_max(1.6)) + 0.10 * u * (1 - u * u).clamp_min(0)
    upper = -(v + who.eye_open * 1.05 * bow)
    lower = v - who.eye_open * 0.62 * bow
    lid = both(upper, lower, 0.05) / torch.sqrt(1 + (1.2 * who.eye_open * u.clamp(-1.1, 1.1)) ** 2)
    white = cover(lid, frame, 0.10)
    paint.over(white, torch.lerp(lab(0.94, 0.003, 0.010).to(style.skin), style.skin, 0.12))
    look_x = 0.16 * who.gaze * side + 0.14 * who.yaw * side
    look_y = -0.06 + 0.08 * who.pitch
    iris = torch.sqrt((u - look_x) ** 2 + (v - look_y) ** 2 + 1e-6)
    inside = white * cover(iris - 0.52, frame, 0.08)
    paint.over(inside, tinted(style.iris, 0.95))
    glowing = inside * blob(u - look_x, v - look_y - 0.24, 0.34, 0.22)
    paint.add(0.16 * glowing, lab(1.0, 0.0, 0.25))
    paint.shade(0.7 * inside * cover((iris - 0.50).abs() - 0.05, frame, 0.1), 0.55)
    paint.over(white * cover(iris - 0.25, frame, 0.08), lab(0.16, 0.01, 0.0))
    paint.shade(0.55 * white * glow((upper + 0.20).clamp_min(-1), 0.18), 0.76)
    shine = _shine(frame, look_x, look_y, who, side)
    paint.over(white * shine, lab(0.985, 0.0, 0.005))
    _paint_lids(paint, frame, who, style, upper, lower)


def _shine(frame: Frame, look_x: Tensor, look_y: Tensor, who: Layout, side: float) -> Tensor:
    """The window reflected in the iris, on the light's side, and a small echo of it."""
    x = frame.x - look_x - 0.20 * who.light_x * side
    y = frame.y - look_y + 0.18
    echo = 0.5 * blob(
        frame.x - look_x + 0.2 * who.light_x * side, frame.y - look_y - 0.22, 0.10, 0.09
    )
    return (cover(ellipse(x, y, 0.155, 0.145), frame, 0.1) + echo).clamp_max(1)


def _paint_lids(
    paint: Paint,
    frame: Frame,
    who: Layout,
    style: Style,
    upper: Tensor,
    lower: Tensor,
) -> None:
    """A lash line that swells towards the temple, a crease above it, a breath of line below."""
    u = frame.x
    ends = 1 - smoothstep(u.abs(), 0.96, 1.14)
    taper = 0.055 + (0.03 + 0.055 * who.softness) * smoothstep(u, -0.9, 0.9)
    wing = -0.10 * who.softness * smoothstep(u, 0.55, 1.2)
    line = (upper - wing - 0.02).abs() - taper
    paint.over(0.95 * ends * cover(line, frame, 0.09), _ink(style))
    fold = (upper - 0.24 - 0.05 * u).abs() - 0.022
    paint.over(
        0.55 * cover(fold, frame, 0.08) * (1 - smoothstep(u.abs(), 0.65, 1.05)),
        tinted(shadow_of(style.skin), 0.72, 1.2),
    )
    under = (lower - 0.04).abs() - 0.015
    paint.over(
        0.45 * cover(under, frame, 0.10) * (1 - smoothstep(u.abs(), 0.5, 0.95)),
        tinted(shadow_of(style.skin), 0.72, 1.2),
    )


def paint_brows(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Brows of short hairs: full at the nose, thin at the temple."""
    for side in (-1.0, 1.0):
        frame = body.face.mirrored(side).moved(who.eye_gap + 0.01, EYE_Y - who.brow_lift)
        u = frame.x / 0.125
        arch = -0.024 * (1 - (u.clamp(-1.2, 1.2) - 0.3) ** 2) - who.brow_tilt * frame.x * 0.6
        weight = who.brow_weight * (1.0 - 0.55 * smoothstep(u, -0.4, 1.1))
        weight = weight * smoothstep(u, -1.12, -0.75) * (1 - smoothstep(u, 0.3, 1.2))
        hairs = wave(11 * frame.x - 9 * frame.y, 15, frame.px)
        line = (frame.y - arch).abs() - weight * (1 + 0.12 * hairs)
        color = torch.lerp(style.hair, _ink(style), 0.35)
        paint.over(0.88 * cover(line, frame, 0.014) * smoothstep(weight, 0.0, 0.006), color)


def paint_nose(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """No outline: a lit ridge, a shaded side, wings and the shadow below the tip."""
    turn = 0.035 * who.yaw
    ridge = smoothstep(body.face.y, -0.15, 0.2)
    frame = body.face.moved(turn * ridge, 0.0)
    x, y = frame.x, frame.y
    tip, wide = who.nose_length, who.nose_width
    away = -x * torch.tanh(3 * who.light_x)
    long = smoothstep(y, -0.12, 0.06) * (1 - smoothstep(y, tip - 0.02, tip + 0.05))
    half = 0.026 + (wide - 0.03) * smoothstep(y, 0.02, tip)
    side = glow((away - half).abs(), 0.026) * long * blob(x, y - 0.1, 0.12, 0.3)
    side = side * torch.tanh(3 * who.light_x).abs()
    paint.over(0.7 * side, shadow_of(style.skin))
    wings = glow((ellipse(x.abs() - 0.62 * wide, y - tip + 0.004, 0.5 * wide, 0.034)).abs(), 0.010)
    wings = wings * smoothstep(x.abs(), 0.6 * wide, 1.05 * wide)
    paint.over(0.55 * wings, tinted(shadow_of(style.skin), 0.85, 1.1))
    below = cover(ellipse(x, y - tip - 0.034, 0.86 * wide, 0.020), frame, 0.025)
    paint.over(0.62 * below, tinted(shadow_of(style.skin), 0.86, 1.1))
    holes = cover(ellipse(x.abs() - 0.42 * wide, y - tip - 0.026, 0.024, 0.011), frame, 0.012)
    paint.over(0.65 * holes, tinted(shadow_of(style.skin), 0.55, 1.1))
    shine = blob(x - 0.010 * who.light_x, y - tip + 0.018, 0.022, 0.020)
    bridge = blob(x - 0.008 * who.light_x, y - 0.03, 0.012, 0.09)
    paint.add(0.06 * shine + 0.03 * bridge, lab(1.0, 0.0, 0.02))


def paint_mouth(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Two lips and the line between them."""
    frame = body.face.moved(0.02 * who.yaw, 0.325 + 0.3 * who.face_length)
    width = who.mouth_width + 0.012 * who.smile
    u = frame.x / width
    y = frame.y + 0.030 * who.smile * (u * u - 0.35)
    ends = (1 - u * u).clamp_min(0)
    cupid = 0.30 * torch.exp(-((u / 0.16) ** 2)) - 0.12 * torch.exp(-(((u.abs() - 0.3) / 0.2) ** 2))
    top = who.lips * 0.85 * ends * (1 - cupid)
    bottom = who.lips * 1.15 * ends**0.8
    inside = 1 - smoothstep(u.abs(), 0.93, 1.03)
    upper = both(-y - top, y, 0.004)
    lower = both(y - bottom, -y, 0.004)
    below = blob(frame.x, y - who.lips * 1.15 - 0.035, 0.07, 0.022)
    paint.over(0.5 * below, shadow_of(style.skin))
    paint.over(0.95 * inside * cover(upper, frame, 0.014), tinted(style.lip, 0.86))
    paint.over(0.95 * inside * cover(lower, frame, 0.014), style.lip)
    shine = blob(frame.x - 0.02 * who.light_x, y - 0.5 * who.lips, 0.05, 0.3 * who.lips)
    paint.add(0.05 * shine * inside, lab(1.0))
    line = (y + 0.004 * torch.cos(9 * u)).abs() - 0.0065 * (0.4 + 0.6 * ends)
    corner = 1 - smoothstep(u.abs(), 0.98, 1.08)
    paint.over(0.85 * corner * cover(line, frame, 0.012), tinted(style.lip, 0.42))
    dimple = blob(frame.x.abs() - width - 0.015, y, 0.016, 0.02)
    paint.over(0.4 * dimple, shadow_of(style.skin))
