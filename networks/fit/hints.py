"""A generator's start from what a source tells about its latents.

Which numbers a latent stands for is what a fit learns most slowly. A source that offers them as
`traits_of` has the mapping network learn them beforehand, by themselves; with `pose_of` the
generator's own input transform follows what moves, so that the rest of it needs to know one place
only; with `waves` it has what fine texture is made of (see waves.py).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from networks.fit.routes import lead
from networks.fit.soap import Soap
from networks.fit.source import Source
from networks.fit.waves import follow, plant
from networks.fourier import SynthesisInput
from networks.generator import Generator
from networks.layers import MappingNetwork
from networks.stylegan3 import StyleGAN3

STEPS = 1500
BATCH = 1024
LR = 1.0  # of weights that are stored 100 times larger than they act
POOL = 65536  # latents
RIDGE = 1e-3
LOOKED_AT = 64  # latents, for which channels matter

Numbers = Callable[[Tensor], Tensor]


def take_hints(generator: Generator, source: Source, seed: int, steps: int = STEPS) -> float:
    """Teach the mapping network and the input; returns the explained share of the traits.

    Raises:
        ValueError: the source has no traits.
    """
    if source.traits is None:
        raise ValueError(f"source {source.name!r} has no traits_of(z); fit without --hinted")
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(POOL, source.z_dim, generator=rng)
    share = learn_traits(generator.mapping, z, _values(source.traits, z), steps, rng)
    set_input(generator, source, seed)
    return share


def set_input(generator: Generator, source: Source, seed: int) -> None:
    """Have the input follow the source's subject and carry its waves, as far as it tells them.

    Args:
        generator: changed in place; its mapping network must know the source's latents.
        source: where the hints come from.
        seed: of the latents that are looked at.

    Raises:
        ValueError: more waves than the input can spare features.
    """
    z = torch.randn(POOL, source.z_dim, generator=torch.Generator().manual_seed(seed))
    w = _values(lambda part: generator.mapping(part)[:, 0], z)
    module = next(m for m in generator.synthesis.modules() if isinstance(m, SynthesisInput))
    if source.pose is not None and module.affine.bias is not None:
        follow(module, w, *solve(w, _values(source.pose, z)))
    if source.waves is not None:
        freqs, phases = source.waves()
        at = plant(module, freqs.flatten(0, 1), phases.flatten()).view_as(phases)
        if isinstance(generator, StyleGAN3) and generator.design.layers[0].conv_kernel == 1:
            ws = _values(generator.mapping, z[:LOOKED_AT])
            lead(generator, ws, list(at), torch.Generator().manual_seed(0))


@torch.no_grad()
def _values(function: Numbers, z: Tensor) -> Tensor:
    return torch.cat([function(part) for part in z.split(BATCH)])


def learn_traits(
    mapping: MappingNetwork, z: Tensor, traits: Tensor, steps: int, rng: torch.Generator
) -> float:
    """Train the mapping network until a linear map of w gives the traits.

    Args:
        mapping: changed in place; every number of w has a mean square of 1 afterwards.
        z: [N, z_dim].
        traits: [N, K].
        steps: of BATCH latents each.
        rng: chooses them.

    Returns:
        The share of the traits' variance that w explains, on average.
    """
    wanted = (traits - traits.mean(dim=0)) / traits.std(dim=0).clamp_min(1e-6)
    head = torch.nn.Linear(mapping.spec.w_dim, traits.shape[1])
    torch.nn.init.normal_(head.weight, std=0.05, generator=rng)
    torch.nn.init.zeros_(head.bias)
    was_training = mapping.training
    mapping.eval().requires_grad_(True)  # the running mean is set at the end
    groups = [
        {"params": list(mapping.parameters()), "scale": LR},
        {"params": list(head.parameters()), "scale": LR / 100},
    ]
    optimizer = Soap(groups, lr=LR)
    explained = 0.0
    for step in range(steps):
        chosen = torch.randint(len(z), (BATCH,), generator=rng)
        loss = (head(mapping(z[chosen])[:, 0]) - wanted[chosen]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = group["scale"] * min(1.0, (step + 1) / 50, 2 * (1 - step / steps))
        optimizer.step()
        explained = 1 - float(loss.detach())
    _normalise(mapping, z)
    mapping.train(was_training)
    return explained


@torch.no_grad()
def _normalise(mapping: MappingNetwork, z: Tensor) -> None:
    """Leaky ReLU passes positive factors on, so the last layer can be scaled by its output."""
    last = getattr(mapping, f"fc{len(mapping.spec.layers) - 1}")
    w = _values(lambda part: mapping(part)[:, 0], z)
    size = w.square().mean(dim=0).sqrt().clamp_min(1e-3)
    last.weight.div_(size[:, None])
    last.bias.div_(size)
    mapping.w_avg.copy_((w / size).mean(dim=0))


def solve(w: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Weight [K, w_dim] and bias [K] of the best linear map from w [N, w_dim] to [N, K]."""
    rows = torch.cat([w, torch.ones(len(w), 1)], dim=1).double()
    ridge = RIDGE * len(w) * torch.eye(rows.shape[1], dtype=torch.float64)
    found = torch.linalg.solve(rows.t() @ rows + ridge, rows.t() @ wanted.double()).float()
    return found[:-1].t(), found[-1]
