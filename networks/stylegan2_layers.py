"""The layers of a StyleGAN2 block.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020),
section 2.2 (modulation and demodulation) and figure 2.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import cuda_ext
from networks import fast_layers
from networks.layers import LRELU_SLOPE, Derived, FullyConnected
from networks.modulation import bounded_styles, demodulation, scale_channels, unit_weight
from networks.stylegan2_design import ConvSpec, SkipSpec, ToRGBSpec

RESIDUAL_GAIN = math.sqrt(0.5)  # keeps the sum of two paths at unit variance
SLOPES = {"linear": 1.0, "lrelu": LRELU_SLOPE, "relu": 0.0}


class Noise:
    """Where the noise of the layers comes from, for one picture."""

    def __init__(self, mode: str, seed: int) -> None:
        self.mode = mode
        self._rng = torch.Generator().manual_seed(seed) if mode == "random" else None

    @property
    def state(self) -> Tensor | None:
        """Of the random numbers to come; None where there are none."""
        return None if self._rng is None else self._rng.get_state()

    @state.setter
    def state(self, state: Tensor | None) -> None:
        if self._rng is not None and state is not None:
            self._rng.set_state(state)

    def draw(self, batch: int, constant: Tensor) -> Tensor | None:
        """The next layer's noise: [H, W] stored, [N, 1, H, W] random, or None."""
        if self.mode == "none":
            return None
        if self._rng is None:
            return constant
        return torch.randn(batch, 1, *constant.shape, generator=self._rng).to(constant.device)


def make_filter(taps: tuple[float, ...]) -> Tensor:
    """Resampling filter of unit sum; short ones as an outer product."""
    f = torch.tensor(taps, dtype=torch.float32)
    if len(taps) < 8:
        f = torch.outer(f, f)
    return f / f.sum()


def empty_filter(shape: tuple[int, ...]) -> Tensor:
    return torch.empty(shape)


