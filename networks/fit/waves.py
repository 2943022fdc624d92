"""The input of a generator set to what a source tells: where its subject stands, and its waves.

A source whose fine texture is made of fixed waves in the frame of its subject offers them as
`waves()`. Features of the input that matter least give way to them: finding frequencies of
twenty cycles per width is what gradients cannot do.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from networks.fourier import SynthesisInput

REACH = 0.7  # widths from the centre in which the other features make up for those that go
GRID = 48  # places per axis
RIDGE = 1e-4


@torch.no_grad()
def plant(module: SynthesisInput, freqs: Tensor, phases: Tensor) -> Tensor:
    """Put waves in the place of the features that are used least.

    The new ones begin with no weight; the old ones are made up for, as well as the rest can.

    Args:
        module: changed in place.
        freqs: [M, 2], cycles per width.
        phases: [M], turns.

    Returns:
        Their places among the features, [M].

    Raises:
        ValueError: more waves than half of the features.
    """
    num = len(freqs)
    if num > len(module.freqs) // 2:
        raise ValueError(
            f"the source has {num} waves, at most half of the input's {len(module.freqs)} "
            "features can be spared; choose more channels"
        )
    order = module.weight.norm(dim=0).argsort()
    gone, kept = order[:num], order[num:]
    waves = sampled(module.freqs, module.phases).double()
    gram = waves[:, kept].t() @ waves[:, kept]
    gram.diagonal().add_(RIDGE * len(waves))
    shares = torch.linalg.solve(gram, waves[:, kept].t() @ waves[:, gone]).float()
    module.weight[:, kept] += module.weight[:, gone] @ shares.t()
    module.weight[:, gone] = 0
    module.freqs[gone], module.phases[gone] = freqs, phases
    return gone


def sampled(freqs: Tensor, phases: Tensor) -> Tensor:
    """Features on a grid of places: [GRID², C]."""
    axis = (torch.arange(GRID) + 0.5) / GRID * 2 * REACH - REACH
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    places = torch.stack([x.flatten(), y.flatten()], dim=1)
    return torch.sin(math.tau * (places @ freqs.t() + phases))


@torch.no_grad()
def follow(module: SynthesisInput, w: Tensor, weight: Tensor, bias: Tensor) -> None:
    """Have the input's own transform be `weight` w + `bias`, and features keep their mean place.

    Args:
        module: changed in place.
        w: [N, w_dim], of many latents.
        weight: [4, w_dim].
        bias: [4].
    """
    before = mean_transform(module, w)
    assert module.affine.bias is not None
    module.affine.weight.copy_(weight / module.affine.spec.weight_gain)
    module.affine.bias.copy_(bias)
    change = before @ torch.linalg.inv(mean_transform(module, w))
    module.phases += module.freqs @ change[:2, 2]
    module.freqs.copy_(module.freqs @ change[:2, :2])


def mean_transform(module: SynthesisInput, w: Tensor) -> Tensor:
    """The learned transform at the mean of w: [3, 3]."""
    return module._learned_transform(w.mean(dim=0, keepdim=True))[0]
