"""StyleGAN3: a generator whose layers treat activations as continuous, band-limited signals.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021).
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import cuda_ext
from networks import fast_layers
from networks.filters import design_lowpass
from networks.fourier import SynthesisInput, inverse_transform
from networks.generator import Generator, check_synthesis_arguments
from networks.layers import LRELU_SLOPE, Derived, FullyConnected, MappingNetwork
from networks.modulation import demodulation, rms_weight, scale_channels
from networks.precision import layer_dtype
from networks.stop import Route, Stop
from networks.stylegan3_design import (
    LayerSpec,
    StyleGAN3Config,
    StyleGAN3Design,
    design_stylegan3,
)


class SynthesisLayer(nn.Module):
    """Modulated convolution, then upsample → leaky ReLU → downsample (section 3.2)."""

    magnitude_ema: Tensor  # running mean of x²
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, spec: LayerSpec) -> None:
        super().__init__()
        self.spec = spec
        kernel = spec.conv_kernel
        self.affine = FullyConnected(spec.affine, bias_init=1.0)
        self.weight = nn.Parameter(torch.empty(spec.out_channels, spec.in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(spec.out_channels))
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", _empty_filter(spec.up_taps, spec.up_radial))
        self.register_buffer("down_filter", _empty_filter(spec.down_taps, spec.down_radial))
        self._unit_weight = Derived(rms_weight)
        self._prepared = fast_layers.PreparedLayer()

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values, and the filters that the geometry asks for."""
        with torch.no_grad():
            self.weight.normal_(generator=rng)
            self.bias.zero_()
            self.magnitude_ema.fill_(1.0)
        spec = self.spec
        tmp_rate = spec.in_sampling_rate * spec.up
        self.up_filter = design_lowpass(
            spec.up_taps, spec.in_cutoff, spec.in_half_width, tmp_rate, spec.up_radial
        )
        self.down_filter = design_lowpass(
            spec.down_taps, spec.out_cutoff, spec.out_half_width, tmp_rate, spec.down_radial
        )

    def forward(self, x: Tensor, w: Tensor, force_fp32: bool = False) -> Tensor:
        """x [N, C_in, H, W], w [N, w_dim] → [N, C_out, out_size, out_size]."""
        spec, training = self.spec, self.training
        if training:
            magnitude = x.detach().float().square().mean()
            self.magnitude_ema.copy_(magnitude.lerp(self.magnitude_ema, spec.magnitude_ema_beta))
        fast = not training and fast_layers.serves(x, w, self.weight, self.bias, on_cuda=True)
        fast = fast and fast_layers.affine_is_plain(spec.affine)
        # A conversion for the few products of ToRGB alone would cost more than it gains.
        stays = spec.is_torgb and x.dtype == torch.float32
        kernel = spec.conv_kernel if fast and not stays else 0
        filtered = not spec.is_torgb
        x = x.to(layer_dtype(x.device, spec.use_fp16, force_fp32, kernel, filtered))
        if fast:
            return self._in_one_operation()(x, w)
        y: Tensor = cuda_ext.filtered_lrelu(
            self.convolve(x, self.affine(w)), **self._after(self.bias.to(x.dtype))._asdict()
        )
        return y

    def _after(self, bias: Tensor) -> cuda_ext.Filter:
        """What follows the convolution."""
        spec = self.spec
        return cuda_ext.Filter(
            fu=self.up_filter,
            fd=self.down_filter,
            b=bias,
            up=spec.up,
            down=spec.down,
            padding=spec.padding,
            gain=1.0 if spec.is_torgb else math.sqrt(2),
            slope=1.0 if spec.is_torgb else LRELU_SLOPE,
            clamp=spec.conv_clamp,
        )

    def _in_one_operation(self) -> cuda_ext.StyledLayer:
        """The layer without a call of the affine one."""
        affine = self.affine
        values = (self.weight, self.bias, affine.weight, affine.bias)
        buffers = (self.magnitude_ema, self.up_filter, self.down_filter)
        return self._prepared((*values, *buffers), self._prepare)

    def _prepare(self) -> cuda_ext.StyledLayer:
        prepare = fast_layers.prepare_plain if self.spec.is_torgb else fast_layers.prepare_rms
        fast = prepare(self.weight)
        style = fast_layers.style_of(self.affine, self.magnitude_ema, fast)
        return cuda_ext.StyledLayer(
            fast.conv, style, self._after(self.bias), self.spec.conv_kernel - 1
        )

    def convolve(self, x: Tensor, styles: Tensor) -> Tensor:
        """Modulated convolution with the input brought to unit magnitude, full padding."""
        input_gain = self.magnitude_ema.rsqrt()
        padding = self.spec.conv_kernel - 1
        if self.spec.is_torgb:
            fan_in = self.weight[0].numel()
            x = scale_channels(x, styles * (input_gain / math.sqrt(fan_in)))
            return F.conv2d(x, self.weight.to(x.dtype), padding=padding)
        unit = self._unit_weight(self.weight)
        styles = styles * styles.square().mean(dim=1, keepdim=True).rsqrt()
        x = scale_channels(x, styles * input_gain)
        x = F.conv2d(x, unit.weight.to(x.dtype), padding=padding)
        return scale_channels(x, demodulation(unit, styles))


