"""Glasses and earrings: both grow from nothing."""

import torch
from torch import Tensor

from networks.portraits.anatomy import EYE_Y, Anatomy
from networks.portraits.colors import Paint, lab, tinted
from networks.portraits.shapes import Frame, cover, ellipse, glow, round_box, smoothstep
from networks.portraits.traits import Layout, Style


def paint_glasses(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Rims, bridge and temples, with a faint reflection on the lenses."""
    shown = smoothstep(who.glasses, 0.05, 0.6)
    face = body.face.moved(0.02 * who.yaw, EYE_Y + 0.012)
    rim = _rim(face, who)
    thick = 0.004 + 0.0095 * who.glasses
    frame_alpha = cover(rim.abs() - thick, face)
    bridge = (face.y + 0.02 + 1.2 * face.x**2).abs() - 0.010
    bridge_alpha = cover(bridge, face) * (1 - smoothstep(face.x.abs(), 0.05, 0.07))
    outer = face.x.abs() - who.eye_gap - 0.12
    temple = cover((face.y + 0.035).abs() - 0.011, face) * smoothstep(outer, -0.01, 0.01)
    temple = temple * cover(body.skull, body.head)
    shadow = glow((_rim(face.moved(0, 0.022), who)).abs() - thick, 0.016)
    paint.shade(0.30 * shown * shadow * cover(body.skull, body.head), 0.75)
    lens = cover(rim, face)
    paint.over(0.10 * shown * lens, lab(0.95, -0.01, -0.01))
    band = face.x + 0.7 * face.y - 0.01 - 0.05 * who.light_x
    glare = glow(((band.abs() - 0.17).abs() - 0.018), 0.012) * lens
    paint.over(0.16 * shown * glare, lab(1.0))
    alpha = (frame_alpha + bridge_alpha + temple).clamp_max(1)
    paint.over(shown * alpha, style.metal)
    top = smoothstep(-face.y, 0.02, 0.09) * cover(rim.abs() - 0.004, face)
    paint.add(0.10 * shown * top, lab(1.0))


def _rim(face: Frame, who: Layout) -> Tensor:
    """Distance to the outline of the lenses: from round to square."""
    x, y = face.x.abs() - who.eye_gap - 0.004, face.y
    square = round_box(x, y - 0.008, 0.122, 0.092, 0.045)
    return torch.lerp(square, ellipse(x, y, 0.118, 0.116), who.glasses_round)


def paint_earrings(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """Small discs below the ears."""
    head = body.head
    shown = who.earrings
    for side in (-1.0, 1.0):
        x = (head.x + 0.05 * who.yaw) * side - who.face_width + 0.012
        y = head.y - 0.195 + 0.03 * who.pitch
        drop = ellipse(x, y, 0.030 * shown + 0.001, 0.034 * shown + 0.001)
        gold = torch.lerp(style.metal, style.fabric, 0.35)
        paint.over(shown * cover(drop, head), tinted(gold, 1.1))
        paint.add(0.15 * shown * cover(ellipse(x + 0.006, y + 0.010, 0.010, 0.010), head), lab(1.0))
