"""The mapping network of a PyTorch checkpoint, the same in both architectures."""

from __future__ import annotations

import itertools

from networks.errors import CheckpointError
from networks.layers import MappingSpec
from networks.stored_module import StoredModule


def read_mapping(module: StoredModule, num_ws: int, w_avg_beta: float) -> MappingSpec:
    """The mapping network; `w_avg_beta` is the architecture's default."""
    names = [name for name in module.children if name.startswith("fc")]
    if not names or any(not module.has(f"fc{i}") for i in range(len(names))):
        raise CheckpointError("its mapping network has no numbered layers fc0, fc1, …")
    layers = tuple(module.child(f"fc{i}").dense(0.01) for i in range(len(names)))
    embed = module.child("embed").dense() if module.has("embed") else None
    c_dim = embed.in_features if embed is not None else 0
    z_dim = layers[0].in_features - (embed.out_features if embed is not None else 0)
    for before, after in itertools.pairwise(layers):
        if before.out_features != after.in_features:
            raise CheckpointError("its mapping network's layers do not fit together")
    if z_dim < 0:
        raise CheckpointError("its mapping network's first layer is narrower than its label")
    return MappingSpec(
        z_dim=z_dim,
        c_dim=c_dim,
        w_dim=layers[-1].out_features,
        num_ws=num_ws,
        layers=layers,
        embed=embed,
        w_avg_beta=module.optional_number("w_avg_beta", w_avg_beta),
    )
