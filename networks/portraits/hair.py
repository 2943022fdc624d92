"""Hair: strands that run along the head's meridians, locks, curls and a sheen."""

import torch
from torch import Tensor

from networks.portraits.anatomy import Anatomy, drape
from networks.portraits.colors import Paint, tinted
from networks.portraits.shapes import Frame, blob, cover, glow, smoothstep, wave
from networks.portraits.traits import Layout, Style


def paint_hair_behind(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """The hair behind neck and shoulders, in its own shadow."""
    dark = tinted(style.hair, 0.72, 0.9)
    tone = texture(body.head, who, style)
    alpha = cover(body.behind, body.head) * presence(who)
    paint.over(alpha, dark + 0.6 * tone[:, None] * _strand_color(style))


def paint_hair(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """The hair over skull and forehead, lit from the light's side."""
    head = body.head
    temples = (1 - drape(who)) * (1 - who.hair_curl) * smoothstep(head.y, -0.26, 0.0)
    alpha = cover(body.fall, head) * presence(who) * (1 - 0.6 * temples)
    x = head.x / (who.face_width + who.hair_volume)
    y = (head.y + 0.15) / 0.5
    side = smoothstep(x * who.light_x - 0.55 * y, -1.2, 1.0)
    shading = 0.70 + 0.48 * side
    sheen = _sheen(head, who) * (0.35 + 0.65 * side)
    tone = texture(head, who, style)
    color = tinted(style.hair, shading[:, None], 1.0)
    lift = tone * (0.75 + 0.6 * sheen) + (0.055 + 0.05 * style.strands) * sheen
    color = color + lift[:, None] * _strand_color(style)
    paint.over(alpha, color)
    edge = glow(-body.hair.clamp_max(0), 0.035) * smoothstep(-x * who.light_x - 0.4 * y, -0.1, 0.9)
    paint.add(0.16 * alpha * edge * style.rim, tinted(style.background, 1.0, 1.0))


def presence(who: Layout) -> Tensor:
    """How much hair there is to see: a shaven head keeps a shade of it."""
    return 0.22 + 0.78 * smoothstep(who.hair_cover, 0.1, 0.8)


def _strand_color(style: Style) -> Tensor:
    """The direction from the hair's colour to its lit strands."""
    warm = style.hair[:, 1:] * 0.6
    light = torch.ones_like(style.hair[:, :1])
    return torch.cat([light, warm], dim=1)


def _sheen(head: Frame, who: Layout) -> Tensor:
    """A band of light around the crown, broken by strands."""
    y = head.y + 0.36 - 0.25 * head.x * head.x + 0.05 * wave(2.2 * head.x, 2.2, head.px)
    return blob(head.x - 0.18 * who.light_x, y, 0.34, 0.075)


def meridians(head: Frame, who: Layout) -> tuple[Tensor, Tensor]:
    """Which strand a pixel lies on, and how fast that changes.

    Strands leave the crown like the meridians of a globe, follow the head down to its widest
    place and hang from there.

    Returns:
        (strand, slope): strand is about -1…1 across the head; slope in strands per head unit.
    """
    radius = who.face_width + 0.8 * who.hair_volume
    up = (-(head.y + 0.10)).clamp_min(0) / (0.50 + who.hair_volume)
    width = radius * torch.sqrt((1 - up * up).clamp_min(0.03))
    pole = 0.16 * who.part * smoothstep(up, 0.1, 1.0)
    x = head.x - pole + 0.03 * who.yaw
    strand = x / width
    bend = strand * radius * radius * up / (width * width * (0.50 + who.hair_volume))
    return strand, torch.sqrt(1 + bend * bend) / width


def texture(head: Frame, who: Layout, style: Style) -> Tensor:
    """Lightness of the strands around 0, about -0.1…0.1: [N, H, W]."""
    strand, slope = meridians(head, who)
    y, px, curl = head.y, head.px, who.hair_curl
    sway = (0.02 + 0.07 * curl) * wave(1.6 * y + 0.7 * strand, 2.0 + 0.7 * slope, px)
    strand = strand + sway + 0.12 * who.sweep * y
    locks = wave(2.1 * strand + 0.12 * wave(1.3 * strand, 1.3 * slope, px), 2.4 * slope, px)
    strands = wave(
        5.3 * strand + 0.25 * wave(1.7 * strand + 0.4 * y, 1.7 * slope, px), 6.0 * slope, px
    )
    fine = wave(10.7 * strand + 0.3 * wave(2.3 * strand, 2.3 * slope, px), 11.5 * slope, px)
    straight = 0.035 * locks + 0.035 * strands + 0.035 * fine
    coil = wave(5 * head.x + 0.3 * wave(3 * y, 3, px), 5.5, px)
    coil = coil * wave(5 * y + 0.3 * wave(3 * head.x + 0.3, 3, px), 5.5, px)
    ring = wave(9 * (head.x + y) + 0.35 * coil, 13.0, px)
    curled = 0.025 * locks + 0.045 * coil + 0.03 * ring
    mix = smoothstep(curl, 0.15, 0.9)
    return style.strands * who.hair_cover * torch.lerp(straight, curled, mix)
