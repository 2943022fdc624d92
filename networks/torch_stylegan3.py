"""A StyleGAN3 generator from the modules of a PyTorch checkpoint."""

from __future__ import annotations

import math

from networks.errors import CheckpointError
from networks.fourier import InputSpec
from networks.stored_mapping import read_mapping
from networks.stored_module import StoredModule
from networks.stylegan3_design import LayerSpec, StyleGAN3Design, layer_padding

NOTES = ("num_layers", "num_critical", "margin_size", "num_fp16_res")


def is_stylegan3(synthesis: StoredModule) -> bool:
    """StyleGAN2 and 3 share class names; only StyleGAN3 has an input module."""
    return synthesis.has("input")


def read_stylegan3(generator: StoredModule) -> StyleGAN3Design:
    """The design of a stored generator, from its attributes and tensor shapes.

    Raises:
        CheckpointError: parts are missing or do not fit together.
    """
    synthesis = generator.child("synthesis")
    names = _layer_names(synthesis)
    layers = tuple(_read_layer(synthesis.child(name), name) for name in names)
    last = layers[-1]
    design = StyleGAN3Design(
        img_resolution=last.out_size,
        img_channels=last.out_channels,
        mapping=read_mapping(generator.child("mapping"), len(layers) + 1, 0.998),
        input=_read_input(synthesis.child("input")),
        layers=layers,
        output_scale=synthesis.number("output_scale", 0.25),
        notes={key: synthesis.number(key) for key in NOTES if key in synthesis.state},
    )
    check_stylegan3(design)
    return design


def _layer_names(synthesis: StoredModule) -> list[str]:
    names = synthesis.raw("layer_names", None)
    if names is None:  # registration order is execution order
        names = [name for name in synthesis.children if name != "input"]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise CheckpointError("its synthesis network does not list its layers")
    if len(set(names)) != len(names):
        raise CheckpointError("its synthesis network lists a layer twice")
    return names


def _read_input(module: StoredModule) -> InputSpec:
    return InputSpec(
        channels=module.shape("freqs", 2)[0],
        size=module.integer("size"),
        sampling_rate=module.number("sampling_rate"),
        bandwidth=module.number("bandwidth"),
        affine=module.child("affine").dense(),
    )


def _read_layer(module: StoredModule, name: str) -> LayerSpec:
    out_channels, in_channels, kernel, kernel_x = module.shape("weight", 4)
    if kernel != kernel_x:
        raise CheckpointError(f"its {module.path} has a kernel of {kernel}×{kernel_x}")
    is_torgb = module.flag("is_torgb", False)
    in_rate, out_rate = module.number("in_sampling_rate"), module.number("out_sampling_rate")
    if in_rate <= 0 or out_rate <= 0:
        raise CheckpointError(f"its {module.path} has a sampling rate that is not positive")
    lrelu_upsampling = 1 if is_torgb else module.number("lrelu_upsampling", 2)
    tmp_rate = module.number("tmp_sampling_rate", max(in_rate, out_rate) * lrelu_upsampling)
    up = module.integer("up_factor", round(tmp_rate / in_rate))
    down = module.integer("down_factor", round(tmp_rate / out_rate))
    (up_taps, up_radial), (down_taps, down_radial) = (
        _filter_shape(module, key) for key in ("up_filter", "down_filter")
    )
    in_size, out_size = module.integer("in_size"), module.integer("out_size")
    computed = layer_padding(in_size, out_size, kernel, (up, up_taps), (down, down_taps))
    return LayerSpec(
        name=name,
        w_dim=module.child("affine").shape("weight", 2)[1],
        affine=module.child("affine").dense(),
        in_channels=in_channels,
        out_channels=out_channels,
        in_size=in_size,
        out_size=out_size,
        in_sampling_rate=in_rate,
        out_sampling_rate=out_rate,
        in_cutoff=module.number("in_cutoff"),
        out_cutoff=module.number("out_cutoff"),
        in_half_width=module.number("in_half_width"),
        out_half_width=module.number("out_half_width"),
        conv_kernel=kernel,
        up=up,
        down=down,
        up_taps=up_taps,
        down_taps=down_taps,
        up_radial=up_radial,
        down_radial=down_radial,
        padding=_read_padding(module, computed),
        is_torgb=is_torgb,
        is_critically_sampled=module.flag("is_critically_sampled", False),
        use_fp16=module.flag("use_fp16", False),
        conv_clamp=module.optional_number("conv_clamp", 256.0),
        magnitude_ema_beta=module.number("magnitude_ema_beta", 0.999),
    )


