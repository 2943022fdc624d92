"""Hair: strands that fall outwards on both sides, locks, curls and a sheen."""

import torch
from torch import Tensor

from networks.portraits.anatomy import Anatomy, drape
from networks.portraits.colors import Paint, tinted
from networks.portraits.shapes import Frame, blob, cover, glow, smoothstep, wave
from networks.portraits.traits import Layout, Style


def paint_hair_behind(paint: Paint, body: Anatomy, who: Layout, style: Style) -> None:
    """The hair behind neck and shoulders, in its own shadow."""
    dark = tinted(style.hair, 0.72, 0.9)
    tone = texture(body, who, style)
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
    tone = texture(body, who, style)
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


def texture(body: Anatomy, who: Layout, style: Style) -> Tensor:
    """Lightness of locks and strands around 0, about -0.15…0.15: [N, H, W]."""
    head, grain = body.head, body.grain
    x = head.x - 0.16 * who.part + 0.1 * who.sweep * head.y
    locks = wave(
        4.4 * x * (1 - 0.25 * head.y) + 0.15 * wave(1.6 * head.y + 0.3, 1.6, head.px), 4.6, head.px
    )
    strands = grain.ridged(grain.fan)
    curls = grain.ridged(grain.spots)
    mix = smoothstep(who.hair_curl, 0.15, 0.9)
    tone = 0.035 * locks + 0.033 * torch.lerp(strands, curls, mix)
    return style.strands * who.hair_cover * tone
