"""What a latent says about a person: 64 traits, each a smooth function of z / |z|.

A fixed rotation of the sphere turns the latent into 64 independent, nearly normal numbers. The
first 46 are layout (pose, shapes, light), the others style (colours, texture), so that a portrait
can take its layout from one latent and its style from another. Every map below is smooth and
bounded: nothing is switched, everything fades or grows.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from networks.portraits import colors
from networks.portraits.shapes import smoothstep

Z_DIM = 64
NUM_LAYOUT = 46
_ROTATION_SEED = 20210623


@lru_cache(maxsize=1)
def _rotation() -> Tensor:
    """A fixed rotation of the latent space, [Z_DIM, Z_DIM]."""
    noise = np.random.RandomState(_ROTATION_SEED).randn(Z_DIM, Z_DIM)
    q, r = np.linalg.qr(noise)
    return torch.from_numpy((q * np.sign(np.diag(r))).astype(np.float32))


def seeds_to_z(seeds: list[int]) -> Tensor:
    """The latents of the seeds, float32 [len(seeds), Z_DIM]."""
    rows = [np.random.RandomState(seed).randn(Z_DIM) for seed in seeds]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def numbers(z: Tensor) -> Tensor:
    """The traits' raw numbers, about normal and independent: [N, Z_DIM] -> [Z_DIM, N, 1, 1]."""
    z = z.to(torch.float32)
    unit = z * torch.rsqrt((z * z).mean(dim=1, keepdim=True) + 1e-12)
    return (unit @ _rotation().to(z.device)).T[:, :, None, None]


def even(u: Tensor, low: float, high: float) -> Tensor:
    """Evenly spread over [low, high]."""
    return low + (high - low) * 0.5 * (1 + torch.erf(u / math.sqrt(2)))


def around(u: Tensor, middle: float, spread: float) -> Tensor:
    """Heaped around `middle`, never further than 2.2 spreads from it."""
    return middle + spread * 2.2 * torch.tanh(u / 2.2)


def grown(u: Tensor, start: float, pace: float = 4.0) -> Tensor:
    """From absent (0) to present (1) as u passes `start`: a steep but smooth step."""
    return torch.sigmoid(pace * (u - start))


def mixed(first: Tensor, second: Tensor, share: float) -> Tensor:
    """A normal number that depends on both, `share` of its variance on the second."""
    return math.sqrt(1 - share) * first + math.sqrt(share) * second


@dataclass(frozen=True)
class Layout:
    """Pose, shapes and light of a portrait; every field [N, 1, 1], lengths in head units."""

    shift_x: Tensor  # of the head, scene units
    shift_y: Tensor
    roll: Tensor  # radians
    scale: Tensor
    yaw: Tensor  # -1…1, how far the face looks to the side
    pitch: Tensor
    face_width: Tensor
    face_length: Tensor
    jaw: Tensor
    chin: Tensor
    softness: Tensor  # 0…1: brow, lash and jaw from strong to gentle
    eye_size: Tensor
    eye_gap: Tensor
    eye_tilt: Tensor
    eye_open: Tensor
    gaze: Tensor
    brow_lift: Tensor
    brow_weight: Tensor
    brow_tilt: Tensor
    nose_length: Tensor
    nose_width: Tensor
    mouth_width: Tensor
    lips: Tensor
    smile: Tensor
    hair_length: Tensor  # y where the hair ends
    hair_volume: Tensor
    hair_curl: Tensor
    hair_cover: Tensor  # 0 bald … 1 full
    fringe: Tensor
    part: Tensor
    sweep: Tensor
    bun: Tensor
    beard: Tensor
    moustache: Tensor
    glasses: Tensor
    glasses_round: Tensor
    neckline: Tensor
    neck_v: Tensor
    turtle: Tensor
    collar: Tensor
    shoulders: Tensor
    light_x: Tensor  # -1…1, where the light comes from
    disc_x: Tensor
    disc_size: Tensor
    arch: Tensor  # 0…1: the disc behind the head stands on the ground as an arch
    earrings: Tensor
    ears: Tensor


