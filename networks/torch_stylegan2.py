"""A StyleGAN2 generator from the modules of a PyTorch checkpoint."""

from __future__ import annotations

import itertools
import math

from networks.errors import CheckpointError
from networks.fourier import InputSpec
from networks.layers import ACTIVATION_GAINS, DenseSpec
from networks.pickle_values import TensorRecord
from networks.stored_mapping import read_mapping
from networks.stored_module import StoredModule, checked_activation
from networks.stylegan2_design import (
    BlockSpec,
    ConvSpec,
    SkipSpec,
    StyleGAN2Design,
    ToRGBSpec,
    count_ws,
)

MAX_RESOLUTION = 8192
KERNELS = (1, 3, 5, 7)
MAX_TAPS = 256  # of a resampling filter


def read_stylegan2(generator: StoredModule) -> StyleGAN2Design:
    """The design of a stored generator, from its attributes and tensor shapes.

    Raises:
        CheckpointError: parts are missing or do not fit together.
    """
    synthesis = generator.child("synthesis")
    resolutions: list[int] = []
    while synthesis.has(f"b{4 * 2 ** len(resolutions)}"):
        resolutions.append(4 * 2 ** len(resolutions))
    if not resolutions or len(resolutions) != len(synthesis.children):
        raise CheckpointError("its synthesis network is not a chain of blocks b4, b8, …")
    blocks = tuple(_read_block(synthesis.child(f"b{r}"), r) for r in resolutions)
    last = blocks[-1].torgb
    if last is None:
        raise CheckpointError("its last block makes no picture (torgb)")
    design = StyleGAN2Design(
        img_resolution=resolutions[-1],
        img_channels=last.out_channels,
        mapping=read_mapping(generator.child("mapping"), count_ws(blocks), 0.995),
        blocks=blocks,
    )
    check_stylegan2(design)
    return design


def _read_block(module: StoredModule, resolution: int) -> BlockSpec:
    is_first = resolution == 4
    if module.has("conv0") == is_first or ("const" in module.tensors) != is_first:
        raise CheckpointError(f"its {module.path} does not begin as a block of its resolution")
    return BlockSpec(
        name=f"b{resolution}",
        resolution=resolution,
        conv1=_read_conv(module.child("conv1"), resolution, 1),
        filter_shape=_filter_shape(module),
        conv0=None if is_first else _read_conv(module.child("conv0"), resolution, 2),
        torgb=_read_torgb(module.child("torgb")) if module.has("torgb") else None,
        skip=_read_skip(module.child("skip")) if module.has("skip") else None,
        use_fp16=module.flag("use_fp16", False),
    )


def _filter_shape(module: StoredModule) -> tuple[int, ...]:
    tensor = module.tensors.get("resample_filter")
    rank = len(tensor.shape) if isinstance(tensor, TensorRecord) else 2
    shape = module.shape("resample_filter", 1 if rank == 1 else 2)
    if len(set(shape)) != 1 or not 1 <= shape[0] <= MAX_TAPS:
        raise CheckpointError(f"its {module.path} has a resampling filter of shape {shape}")
    return shape


def _read_conv(module: StoredModule, resolution: int, up: int) -> ConvSpec:
    out_channels, in_channels, kernel, _ = _square_weight(module)
    if module.integer("up", up) != up:
        raise CheckpointError(f"its {module.path} has another upsampling factor than {up}")
    activation = checked_activation(module.text("activation", "lrelu"), module.path)
    has_noise = "noise_const" in module.tensors and "noise_strength" in module.tensors
    return ConvSpec(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel=kernel,
        resolution=resolution,
        affine=module.child("affine").dense(),
        filter_shape=_filter_shape(module),
        up=up,
        use_noise=has_noise,
        activation=activation,
        act_gain=module.number("act_gain", ACTIVATION_GAINS[activation]),
        conv_clamp=module.optional_number("conv_clamp", None),
    )


def _read_torgb(module: StoredModule) -> ToRGBSpec:
    out_channels, in_channels, kernel, fan_in = _square_weight(module)
    return ToRGBSpec(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel=kernel,
        affine=module.child("affine").dense(),
        weight_gain=module.number("weight_gain", 1 / math.sqrt(fan_in)),
        conv_clamp=module.optional_number("conv_clamp", None),
    )


def _read_skip(module: StoredModule) -> SkipSpec:
    out_channels, in_channels, kernel, fan_in = _square_weight(module)
    gain = module.number("weight_gain", 1 / math.sqrt(fan_in))
    return SkipSpec(in_channels, out_channels, kernel, _filter_shape(module), gain)


def _square_weight(module: StoredModule) -> tuple[int, int, int, int]:
    """Output channels, input channels, kernel size and fan-in."""
    out_channels, in_channels, kernel, kernel_x = module.shape("weight", 4)
    if kernel != kernel_x or kernel not in KERNELS or not in_channels:
        raise CheckpointError(f"its {module.path} has a kernel of {kernel}×{kernel_x}")
    return out_channels, in_channels, kernel, in_channels * kernel**2