def upsample(x: Tensor, f: Tensor) -> Tensor:
    """Twice the size, by FIR filtering."""
    return _upfirdn(x, f, (f.shape[0] + 1) // 2, (f.shape[0] - 2) // 2, up=2)


def _upfirdn(x: Tensor, f: Tensor, before: int, after: int, up: int) -> Tensor:
    padding = [before, after, before, after]
    y: Tensor = cuda_ext.upfirdn2d(x, f, up=up, padding=padding, gain=4.0)
    return y


class SynthesisLayer(nn.Module):
    """Modulated convolution (up 1 or 2), demodulation, noise, bias, activation, clamp."""

    resample_filter: Tensor
    noise_const: Tensor

    def __init__(self, spec: ConvSpec, taps: tuple[float, ...]) -> None:
        super().__init__()
        self.spec = spec
        self._taps = taps
        kernel = spec.kernel
        self.affine = FullyConnected(spec.affine, bias_init=1.0)
        self.weight = nn.Parameter(torch.empty(spec.out_channels, spec.in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(spec.out_channels))
        self.noise_strength: nn.Parameter | None = None
        if spec.use_noise:
            self.noise_strength = nn.Parameter(torch.empty([]))
            self.register_buffer("noise_const", torch.empty(spec.resolution, spec.resolution))
        self.register_buffer("resample_filter", empty_filter(spec.filter_shape))
        self._unit_weight = Derived(unit_weight)
        self._fast_weight = Derived(fast_layers.prepare_unit)
        self._up_weight = Derived(fast_layers.prepare_transposed)

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values: weights and noise N(0, 1), noise switched off."""
        with torch.no_grad():
            self.weight.normal_(generator=rng)
            self.bias.zero_()
            if self.noise_strength is not None:
                self.noise_strength.zero_()
                self.noise_const.normal_(generator=rng)
        self.resample_filter = make_filter(self._taps)

    def forward(self, x: Tensor, w: Tensor, noise: Noise, gain: float = 1.0) -> Tensor:
        """x [N, C_in, H/up, W/up], w [N, w_dim] → [N, C_out, H, W], times `gain`."""
        spec = self.spec
        styles = self.affine(w)
        noise_map = self._draw(noise, x.shape[0])
        x_scale = None
        if not self.training and fast_layers.serves(x, w, self.weight, self.bias):
            x, x_scale = self._convolve_fast(x, styles)
        else:
            unit = self._unit_weight(self.weight)
            styles, largest = bounded_styles(styles)
            x = self._convolve(scale_channels(x, styles), unit.weight.to(x.dtype))
            x = scale_channels(x, demodulation(unit, styles, largest))
            if noise_map is not None:
                x, noise_map = x + noise_map.to(x.dtype), None
        y: Tensor = cuda_ext.bias_act(
            x,
            self.bias.to(x.dtype),
            gain=spec.act_gain * gain,
            slope=SLOPES[spec.activation],
            clamp=None if spec.conv_clamp is None else spec.conv_clamp * gain,
            x_scale=x_scale,
            noise=noise_map,
        )
        return y

    def _draw(self, noise: Noise, batch: int) -> Tensor | None:
        """This layer's noise in its strength: [H, W] or [N, 1, H, W]."""
        if self.noise_strength is None:
            return None
        noise_map = noise.draw(batch, self.noise_const)
        return None if noise_map is None else noise_map * self.noise_strength

    def _convolve_fast(self, x: Tensor, styles: Tensor) -> tuple[Tensor, Tensor]:
        """The convolution, and the demodulation that is left to the next operation."""
        if self.spec.up == 1:
            fast = self._fast_weight(self.weight)
            assert fast.unit is not None
            x = cuda_ext.modulated_conv2d(x, fast.conv, styles, padding=self.spec.kernel // 2)
            return x, demodulation(fast.unit, styles)
        up = self._up_weight(self.weight)
        x = fast_layers.scaled(x, styles)
        x = F.conv_transpose2d(x, up.weight.to(x.dtype), stride=2)
        before, after = self._up_padding()
        y: Tensor = cuda_ext.filtered_lrelu(
            x,
            fd=fast_layers.separable(self.resample_filter),
            padding=[before, after, before, after],
            gain=4.0,
            slope=1.0,
        )
        return y, demodulation(up, styles)

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        if self.spec.up == 1:
            return F.conv2d(x, weight, padding=self.spec.kernel // 2)
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        before, after = self._up_padding()
        return _upfirdn(x, self.resample_filter, before, after, up=1)

    def _up_padding(self) -> tuple[int, int]:
        """What the convolution's own padding and the transposed one's growth leave to do."""
        kernel, taps = self.spec.kernel, self.resample_filter.shape[0]
        before = (taps + 1) // 2 + kernel // 2 - (kernel - 1)
        return before, (taps - 2) // 2 + kernel // 2 - (kernel - 2)


class ToRGBLayer(nn.Module):
    """Modulated convolution to colours: no demodulation, no activation."""

    def __init__(self, spec: ToRGBSpec) -> None:
        super().__init__()
        self.spec = spec
        kernel = spec.kernel
        self.affine = FullyConnected(spec.affine, bias_init=1.0)
        self.weight = nn.Parameter(torch.empty(spec.out_channels, spec.in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(spec.out_channels))
        self._plain_weight = Derived(fast_layers.prepare_plain)

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values."""
        with torch.no_grad():
            self.weight.normal_(generator=rng)
            self.bias.zero_()

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """x [N, C, H, W], w [N, w_dim] → [N, img_channels, H, W]."""
        styles = self.affine(w) * self.spec.weight_gain
        padding = self.spec.kernel // 2
        if not self.training and fast_layers.serves(x, w, self.weight, self.bias):
            conv = self._plain_weight(self.weight).conv
            x = cuda_ext.modulated_conv2d(x, conv, styles, padding=padding)
        else:
            x = F.conv2d(scale_channels(x, styles), self.weight.to(x.dtype), padding=padding)
        y: Tensor = cuda_ext.bias_act(
            x, self.bias.to(x.dtype), gain=1.0, slope=1.0, clamp=self.spec.conv_clamp
        )
        return y


class SkipLayer(nn.Module):
    """The residual path: 1×1 convolution, then FIR upsampling."""

    resample_filter: Tensor

    def __init__(self, spec: SkipSpec, taps: tuple[float, ...]) -> None:
        super().__init__()
        self.spec = spec
        self._taps = taps
        kernel = spec.kernel
        self.weight = nn.Parameter(torch.empty(spec.out_channels, spec.in_channels, kernel, kernel))
        self.register_buffer("resample_filter", empty_filter(spec.filter_shape))
        self._scaled_weight = Derived(self._scale_weight)

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values."""
        with torch.no_grad():
            self.weight.normal_(generator=rng)
        self.resample_filter = make_filter(self._taps)

    def _scale_weight(self, weight: Tensor) -> Tensor:
        return weight * (self.spec.weight_gain * RESIDUAL_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """x [N, C_in, H/2, W/2] → [N, C_out, H, W], times √½."""
        weight = self._scaled_weight(self.weight).to(x.dtype)
        return upsample(F.conv2d(x, weight, padding=self.spec.kernel // 2), self.resample_filter)