def _filter_shape(module: StoredModule, name: str) -> tuple[int, bool]:
    """Taps (1 = no filter) and whether the filter is two-dimensional."""
    tensor = module.tensors.get(name)
    if tensor is None:
        return 1, False
    rank = len(getattr(tensor, "shape", ()))
    shape = module.shape(name, 2 if rank == 2 else 1)
    if len(set(shape)) != 1 or not 2 <= shape[0] <= 256:
        raise CheckpointError(f"its {module.path} has a {name} of shape {shape}")
    return shape[0], rank == 2


def _read_padding(
    module: StoredModule, computed: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    stored = module.raw("padding", computed)
    is_four = isinstance(stored, (list, tuple)) and len(stored) == 4
    if not is_four or not all(type(p) is int for p in stored):
        raise CheckpointError(f"its {module.path} has an unknown kind of padding")
    x0, x1, y0, y1 = stored
    return (x0, x1, y0, y1)


def check_stylegan3(design: StyleGAN3Design) -> None:
    """Refuse parts that do not fit together, before anything is allocated.

    Raises:
        CheckpointError: with the name of the part.
    """
    size, channels = design.input.size, design.input.channels
    w_dim = design.mapping.w_dim
    if design.mapping.num_ws != len(design.layers) + 1:
        raise CheckpointError("its mapping network does not fit its synthesis network")
    if design.input.sampling_rate <= 0 or not 0 < size <= 2**14:
        raise CheckpointError("its input has no positive size and sampling rate")
    if (design.input.affine.in_features, design.input.affine.out_features) != (w_dim, 4):
        raise CheckpointError("its input's affine layer does not fit")
    for spec in design.layers:
        if spec.conv_clamp is not None and spec.conv_clamp < 0:
            raise CheckpointError(f"its layer {spec.name[:40]!r} clamps to {spec.conv_clamp}")
        affine = (spec.affine.in_features, spec.affine.out_features)
        if (spec.in_size, spec.in_channels) != (size, channels) or affine != (w_dim, channels):
            raise CheckpointError(f"its layer {spec.name[:40]!r} does not fit the one before")
        if _output_sizes(spec) != (spec.out_size, spec.out_size) or spec.out_size > 2**14:
            raise CheckpointError(f"its layer {spec.name[:40]!r} does not give {spec.out_size} px")
        size, channels = spec.out_size, spec.out_channels
    if not 1 <= channels <= 4 or (design.img_resolution, design.img_channels) != (size, channels):
        raise CheckpointError(f"its pictures have {channels} channels; 1 to 4 are known")


def _output_sizes(spec: LayerSpec) -> tuple[int, int]:
    """Width and height that the layer's padding and filters lead to."""
    if not (1 <= spec.up <= 16 and 1 <= spec.down <= 16 and 1 <= spec.conv_kernel <= 15):
        return (0, 0)
    if not all(abs(p) <= 2**15 for p in spec.padding) or not math.isfinite(spec.in_cutoff):
        return (0, 0)
    x0, x1, y0, y1 = spec.padding
    filled = (spec.in_size + spec.conv_kernel - 1) * spec.up
    used = spec.up_taps + spec.down_taps - 2
    width = (filled + x0 + x1 - used + spec.down - 1) // spec.down
    height = (filled + y0 + y1 - used + spec.down - 1) // spec.down
    return (width, height)
