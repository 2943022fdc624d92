"""StyleGAN2 and StyleGAN2-ADA: style-modulated convolutions that double the resolution.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020),
"Training Generative Adversarial Networks with Limited Data" (NeurIPS 2020).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from networks import fast_layers
from networks.fourier import SynthesisInput, inverse_transform
from networks.generator import Generator, check_synthesis_arguments
from networks.layers import MappingNetwork
from networks.precision import layer_dtype
from networks.stop import Route, Stop
from networks.stylegan2_design import (
    BlockSpec,
    StyleGAN2Config,
    StyleGAN2Design,
    design_stylegan2,
)
from networks.stylegan2_layers import (
    RESIDUAL_GAIN,
    Noise,
    SkipLayer,
    SynthesisLayer,
    ToRGBLayer,
    empty_filter,
    make_filter,
    upsample,
)


class Journey:
    """The route of a synthesis through one block."""

    def __init__(self, noise: Noise, first_row: int = 0, route: Route | None = None) -> None:
        self._noise = noise
        self._first_row = first_row
        self._route = route

    def begin(
        self, x: Tensor | None, img: Tensor | None
    ) -> tuple[int, tuple[Tensor | None, Tensor | None, Tensor | None]]:
        """How many rows of this block were read before, and (x, the residual path, img)."""
        start = None if self._route is None else self._route.start
        if start is None or x is not None:
            return 0, (x, None, img)
        self._noise.state = start.noise_state
        x, y, img = start.tensors
        return start.row - self._first_row, (x, y, img)

    def pass_by(self, idx: int, *tensors: Tensor | None) -> None:
        """The layer that reads row `idx` of this block comes next."""
        row = self._first_row + idx
        if self._route is not None and row > 0:
            self._route.pass_by(Stop(row, tensors, self._noise.state))


class SynthesisBlock(nn.Module):
    """One resolution: (skip,) conv0, conv1 (, ToRGB)."""

    resample_filter: Tensor

    def __init__(self, spec: BlockSpec, design: StyleGAN2Design) -> None:
        super().__init__()
        self.spec = spec
        self._taps = design.resample_filter
        self.register_buffer("resample_filter", empty_filter(spec.filter_shape))
        self.const: nn.Parameter | None = None
        self.input: SynthesisInput | None = None
        if spec.conv0 is not None:
            self.conv0 = SynthesisLayer(spec.conv0, self._taps)
        elif design.input is not None:
            self.input = SynthesisInput(design.input)
        else:
            size = spec.resolution
            self.const = nn.Parameter(torch.empty(spec.conv1.in_channels, size, size))
        self.conv1 = SynthesisLayer(spec.conv1, self._taps)
        self.torgb = ToRGBLayer(spec.torgb) if spec.torgb is not None else None
        self.skip = SkipLayer(spec.skip, self._taps) if spec.skip is not None else None

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values of the constant and the filter."""
        self.resample_filter = make_filter(self._taps)
        if self.const is not None:
            with torch.no_grad():
                self.const.normal_(generator=rng)

    def forward(
        self,
        x: Tensor | None,
        img: Tensor | None,
        rows: tuple[Tensor, ...],
        noise: Noise,
        force_fp32: bool = False,
        transform: Tensor | None = None,
        journey: Journey | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Features and picture of the resolution below → those of this one.

        Args:
            x: [N, C_in, H/2, W/2]; None in the first block that runs.
            img: [N, img_channels, H/2, W/2] float32, or None before the first ToRGB.
            rows: of ws, one per convolution and ToRGB.
            noise: where noise comes from.
            force_fp32: no reduced precision.
            transform: of a Fourier-feature input; see `SynthesisInput`.
            journey: the stops in this block; where x is None, it may start at one of them.
        """
        conv, num_conv = self.conv1, self.spec.num_conv
        fast = not self.training and fast_layers.serves(rows[0], conv.weight, conv.bias)
        kernel = conv.spec.kernel if fast else 0
        dtype = layer_dtype(rows[0].device, self.spec.use_fp16, force_fp32, kernel)
        journey = journey or Journey(noise)
        done, (x, y, img) = journey.begin(x, img)  # rows that were read before
        if self.spec.conv0 is None and done == 0:
            x = self._start(rows[0], transform).to(dtype)
        elif done == 0:
            assert x is not None
            journey.pass_by(0, x, None, img)
            x = x.to(dtype)
            y = None if self.skip is None else self.skip(x)
            x = self.conv0(x, rows[0], noise)
        if done < num_conv:
            journey.pass_by(num_conv - 1, x, y, img)
            x = self.conv1(x, rows[num_conv - 1], noise, 1.0 if y is None else RESIDUAL_GAIN)
            x = x if y is None else y + x
        assert x is not None
        if self.torgb is not None:
            journey.pass_by(num_conv, x, None, img)
        if img is not None:
            img = upsample(img, self.resample_filter)
        if self.torgb is not None:
            rgb = self.torgb(x, rows[num_conv]).float()
            img = rgb if img is None else img + rgb
        return x, img

    def _start(self, w: Tensor, transform: Tensor | None) -> Tensor:
        if self.input is not None:
            return cast(Tensor, self.input(w, transform))
        assert self.const is not None
        return self.const.unsqueeze(0).expand(w.shape[0], -1, -1, -1)


class SynthesisNetwork(nn.Module):
    """ws → image: a chain of blocks from 4×4 up."""

    def __init__(self, design: StyleGAN2Design) -> None:
        super().__init__()
        self.reduced_on_cpu = False
        self.design = design
        self.block_names = [spec.name for spec in design.blocks]
        for spec in design.blocks:
            self.add_module(spec.name, SynthesisBlock(spec, design))

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
            noise_mode: "const" (stored noise), "random" or "none".
            noise_seed: of random noise; drawn on the CPU, so every device gets the same.
            force_fp32: no reduced precision anywhere.
            input_transform: transform [3, 3] wanted for the picture; has no effect on a
                learned constant, which has no coordinates.
            route: where to start, and who is shown the stops; None = at the input, nobody.

        Returns:
            [N, img_channels, H, W] float32, about −1…1.
        """
        mapping = self.design.mapping
        check_synthesis_arguments(ws, mapping.num_ws, mapping.w_dim, noise_mode)
        force_fp32 = force_fp32 or (ws.device.type == "cpu" and not self.reduced_on_cpu)
        transform = None
        if input_transform is not None:
            transform = inverse_transform(input_transform).to(ws.device)
        rows = ws.float().unbind(dim=1)
        noise = Noise(noise_mode, noise_seed)
        x: Tensor | None = None
        img: Tensor | None = None
        first = 0
        for name in self.block_names:
            block = cast(SynthesisBlock, getattr(self, name))
            last = first + block.spec.num_conv + block.spec.num_torgb
            if route is None or route.start is None or route.start.row < last:
                journey = Journey(noise, first, route)
                x, img = block(x, img, rows[first:last], noise, force_fp32, transform, journey)
            first += block.spec.num_conv  # ToRGB shares its row with the next convolution
        assert img is not None
        return img


class StyleGAN2(Generator):
    """A StyleGAN2 generator, with starting values until weights are loaded."""

    family = "stylegan2"
    design: StyleGAN2Design
    synthesis: SynthesisNetwork

    def __init__(self, config: StyleGAN2Config | StyleGAN2Design, seed: int | None = 0) -> None:
        """Build the modules.

        Args:
            config: hyperparameters, or a design that names every layer.
            seed: of the starting values; None leaves the values unset, for loading.
        """
        design = design_stylegan2(config) if isinstance(config, StyleGAN2Config) else config
        super().__init__(design, design.mapping, design.img_resolution, design.img_channels)
        self.mapping = MappingNetwork(design.mapping)
        self.synthesis = SynthesisNetwork(design)
        if seed is not None:
            self.reset_parameters(seed)

    @property
    def has_input_transform(self) -> bool:
        return self.design.input is not None

    @property
    def has_noise(self) -> bool:
        convs = [conv for block in self.design.blocks for conv in (block.conv0, block.conv1)]
        return any(conv is not None and conv.use_noise for conv in convs)
