"""Where things are: frames that follow the pose, and the distance fields parts share."""

from dataclasses import dataclass

import torch
from torch import Tensor

from networks.portraits.grain import Grain, grain_of
from networks.portraits.shapes import (
    Frame,
    both,
    ellipse,
    join,
    round_box,
    wave,
)
from networks.portraits.traits import Layout

EYE_Y = 0.0
CHIN_Y = 0.50
CROWN_Y = -0.54


@dataclass(frozen=True)
class Anatomy:
    """The frames of one batch of people and the outlines that several parts need.

    Attributes:
        body: stands in the middle below the head, follows half of its shift.
        head: turns, shifts and scales with the head; y from the crown (-0.54) to the chin (0.5).
        face: the skin of the face: the head's frame bent by yaw and pitch, so that what is drawn
            on it moves across the head as it turns.
        skull: [N, H, W] distance to the outline of the face, in the head's units.
        hair: distance to the whole outline of the hair, behind and in front.
        fall: distance to the hair that is in front of the face.
        behind: distance to the hair seen behind neck and shoulders.
        grain: the fine waves of strands, curls and freckles, which turn and shift with the head.
    """

    body: Frame
    head: Frame
    face: Frame
    skull: Tensor
    hair: Tensor
    fall: Tensor
    behind: Tensor
    grain: Grain


def anatomy(scene: Frame, who: Layout) -> Anatomy:
    """Frames and outlines for every pixel of the scene."""
    body = scene.moved(0.5 * who.shift_x, 0.5 * who.shift_y)
    head = scene.moved(who.shift_x, who.shift_y - 0.05).moved(0, 0.45).turned(who.roll)
    head = head.moved(0, -0.45).scaled(who.scale)
    face = bent(head, who)
    skull = skull_outline(head, who)
    mass, fall = hair_outline(head, face, who)
    return Anatomy(body, head, face, skull, mass, fall, mass, grain_of(scene, who))


def bent(head: Frame, who: Layout) -> Frame:
    """The face's own coordinates: a bump of depth shifts with the turn of the head (parallax)."""
    depth = torch.exp(-1.3 * ((head.x / 0.46) ** 2 + ((head.y - 0.02) / 0.62) ** 2))
    return Frame(head.x - 0.15 * who.yaw * depth, head.y - 0.09 * who.pitch * depth, head.px)


def skull_outline(head: Frame, who: Layout) -> Tensor:
    """Cranium, jaw and chin, melted into one outline."""
    x, y = head.x - 0.02 * who.yaw, head.y
    chin_y = CHIN_Y + who.face_length
    cranium = ellipse(x, y + 0.10, who.face_width, 0.44)
    jaw_x = x - 0.03 * who.yaw
    jaw = ellipse(jaw_x, y - (chin_y - 0.34), who.jaw + 0.035, 0.31)
    chin = ellipse(jaw_x - 0.015 * who.yaw, y - (chin_y - 0.12), who.chin, 0.125)
    return join(join(cranium, jaw, 0.05), chin, 0.06)


def hair_outline(head: Frame, face: Frame, who: Layout) -> tuple[Tensor, Tensor]:
    """Distances to all the hair and to the part of it that lies in front of the face."""
    hangs = drape(who)
    x = head.x + 0.03 * who.yaw - 0.025 * who.part * (1 - who.hair_curl)
    x = x + hangs * (0.010 + 0.012 * who.hair_curl) * wave(1.5 * head.y + 0.1, 1.5, head.px)
    mass = join(_cap(x, head.y, who), _curtain(x, head, who), 0.09)
    mass = mass + 0.006 + 0.075 * (1 - who.hair_cover)
    bun = who.bun
    knot_y = head.y + 0.42 + 0.24 * bun + 0.7 * who.hair_volume
    knot = ellipse(x - 0.08 * who.part, knot_y, 0.01 + 0.16 * bun, 0.01 + 0.14 * bun)
    mass = join(mass, knot + 0.05 * (1 - bun), 0.03) - curls(x, head.y, who, head.px)
    return mass, both(mass, -face_opening(face, who), 0.02)