@dataclass(frozen=True)
class Style:
    """Colours (OKLab [N, 3, 1, 1]) and strengths of texture ([N, 1, 1]) of a portrait."""

    skin: Tensor
    hair: Tensor
    iris: Tensor
    lip: Tensor
    background: Tensor
    backdrop: Tensor  # the shapes on the background
    fabric: Tensor
    under: Tensor  # the fabric below the outer one
    metal: Tensor  # glasses and earrings
    blush: Tensor
    freckles: Tensor
    strands: Tensor
    stripes: Tensor
    knit: Tensor
    age: Tensor
    warmth: Tensor
    rim: Tensor
    lashes: Tensor


def layout_of(z: Tensor) -> Layout:
    """The layout a latent stands for."""
    u = numbers(z)
    soft = u[10]
    hair = _hair(u, soft)
    return Layout(
        **hair,
        **_features(u, soft),
        shift_x=around(u[0], 0, 0.035),
        shift_y=around(u[1], 0, 0.025),
        roll=around(u[2], 0, math.radians(4.5)),
        scale=around(u[3], 1.07, 0.035),
        yaw=around(u[4], 0, 0.42),
        pitch=around(u[5], 0, 0.35),
        beard=grown(mixed(u[30], -soft, 0.7), 0.7, 5),
        moustache=grown(mixed(u[31], mixed(u[30], -soft, 0.7), 0.75), 0.7, 5),
        glasses=grown(u[32], 0.5, 10),
        glasses_round=even(u[33], 0, 1),
        neckline=even(u[34], 0, 1),
        neck_v=grown(u[36] - 0.5 * u[34], 0.2, 3),
        turtle=grown(u[35], 0.45, 5),
        collar=grown(u[36], 0.3, 5),
        shoulders=around(mixed(u[37], -soft, 0.5), 0.86, 0.05),
        light_x=torch.tanh(1.6 * u[38]),
        disc_x=around(u[39], 0, 0.28),
        disc_size=around(u[40], 0.78, 0.1),
        arch=grown(u[45], 0.0, 4),
        earrings=grown(mixed(u[43], soft, 0.4), 0.6, 5),
    )


def _hair(u: Tensor, soft: Tensor) -> dict[str, Tensor]:
    """Short, bob or long, flat or full, straight or curled; length leans on softness."""
    length = mixed(u[23], soft, 0.5)
    curl = grown(u[25], 0.35, 3.0)
    bun = grown(mixed(u[28], soft, 0.2), 0.95, 3)
    cover = grown(mixed(u[29], soft, 0.35), -1.3, 3.6)
    bun = bun * smoothstep(cover, 0.3, 0.9)
    ends = -0.22 + 1.22 * grown(length, 0.3, 1.45)
    return {
        "hair_length": -0.05 + (ends + 0.05) * (1 - 0.55 * bun) * smoothstep(cover, 0.1, 1.0),
        "hair_volume": even(u[24], 0.045, 0.13) + 0.09 * curl * even(u[24], 0.2, 1.3),
        "hair_curl": curl,
        "hair_cover": cover,
        "fringe": grown(mixed(u[26], soft, 0.15), 0.35, 6),
        "part": 0.9 * torch.tanh(1.3 * u[27]),
        "sweep": torch.tanh(u[44]),
        "bun": bun,
    }


