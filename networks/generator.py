"""What every generator offers, whatever its architecture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from networks.layers import MappingNetwork, MappingSpec


class Generator(nn.Module):
    """A mapping network and a synthesis network under the names of the checkpoints.

    Forward hooks on submodules of `synthesis` see every layer; a hook that raises stops
    the synthesis between layers and leaves nothing behind.
    """

    family: str  # "stylegan2" | "stylegan3"
    mapping: MappingNetwork
    synthesis: nn.Module

    def __init__(
        self, design: Any, mapping: MappingSpec, img_resolution: int, img_channels: int
    ) -> None:
        super().__init__()
        self.design = design  # what the network consists of; saved with the weights
        self.z_dim, self.c_dim, self.w_dim = mapping.z_dim, mapping.c_dim, mapping.w_dim
        self.num_ws = mapping.num_ws
        self.img_resolution, self.img_channels = img_resolution, img_channels
        self.untrained = False  # fixed random weights: the window says so
        self.provenance: dict[str, str] = {}  # how the weights came about, where the file says so
        self.sha256 = ""  # of the file it was read from

    @property
    def has_input_transform(self) -> bool:
        """The picture can be moved and turned through a Fourier-feature input."""
        raise NotImplementedError

    @property
    def has_noise(self) -> bool:
        """`noise_mode` has an effect."""
        raise NotImplementedError

    @property
    def reduced_on_cpu(self) -> bool:
        """Reduced precision also on a CPU with fast bfloat16. Off: there, pictures are exact."""
        return bool(self.synthesis.reduced_on_cpu)

    @reduced_on_cpu.setter
    def reduced_on_cpu(self, value: bool) -> None:
        # A plain attribute, which no module's machinery takes for a parameter.
        object.__setattr__(self.synthesis, "reduced_on_cpu", value)

    @property
    def num_parameters(self) -> int:
        """Number of trainable values."""
        return sum(parameter.numel() for parameter in self.parameters())

    def reset_parameters(self, seed: int = 0) -> None:
        """Starting values of training, the same for the same seed on every machine."""
        rng = torch.Generator().manual_seed(seed)
        # Children before parents: a parent may override what its children start from.
        for module in reversed(list(self.modules())):
            reset: Any = getattr(module, "reset_parameters", None)
            if module is not self and reset is not None:
                reset(rng)

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
        **synthesis_kwargs: Any,
    ) -> Tensor:
        """z [N, z_dim], c [N, c_dim] → image [N, img_channels, H, W], about −1…1."""
        ws = self.mapping(z, c, truncation_psi, truncation_cutoff)
        image: Tensor = self.synthesis(ws, **synthesis_kwargs)
        return image


NOISE_MODES = ("const", "random", "none")


def check_synthesis_arguments(ws: Tensor, num_ws: int, w_dim: int, noise_mode: str) -> None:
    """Refuse what a caller of `synthesis` got wrong.

    Raises:
        ValueError: ws of another shape, or an unknown noise mode.
    """
    if ws.ndim != 3 or tuple(ws.shape[1:]) != (num_ws, w_dim):
        raise ValueError(f"ws has shape {tuple(ws.shape)}, expected [N, {num_ws}, {w_dim}]")
    if noise_mode not in NOISE_MODES:
        raise ValueError(f"noise_mode is {noise_mode!r}, expected one of {', '.join(NOISE_MODES)}")
