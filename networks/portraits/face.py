"""Skin: ears, the form of the face in soft light, blush, freckles, lines, beard."""

import torch
from torch import Tensor

from networks.portraits.anatomy import CHIN_Y, Anatomy
from networks.portraits.colors import Paint, lab, oklab, tinted
from networks.portraits.shapes import blob, both, cover, ellipse, glow, smoothstep, wave
from networks.portraits.traits import Layout, Style


def shadow_of(skin: Tensor) -> Tensor:
    """Skin in shadow: darker, a little redder and fuller."""
    return tinted(skin, 0.80, 1.12, (0.0, 0.012, -0.004))


def paint_ears(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Two ears behind the cheeks; the far one hides when the head turns."""
    head = body.head
    for side in (-1.0, 1.0):
        x = (head.x + 0.05 * who.yaw) * side - who.face_width + 0.0
        y = head.y - 0.045 + 0.03 * who.pitch
        tilted = x - 0.18 * y * -1.0
        ear = ellipse(tilted, y, 0.062 * who.ears, 0.105 * who.ears)
        alpha = cover(ear, head)
        lit = smoothstep(who.light_x * side, -0.6, 0.8)
        paint.over(alpha, torch.lerp(shadow_of(style.skin), style.skin, lit[:, None]))
        inner = ellipse(tilted - 0.012, y - 0.005, 0.03, 0.065)
        paint.shade(
            0.6 * alpha * cover(inner, head, 0.02), 0.80, oklab(["9a4a3a"])[:, :, None, None]
        )


def paint_face(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """The head in soft light from one side."""
    head, face = body.head, body.face
    alpha = cover(body.skull, head)
    paint.over(alpha, style.skin)
    x, y = face.x / 0.40, (face.y + 0.02) / 0.55
    facing = x * who.light_x - 0.35 * y
    form = smoothstep(-facing, 0.02, 0.62)
    plane = smoothstep(-facing, 0.24, 0.36)
    paint.over((0.45 * form + 0.42 * plane) * alpha, shadow_of(style.skin))
    light = smoothstep(facing, 0.05, 0.9)
    paint.add(0.045 * light * alpha, lab(1.0, -0.02, 0.12))
    edge = glow(-body.skull.clamp_max(0), 0.05)
    paint.over(0.35 * edge * alpha * (1 - 0.5 * light), shadow_of(style.skin))
    rim = glow(-body.skull.clamp_max(0), 0.022) * smoothstep(-facing, 0.35, 0.8)
    paint.add(0.13 * rim * alpha * style.rim, style.background)
    _blush(paint, body, who, style, alpha)
    _hair_shadow(paint, body, who, style, alpha)
    _age(paint, body, style, alpha)
    spots = smoothstep(body.grain.spots, 0.5, 1.7) * blob(face.x, face.y - 0.13, 0.27, 0.13)
    paint.over(0.75 * style.freckles * spots * alpha, tinted(style.skin, 0.66, 1.3))


def _blush(paint: Paint, body: Anatomy, who: Layout, style: Style, alpha: Tensor) -> None:
    """Warm cheeks, ears and tip of the nose."""
    face = body.face
    cheeks = blob(face.x.abs() - 0.225, face.y - 0.175, 0.12, 0.085)
    nose = blob(face.x, face.y - who.nose_length, 0.06, 0.05)
    chin = blob(face.x, face.y - 0.45, 0.10, 0.05)
    amount = (0.9 * cheeks + 0.5 * nose + 0.25 * chin) * style.blush
    paint.add(0.048 * amount * alpha, lab(-0.35, 1.0, 0.25))


def _hair_shadow(paint: Paint, body: Anatomy, who: Layout, style: Style, alpha: Tensor) -> None:
    """What the hair in front darkens on the skin."""
    near = glow(body.fall, 0.045)
    tint = shadow_of(tinted(style.skin, 0.88))
    paint.over(0.65 * near * alpha * who.hair_cover, tint)


def _age(paint: Paint, body: Anatomy, style: Style, alpha: Tensor) -> None:
    """Lines beside the mouth and below the eyes that deepen with age."""
    x, y = body.face.x.abs(), body.face.y
    fold = (x - 0.115 - 0.45 * (y - 0.2) + 0.5 * (y - 0.2) ** 2).abs()
    fold = glow(fold, 0.012) * smoothstep(y, 0.17, 0.22) * (1 - smoothstep(y, 0.27, 0.34))
    bag = (y - 0.085 + 1.5 * (x - 0.168) ** 2 - 0.02).abs()
    bag = glow(bag, 0.010) * blob(x - 0.165, y - 0.1, 0.075, 0.2)
    brow = glow((wave(5.5 * y, 5.5, body.face.px) - 1).abs(), 0.25)
    brow = brow * blob(x, y + 0.27, 0.17, 0.07) * 0.5
    paint.over(0.6 * style.age * (fold + bag + brow).clamp_max(1) * alpha, shadow_of(style.skin))


def paint_beard(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Stubble that grows into a full beard, and a moustache; made of short strands."""
    face, head = body.face, body.head
    x, y = face.x, face.y
    grown = who.beard
    outline = body.skull - 0.045 * grown * smoothstep(head.y, 0.2, 0.5)
    upper = 0.27 - 0.9 * (x.abs() - 0.10).clamp_min(0) ** 1.2 - 0.25 * (x.abs() - 0.22).clamp_min(0)
    jaw = both(outline, upper - y, 0.03)
    mouth = ellipse(x, y - 0.335, who.mouth_width + 0.02, 0.062)
    jaw = both(jaw, -mouth, 0.03)
    lip = ellipse(x.abs() - 0.065, y - 0.262 - 0.35 * (x.abs() - 0.05) ** 1.0, 0.105, 0.034)
    tone = 0.028 * body.grain.ridged(body.grain.fan)
    color = tinted(style.hair, 0.95) + (style.strands * tone)[:, None] * lab(1.0, 0.02, 0.04).to(
        tone
    )
    soft = cover(jaw - 0.12 * tone, face, 0.018) * (0.92 * smoothstep(grown, 0.15, 0.95))
    paint.shade(0.5 * glow(jaw, 0.03) * grown * cover(body.skull, head), 0.85)
    paint.over(soft, color)
    paint.over(cover(lip, face, 0.03) * 0.92 * smoothstep(who.moustache, 0.15, 0.95), color)


def chin_y(who: Layout) -> Tensor:
    """Where the chin ends, head units."""
    return CHIN_Y + who.face_length