def _features(u: Tensor, soft: Tensor) -> dict[str, Tensor]:
    """The face: shape of the skull, eyes, brows, nose and mouth."""
    return {
        "softness": even(soft, 0, 1),
        "face_width": around(u[6], 0.385, 0.018),
        "face_length": around(u[7], 0.0, 0.022),
        "jaw": around(mixed(u[8], -soft, 0.45), 0.295, 0.02),
        "chin": around(mixed(u[9], -soft, 0.3), 0.15, 0.02),
        "eye_size": around(mixed(u[11], soft, 0.25), 0.100, 0.006),
        "eye_gap": around(u[12], 0.168, 0.008),
        "eye_tilt": around(u[13], 0.06, 0.06),
        "eye_open": around(u[14], 0.50, 0.06),
        "gaze": around(u[41], 0, 0.4),
        "brow_lift": around(u[15], 0.15, 0.012),
        "brow_weight": around(mixed(u[16], -soft, 0.4), 0.021, 0.005),
        "brow_tilt": around(u[17], -0.06, 0.07),
        "nose_length": around(u[18], 0.185, 0.014),
        "nose_width": around(u[19], 0.074, 0.009),
        "mouth_width": around(u[20], 0.142, 0.013),
        "lips": around(mixed(u[21], soft, 0.3), 0.040, 0.007),
        "smile": around(u[22], 0.8, 0.35),
        "ears": around(u[42], 1.0, 0.1),
    }


def style_of(z: Tensor) -> Style:
    """The style a latent stands for."""
    u = numbers(z)[NUM_LAYOUT:]
    tone = even(u[0], 0.06, 0.98)
    skin = colors.along(colors.SKINS, tone)
    skin = skin + 0.010 * torch.tanh(u[1])[:, None] * colors.lab(0.0, -0.5, 1.0).to(skin)
    hair = _apart(_hair_color(u, tone), skin)
    contrast = around(u[16], 0.045, 0.05)[:, None]
    turn = 0.9 * torch.tanh(u[16])
    lip = torch.lerp(skin, colors.oklab(["a8323a"]).to(skin)[:, :, None, None], 0.42)
    lip = colors.tinted(lip, even(u[6], 0.82, 0.98)[:, None], even(u[6], 1.25, 0.85)[:, None])
    gold, ink = colors.oklab(["b98b3e", "2a2527"]).to(skin)[:, :, None, None]
    return Style(
        skin=skin,
        hair=hair,
        iris=colors.along(colors.IRISES, even(mixed(u[5], -u[0], 0.45), 0.0, 1.0)),
        lip=lip,
        background=colors.around(colors.BACKGROUNDS, u[9], u[17]),
        backdrop=colors.around(colors.BACKGROUNDS, *_turned(u[9], u[17], turn))
        + contrast * colors.lab(1.0).to(skin),
        fabric=colors.around(colors.FABRICS, u[10], u[11]),
        under=colors.around(colors.FABRICS, *_turned(u[10], u[11], 2.2 + 0 * turn)),
        metal=torch.lerp(ink, gold, grown(u[13], 0.2, 4)[:, None]),
        blush=even(u[7], 0.1, 0.7),
        freckles=grown(u[8], 0.45, 4) * (1 - 0.6 * tone),
        strands=even(u[4], 0.7, 1.2),
        stripes=grown(u[12], 0.55, 5),
        knit=even(u[15], 0.2, 1.0),
        age=grown(u[3], 0.7, 3),
        warmth=torch.tanh(u[14]),
        rim=even(u[17], 0.3, 1.0),
        lashes=even(u[6], 0, 1),
    )


def _turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """A place on the colour wheel, moved around it by `angle` radians."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    return cos * x - sin * y, sin * x + cos * y


def _hair_color(u: Tensor, tone: Tensor) -> Tensor:
    """From black to fair, darker on the whole with darker skin, greying with age."""
    shade = even(u[2], 0.0, 1.0) ** 1.25 * (1 - 0.72 * tone)
    color = colors.along(colors.HAIRS, shade)
    grey = colors.along(["8d8a8c", "c9c5c1", "e6e2dc"], even(u[2], 0, 1))
    return torch.lerp(color, grey, 0.85 * grown(u[3], 0.95, 4)[:, None])


def _apart(color: Tensor, skin: Tensor) -> Tensor:
    """Darkens hair that is about as light as the skin, so that the two stay apart."""
    near = torch.exp(-(((color[:, :1] - skin[:, :1]) / 0.13) ** 2))
    return torch.cat([color[:, :1] - 0.11 * near, color[:, 1:]], dim=1)
