"""First stage: seeds → ws.

Each seed is mapped with truncation, the ws are blended about w_avg, and ticked rows are taken
from the mixing seed. The same seed gives the same latent everywhere in the field.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

import networks
from renderer.errors import RenderError
from renderer.messages import LatentSpec

MAX_SEED = 0xFFFFFFFF


def normalize_latents(spec: LatentSpec, generator: networks.Generator) -> LatentSpec:
    """The same ws under one name: what this model ignores is set to its default."""
    rows = tuple(sorted({row for row in spec.mix_rows if 0 <= row < generator.num_ws}))
    cutoff = spec.truncation_cutoff
    if cutoff is not None and (cutoff >= generator.num_ws or spec.truncation_psi == 1.0):
        cutoff = None
    return replace(
        spec,
        class_weights=spec.class_weights if generator.c_dim > 0 else None,
        truncation_cutoff=cutoff,
        mix_seed=spec.mix_seed if rows else 0,
        mix_rows=rows,
    )


def compute_ws(generator: networks.Generator, spec: LatentSpec, device: str) -> torch.Tensor:
    """ws [1, num_ws, w_dim] of a normalised spec.

    Raises:
        RenderError: a seed or a class that this model does not have.
    """
    offsets = _offsets(generator, spec, [seed for seed, _ in spec.seeds], device)
    weights = torch.tensor([weight for _, weight in spec.seeds], device=device)
    ws = (offsets * weights[:, None, None]).sum(dim=0, keepdim=True)
    if spec.mix_rows:
        rows = list(spec.mix_rows)
        # On its own, so that the other rows are the same to the bit with and without it.
        ws[:, rows] = _offsets(generator, spec, [spec.mix_seed], device)[:, rows]
    return ws + latent_average(generator)


def _offsets(
    generator: networks.Generator, spec: LatentSpec, seeds: list[int], device: str
) -> torch.Tensor:
    """ws of seeds about w_avg: [num_seeds, num_ws, w_dim]."""
    inputs = [seed_inputs(generator, seed, spec.class_weights) for seed in seeds]
    z = torch.from_numpy(np.stack([z for z, _ in inputs])).to(device)
    c = torch.from_numpy(np.stack([c for _, c in inputs])).to(device)
    ws: torch.Tensor = generator.mapping(
        z, c, truncation_psi=spec.truncation_psi, truncation_cutoff=spec.truncation_cutoff
    )
    return ws - latent_average(generator)


def latent_average(generator: networks.Generator) -> torch.Tensor:
    """w_avg [w_dim], the centre of truncation."""
    w_avg = generator.mapping.w_avg
    assert isinstance(w_avg, torch.Tensor)
    return w_avg


def seed_inputs(
    generator: networks.Generator, seed: int, class_weights: tuple[tuple[int, float], ...] | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """z [z_dim] and c [c_dim] of a seed; without class weights the seed draws its class too."""
    if not 0 <= seed <= MAX_SEED:
        raise RenderError(f"The seed {seed} is outside 0 to {MAX_SEED}.")
    random_state = np.random.RandomState(seed)
    z = random_state.randn(generator.z_dim).astype(np.float32)
    c = np.zeros(generator.c_dim, np.float32)
    if generator.c_dim > 0 and class_weights is None:
        c[random_state.randint(generator.c_dim)] = 1
    for class_idx, weight in class_weights or ():
        if not 0 <= class_idx < generator.c_dim:
            raise RenderError(
                f"The class {class_idx} does not exist: this model has classes"
                f" 0 to {generator.c_dim - 1}."
            )
        c[class_idx] += weight
    return z, c