def check_stylegan2(design: StyleGAN2Design) -> None:
    """Refuse parts that do not fit together, before anything is allocated.

    Raises:
        CheckpointError: with the name of the part.
    """
    w_dim = design.mapping.w_dim
    channels = design.blocks[0].conv1.in_channels
    plan = _plan(design.blocks)
    last, size = design.blocks[-1], design.img_resolution
    if not 4 <= size <= MAX_RESOLUTION or last.resolution != size or last.torgb is None:
        raise CheckpointError(f"its pictures have {size} pixels")
    if not 1 <= design.img_channels <= 4:
        raise CheckpointError(f"its pictures have {design.img_channels} channels; 1 to 4 are known")
    has_torgb = {block.torgb is not None for block in design.blocks[:-1]}
    has_skip = {block.skip is not None for block in design.blocks[1:]}
    if len(has_torgb) > 1 or len(has_skip) > 1 or design.blocks[0].skip is not None:
        raise CheckpointError("its blocks have different architectures")
    if design.input is not None:
        _check_input(design.input, design.blocks[0].resolution, channels, w_dim)
    if design.mapping.num_ws != count_ws(design.blocks):
        raise CheckpointError("its mapping network does not fit its synthesis network")
    for block, (name, up) in zip(design.blocks, plan, strict=True):
        _check_convolutions(block, name, up)
        _check_block(block, channels, design.img_channels, w_dim)
        channels = block.conv1.out_channels


def _plan(blocks: tuple[BlockSpec, ...]) -> list[tuple[str, int | None]]:
    """Name of each block and factor of its upsampling (None: the first, which has nothing to read).

    Blocks are named after their resolutions 4, 8, …; or b0, b1, … in generators of ours, which
    begin at any size and need not double it.
    """
    if blocks[0].name != "b0":
        resolutions = tuple(4 * 2**i for i in range(len(blocks)))
        if tuple(block.resolution for block in blocks) != resolutions:
            raise CheckpointError("its blocks are not a chain of resolutions 4, 8, …")
        return [(f"b{size}", None if size == 4 else 2) for size in resolutions]
    plan: list[tuple[str, int | None]] = [("b0", None)]
    for i, (before, block) in enumerate(itertools.pairwise(blocks)):
        up = 1 if block.resolution == before.resolution else 2
        if before.resolution < 1 or block.resolution != before.resolution * up:
            raise CheckpointError("its blocks neither keep nor double the resolution")
        if before.torgb is not None or block.skip is not None:
            raise CheckpointError("its blocks have different architectures")
        plan.append((f"b{i + 1}", up))
    return plan


def _check_input(spec: InputSpec, size: int, channels: int, w_dim: int) -> None:
    """A Fourier-feature input gives what the first convolution reads."""
    affine = (spec.affine.in_features, spec.affine.out_features)
    is_grid = spec.size == size and spec.sampling_rate > 0
    if not is_grid or spec.channels != channels or affine != (w_dim, 4):
        raise CheckpointError("its Fourier-feature input does not fit its first block")


def _check_convolutions(block: BlockSpec, name: str, up0: int | None) -> None:
    """Sizes and numbers that the arithmetic can work with."""
    if block.name != name or (block.conv0 is None) != (up0 is None):
        raise CheckpointError(f"its block {block.name[:20]!r} is not the one of its resolution")
    parts = (block.conv0, block.conv1, block.torgb, block.skip)
    for part in [part for part in parts if part is not None]:
        clamp = getattr(part, "conv_clamp", None)
        if part.kernel not in KERNELS or (clamp is not None and clamp < 0):
            raise CheckpointError(
                f"its {name} has a kernel of {part.kernel} and a clamp of {clamp}"
            )
    for up, conv in ((up0, block.conv0), (1, block.conv1)):
        if conv is not None and (conv.up, conv.resolution) != (up, block.resolution):
            raise CheckpointError(f"its {name} has a convolution of another resolution")
        if conv is not None:
            checked_activation(conv.activation, name)
    shapes = [
        part.filter_shape
        for part in (block, block.conv0, block.conv1, block.skip)
        if part is not None
    ]
    for shape in shapes:
        if len(shape) not in (1, 2) or len(set(shape)) != 1 or not 1 <= shape[0] <= MAX_TAPS:
            raise CheckpointError(f"its {name} has a resampling filter of shape {shape}")


def _check_block(block: BlockSpec, channels: int, img_channels: int, w_dim: int) -> None:
    """Every layer reads what the one before gives."""
    out_channels = block.conv1.out_channels
    chain: list[tuple[int, int, DenseSpec | None]] = []
    if block.conv0 is not None:
        chain.append((block.conv0.in_channels, channels, block.conv0.affine))
        channels = block.conv0.out_channels
    chain.append((block.conv1.in_channels, channels, block.conv1.affine))
    if block.torgb is not None:
        chain.append((block.torgb.in_channels, out_channels, block.torgb.affine))
        chain.append((block.torgb.out_channels, img_channels, None))
    if block.skip is not None and block.conv0 is not None:
        chain.append((block.skip.in_channels, block.conv0.in_channels, None))
        chain.append((block.skip.out_channels, out_channels, None))
    for actual, expected, affine in chain:
        does_fit = affine is None or (affine.in_features, affine.out_features) == (w_dim, actual)
        if actual != expected or not does_fit:
            raise CheckpointError(f"the layers of its {block.name[:20]} do not fit together")
