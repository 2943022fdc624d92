"""Fourier-feature input: the picture's coordinate system, which can be moved and turned.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021),
section 3.2 and appendix F.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

import cuda_ext
from networks import fast_layers
from networks.layers import DenseSpec, Derived, FullyConnected


@dataclass(frozen=True)
class InputSpec:
    """The Fourier-feature input."""

    channels: int
    size: int  # samples per axis, margins included
    sampling_rate: float  # samples per image width
    bandwidth: float  # cycles per image width
    affine: DenseSpec  # w → (rotation, translation)


def inverse_transform(wanted: object) -> Tensor:
    """The inverse [3, 3] of the transform wanted for the picture, for the `transform` buffer.

    Raises:
        ValueError: not a 3×3 matrix of finite numbers, or singular.
    """
    if isinstance(wanted, Tensor):
        wanted = wanted.detach().cpu().numpy()
    matrix = np.asarray(wanted, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise ValueError(f"the input transform is {wanted!r}, expected a finite 3×3 matrix")
    if abs(np.linalg.det(matrix)) < 1e-8:
        raise ValueError(
            "the input transform is singular: it squashes the picture to a line; "
            "choose one that can be undone"
        )
    return torch.from_numpy(np.linalg.inv(matrix)).float()


class SynthesisInput(nn.Module):
    """ws row [N, w_dim] → sampled Fourier features [N, channels, size, size], float32."""

    transform: Tensor  # inverse [3, 3] of the picture transform, where none is asked for
    freqs: Tensor  # [channels, 2], cycles per image width
    phases: Tensor  # [channels], turns

    def __init__(self, spec: InputSpec) -> None:
        super().__init__()
        self.spec = spec
        self.affine = FullyConnected(spec.affine, weight_std=0.0)
        self.weight = nn.Parameter(torch.empty(spec.channels, spec.channels))
        # Spelled out: on the meta device torch.eye imports a compiler, which takes seconds.
        unit = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        self.register_buffer("transform", unit)
        self.register_buffer("freqs", torch.empty(spec.channels, 2))
        self.register_buffer("phases", torch.empty(spec.channels))
        self._mixing = Derived(self._scale_mixing)
        self._fast_mixing = Derived(fast_layers.prepare_mixing)

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values: frequencies uniform in the disc of radius `bandwidth`."""
        with torch.no_grad():
            self.weight.normal_(generator=rng)
            self.transform.copy_(torch.eye(3))
            uniform = torch.rand(self.spec.channels, 2, generator=rng)
            radius = self.spec.bandwidth * uniform[:, 0].sqrt()
            angle = math.tau * uniform[:, 1]
            self.freqs.copy_(torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1))
            self.phases.copy_(torch.rand(self.spec.channels, generator=rng) - 0.5)
            # Set after the affine layer's own reset: module order is parents last.
            assert self.affine.bias is not None
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))

    def _scale_mixing(self, weight: Tensor) -> Tensor:
        return (weight / math.sqrt(self.spec.channels)).t()

    def forward(
        self, w: Tensor, transform: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Sample the features.

        Args:
            w: [N, w_dim].
            transform: inverse [3, 3] of the wanted picture transform; None = the stored one.
            dtype: wanted for the features; the native path follows it.
        """
        transform = self.transform if transform is None else transform
        values = (w, transform, self.weight, self.affine.weight, self.affine.bias)
        fast = not self.training and fast_layers.serves(w, *values)
        if fast and fast_layers.affine_is_plain(self.spec.affine):
            return self._in_one_operation(w, transform, dtype)
        matrix = self._learned_transform(w) @ transform
        x = self._waves(*self._transformed(matrix)) @ self._mixing(self.weight)
        return x.permute(0, 3, 1, 2)  # [N, C, H, W], channels-last

    def _in_one_operation(self, w: Tensor, transform: Tensor, dtype: torch.dtype) -> Tensor:
        affine, spec = self.affine, self.spec
        assert affine.bias is not None
        fourier = cuda_ext.Fourier(
            affine.weight,
            affine.spec.weight_gain,
            affine.bias if affine.spec.bias_gain == 1 else affine.bias * affine.spec.bias_gain,
            self.freqs,
            self.phases,
            self._fast_mixing(self.weight),
            spec.size,
            spec.sampling_rate,
            spec.bandwidth,
            self._fade(),
        )
        y: Tensor = cuda_ext.fourier_features(w, transform, fourier, dtype)
        return y

    def _waves(self, freqs: Tensor, phases: Tensor, amplitudes: Tensor) -> Tensor:
        """sin(2π(coord · freqs + phases)) · amplitudes [N, H, W, C] of all pixel centres.

        sin(a + b) with a along x and b along y, so that there are few sines to compute.
        """
        size = self.spec.size
        axis = (torch.arange(size, device=freqs.device) + 0.5 - size / 2) / self.spec.sampling_rate
        turns = axis[None, :, None, None] * freqs[:, None] * math.tau  # [N, size, C, 2]
        a, b = turns[..., 0] + phases[:, None] * math.tau, turns[..., 1]  # [N, size, C]
        sin_b, cos_b = b.sin() * amplitudes[:, None], b.cos() * amplitudes[:, None]
        x = a.sin()[:, None] * cos_b[:, :, None]  # [N, H, W, C]
        return torch.addcmul(x, a.cos()[:, None], sin_b[:, :, None])

    def _learned_transform(self, w: Tensor) -> Tensor:
        """R·S [N, 3, 3]: the rotation and translation that w asks for."""
        t = self.affine(w)  # [N, 4]
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        one, zero = torch.ones_like(t[:, 0]), torch.zeros_like(t[:, 0])
        rotation = [t[:, 0], -t[:, 1], zero, t[:, 1], t[:, 0], zero, zero, zero, one]
        shift = [one, zero, -t[:, 2], zero, one, -t[:, 3], zero, zero, one]
        rotate = torch.stack(rotation, dim=1).reshape(-1, 3, 3)
        return rotate @ torch.stack(shift, dim=1).reshape(-1, 3, 3)

    def _transformed(self, matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frequencies [N, C, 2], phases [N, C] and amplitudes [N, C] after a transform."""
        phases = self.phases + (self.freqs @ matrix[:, :2, 2:]).squeeze(2)
        freqs = self.freqs @ matrix[:, :2, :2]
        beyond = (freqs.norm(dim=2) - self.spec.bandwidth) / self._fade()
        return freqs, phases, (1 - beyond).clamp(0, 1)

    def _fade(self) -> float:
        """The width of the band in which frequencies fade out that a scaling pushes towards the
        Nyquist limit. It is 0 where bandwidth is the limit itself (our 4×4 variant): keep it
        positive."""
        rate = self.spec.sampling_rate
        fade = rate / 2 - self.spec.bandwidth
        return fade if fade > 1e-6 * rate else 0.01 * rate