def drape(who: Layout) -> Tensor:
    """0 for hair that ends above the ears, 1 for hair that hangs below them."""
    return torch.sigmoid(4.5 * (who.hair_length - 0.15))


def _cap(x: Tensor, y: Tensor, who: Layout) -> Tensor:
    """Hair on the skull: close at the sides when short, with a lifted front on one side."""
    volume = who.hair_volume * who.hair_cover
    short = 1 - drape(who)
    sides = (0.80 - 0.60 * short + 0.40 * short * who.hair_curl) * volume
    cap = ellipse(x, y + 0.115, who.face_width + 0.010 + sides, 0.435 + volume)
    lift = short * (1 - who.hair_curl) * (1 - who.bun) * (0.3 + 0.7 * torch.sigmoid(3 * who.sweep))
    quiff = ellipse(x - 0.13 * who.part, y + 0.44, 0.27, 0.13 + 0.9 * volume)
    return join(cap, quiff + 0.10 * (1 - lift * who.hair_cover), 0.07)


def _curtain(x: Tensor, head: Frame, who: Layout) -> Tensor:
    """Hair that hangs: ends in uneven tips, wider below."""
    y, length = head.y, who.hair_length
    half = (0.5 * (length + 0.25)).clamp_min(0.04)
    flare = 0.10 * (y - 0.1) * torch.sigmoid(6 * (y - 0.1))
    wide = who.face_width - 0.015 + 0.85 * who.hair_volume * drape(who) + flare
    ends = 0.024 * wave(2.3 * x + 0.3, 2.3, head.px) + 0.026 * wave(6.1 * x, 6.1, head.px)
    ends = ends + 0.016 * wave(12.7 * x + 0.2, 13, head.px)
    corner = 0.09 + 0.06 * torch.sigmoid(9 * (length - 0.6))
    return round_box(x, y - (length - half) + ends, wide, half, corner)


def curls(x: Tensor, y: Tensor, who: Layout, px: Tensor) -> Tensor:
    """How far curls push the outline outwards: lumps around the head."""
    angle = torch.atan2(x, -(y + 0.05)) / (2 * torch.pi)
    radius = torch.sqrt(x * x + y * y + 0.01)
    lumps = wave(11 * angle + 0.3 * wave(3 * angle, 3 / (6 * radius), px), 11 / (6 * radius), px)
    fine = wave(23 * angle + 0.25, 23 / (6 * radius), px)
    return who.hair_curl * (0.022 * lumps + 0.009 * fine)


def face_opening(face: Frame, who: Layout) -> Tensor:
    """Distance to the region that the hair leaves free: the hairline, its parting and fringe."""
    x, y, fringe = face.x, face.y, who.fringe
    parting = 0.16 * who.part
    aside = torch.sqrt((x - parting) ** 2 + 0.006) - 0.077
    open_top = -0.42 + (0.30 + 0.18 * drape(who)) * aside
    open_top = open_top + 0.006 * wave(5.1 * x + 0.4 * y, 5.1, face.px)
    locks = 0.017 * wave(3.9 * x + 0.9 * who.sweep * y, 4.0, face.px)
    locks = locks + 0.011 * wave(8.3 * x + 0.2 + 1.5 * who.sweep * y, 8.5, face.px)
    notch = 0.04 * torch.exp(-(((x - parting) / 0.07) ** 2))
    fringe_top = -0.175 + 0.16 * who.sweep * x - notch + locks - 0.25 * x * x
    top = torch.lerp(open_top, fringe_top, fringe)
    hangs = drape(who)
    width = who.face_width - 0.030 - 0.045 * hangs
    width = width + 0.06 * hangs * (y - 0.35) * torch.sigmoid(8 * (y - 0.35))
    rounding = 0.17 - 0.09 * fringe
    return both(x.abs() - width, top - y, rounding) - 0.2 * rounding
