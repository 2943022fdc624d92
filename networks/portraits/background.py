"""The wall behind: a soft gradient with a few gentle shapes."""

import torch

from networks.portraits.colors import Paint, lab, tinted
from networks.portraits.shapes import Frame, cover, ellipse, smoothstep, wave
from networks.portraits.traits import Layout, Style


def paint_background(paint: Paint, scene: Frame, who: Layout, style: Style) -> None:
    """Gradient towards the light, a large disc behind the head, a hill or two of paint."""
    down = 0.5 + 0.5 * torch.tanh(0.9 * scene.y - 0.5 * who.light_x * scene.x)
    top, bottom = tinted(style.background, 1.04), tinted(style.background, 0.90, 1.1)
    paint.over(torch.ones_like(scene.x), top)
    paint.over(down, bottom)
    size = who.disc_size * (1 - 0.12 * who.arch)
    y = scene.y + 0.12
    below = y.clamp_min(0) - (y - 1.6 * who.arch).clamp_min(0)
    disc = ellipse(scene.x - who.disc_x, y - below, size, size)
    paint.over(0.85 * cover(disc, scene), style.backdrop)
    hill = scene.y - 0.42 - 0.2 * who.disc_x * scene.x
    hill = hill - 0.07 * wave(0.45 * scene.x + 0.6 * who.disc_x, 0.45, scene.px)
    paint.over(0.35 * cover(-hill, scene), tinted(style.background, 0.82, 1.2))
    brush = wave(
        2.6 * scene.y + 0.35 * scene.x + 0.22 * wave(0.7 * scene.x, 0.7, scene.px), 2.7, scene.px
    )
    dry = wave(
        5.1 * scene.y - 0.4 * scene.x + 0.3 * wave(0.5 * scene.x, 0.5, scene.px), 5.2, scene.px
    )
    paint.add(0.006 * brush + 0.005 * dry, lab(1.0, 0.05, 0.1))


def finish(paint: Paint, scene: Frame, who: Layout, style: Style) -> None:
    """One light over everything: warm where it comes from, darker corners."""
    lit = 0.5 * torch.tanh(1.2 * (who.light_x * scene.x - 0.7 * scene.y))
    paint.add(0.018 * lit, lab(1.0, 0.0, 0.15))
    paint.add(0.006 * style.warmth * torch.ones_like(scene.x), lab(0.0, 0.3, 1.0))
    corner = smoothstep(torch.sqrt(scene.x**2 + scene.y**2 + 1e-6), 0.85, 1.7)
    paint.shade(0.5 * corner, 0.86)
    depth = paint.lab[:, 0] - 0.62
    paint.add(0.07 * depth, lab(1.0))
