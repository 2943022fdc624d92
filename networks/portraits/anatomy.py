"""Where things are: frames that follow the pose, and the distance fields parts share."""

from dataclasses import dataclass

import torch
from torch import Tensor

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
    """

    body: Frame
    head: Frame
    face: Frame
    skull: Tensor
    hair: Tensor
    fall: Tensor
    behind: Tensor


def anatomy(scene: Frame, who: Layout) -> Anatomy:
    """Frames and outlines for every pixel of the scene."""
    body = scene.moved(0.5 * who.shift_x, 0.5 * who.shift_y)
    head = scene.moved(who.shift_x, who.shift_y - 0.10).moved(0, 0.45).turned(who.roll)
    head = head.moved(0, -0.45).scaled(who.scale)
    face = bent(head, who)
    skull = skull_outline(head, who)
    mass, fall = hair_outline(head, face, who)
    return Anatomy(body, head, face, skull, mass, fall, mass)


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
    x, y = head.x + 0.03 * who.yaw, head.y
    volume = who.hair_volume
    cap = ellipse(x, y + 0.115, who.face_width + 0.012 + 0.8 * volume, 0.435 + volume)
    length = who.hair_length
    half = (0.5 * (length + 0.25)).clamp_min(0.04)
    flare = 0.10 * (y - 0.1) * torch.sigmoid(6 * (y - 0.1))
    wide = who.face_width - 0.01 + 0.85 * volume + flare
    curtain = round_box(x, y - (length - half), wide, half, 0.11)
    mass = join(cap, curtain, 0.09) + 0.006
    knot = ellipse(x - 0.08 * who.part, y + 0.62 + 0.7 * volume, 0.17 * who.bun, 0.15 * who.bun)
    mass = join(mass, knot + 0.02 * (1 - who.bun), 0.03)
    mass = mass - curls(x, y, who, head.px)
    return mass, both(mass, -face_opening(face, who), 0.02)


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
    hairline = -0.375 + 0.205 * fringe
    parting = 0.13 * who.part
    away = (x - parting) * torch.sign(who.part.detach() + 1e-6)
    arch = 0.55 * (1 - fringe) * x * x + 0.10 * (1 - fringe) * who.part * x
    notch = 0.035 * fringe * torch.exp(-(((x - parting) / 0.07) ** 2))
    locks = 0.010 * wave(4.3 * x + 0.9 * who.sweep * y, 4.3, face.px)
    locks = locks + 0.006 * wave(9.1 * x + 0.2 + 1.5 * who.sweep * y, 9.2, face.px)
    del away
    top = hairline + arch + 0.12 * who.sweep * fringe * x - notch + (0.3 + fringe) * locks
    cover = torch.sigmoid(7 * (who.hair_length - 0.12))
    width = who.face_width - 0.035 - 0.035 * cover
    width = width + 0.06 * cover * (y - 0.35) * torch.sigmoid(8 * (y - 0.35))
    rounding = 0.17 - 0.09 * fringe
    return both(x.abs() - width, top - y, rounding) - 0.2 * rounding