def _empty_filter(taps: int, radial: bool) -> Tensor | None:
    if taps == 1:
        return None
    return torch.empty([taps, taps] if radial else [taps])


class SynthesisNetwork(nn.Module):
    """ws → image: Fourier features, then the chain of layers."""

    def __init__(self, design: StyleGAN3Design) -> None:
        super().__init__()
        self.reduced_on_cpu = False
        self.design = design
        self.input = SynthesisInput(design.input)
        self.layer_names = [spec.name for spec in design.layers]
        for spec in design.layers:
            self.add_module(spec.name, SynthesisLayer(spec))

    def forward(
        self,
        ws: Tensor,
        noise_mode: str = "const",
        noise_seed: int = 0,
        force_fp32: bool = False,
        input_transform: object = None,
        route: Route | None = None,
    ) -> Tensor:
        """Make the picture.

        Args:
            ws: [N, num_ws, w_dim].
            noise_mode: accepted, without effect: StyleGAN3 has no noise inputs.
            noise_seed: likewise.
            force_fp32: no reduced precision anywhere.
            input_transform: transform [3, 3] wanted for the picture, in image widths;
                None = what the checkpoint has stored.
            route: where to start, and who is shown the stops; None = at the input, nobody.

        Returns:
            [N, img_channels, H, W] float32, about −1…1.
        """
        mapping = self.design.mapping
        check_synthesis_arguments(ws, mapping.num_ws, mapping.w_dim, noise_mode)
        force_fp32 = force_fp32 or (ws.device.type == "cpu" and not self.reduced_on_cpu)
        rows = ws.float().unbind(dim=1)
        transform = None
        if input_transform is not None:
            transform = inverse_transform(input_transform).to(ws.device)
        start = None if route is None else route.start
        if start is None:
            x = self.input(rows[0], transform, self._dtype_of_input(ws, force_fp32))
        else:
            x = cast(Tensor, start.tensors[0])
        for row, name in enumerate(self.layer_names, 1):
            if start is not None and row < start.row:
                continue
            if route is not None:
                route.pass_by(Stop(row, (x,)))
            x = cast(SynthesisLayer, getattr(self, name))(x, rows[row], force_fp32)
        if self.design.output_scale != 1:
            x = x * self.design.output_scale
        return x.float().contiguous()

    def _dtype_of_input(self, ws: Tensor, force_fp32: bool) -> torch.dtype:
        """That of the first layer where the same kind of products makes both."""
        spec = self.design.layers[0]
        if ws.device.type != "cpu" or spec.conv_kernel != 1:
            return torch.float32
        return layer_dtype(ws.device, spec.use_fp16, force_fp32, spec.conv_kernel)


class StyleGAN3(Generator):
    """A StyleGAN3 generator, with starting values until weights are loaded."""

    family = "stylegan3"
    design: StyleGAN3Design
    synthesis: SynthesisNetwork

    def __init__(self, config: StyleGAN3Config | StyleGAN3Design, seed: int | None = 0) -> None:
        """Build the modules.

        Args:
            config: hyperparameters, or a design that names every layer.
            seed: of the starting values; None leaves the values unset, for loading.
        """
        design = design_stylegan3(config) if isinstance(config, StyleGAN3Config) else config
        super().__init__(design, design.mapping, design.img_resolution, design.img_channels)
        self.mapping = MappingNetwork(design.mapping)
        self.synthesis = SynthesisNetwork(design)
        if seed is not None:
            self.reset_parameters(seed)

    @property
    def has_input_transform(self) -> bool:
        return True

    @property
    def has_noise(self) -> bool:
        return False
