"""The design of a TensorFlow StyleGAN2 from its hyperparameters and variable shapes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from networks.errors import CheckpointError
from networks.layers import ACTIVATION_GAINS, DenseSpec, MappingSpec
from networks.pickle_machine import describe
from networks.pickle_values import ArrayRecord
from networks.stored_module import checked_activation
from networks.stylegan2_design import (
    ARCHITECTURES,
    BlockSpec,
    ConvSpec,
    SkipSpec,
    StyleGAN2Design,
    ToRGBSpec,
    count_ws,
    filter_shape,
)

# Hyperparameters that variable shapes decide, that decide something here, or that only
# matter to the program that wrote the file.
SHAPES = frozenset(
    ("latent_size", "label_size", "dlatent_size", "num_channels", "fmap_base", "fmap_max")
) | frozenset(("mapping_layers", "label_fmaps", "mapping_fmaps", "resolution"))
DEFAULTS: dict[str, Any] = {
    "num_fp16_res": 0,
    "conv_clamp": None,
    "architecture": "skip",
    "resample_kernel": [1, 3, 3, 1],
    "use_noise": True,
    "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu",
    "mapping_lrmul": 0.01,
    "w_avg_beta": 0.995,
}
IGNORED = frozenset(
    ("truncation_psi", "truncation_cutoff", "style_mixing_prob", "structure", "conditioning")
) | frozenset(("fused_modconv", "randomize_noise"))


class TFVariables:
    """Arrays by full name; ToRGB_lod{k} is renamed to its resolution."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        resolutions = [_resolution(name) for name in arrays if name.startswith("synthesis/")]
        self.resolution = max(resolutions, default=0)
        self.has_lod_names = any(name.startswith("synthesis/ToRGB_lod") for name in arrays)
        self.arrays = {self._rename(name): array for name, array in arrays.items()}

    def _rename(self, name: str) -> str:
        start = "synthesis/ToRGB_lod"
        if not name.startswith(start):
            return name
        lod, _, rest = name.removeprefix(start).partition("/")
        if not lod.isdecimal() or len(lod) > 2:
            raise CheckpointError(f"it has a TensorFlow variable {name[:60]!r}")
        resolution = self.resolution >> int(lod)
        return f"synthesis/{resolution}x{resolution}/ToRGB/{rest}"

    def has(self, name: str) -> bool:
        return name in self.arrays

    def shape(self, name: str, rank: int) -> tuple[int, ...]:
        if name not in self.arrays:
            raise CheckpointError(f"it has no variable {name!r}: it is incomplete")
        shape = self.arrays[name].shape
        if len(shape) != rank:
            raise CheckpointError(f"its variable {name!r} has shape {shape}")
        return shape

    def matrix(self, name: str) -> tuple[int, int]:
        """(inputs, outputs) of a fully connected layer's weight."""
        rows, columns = self.shape(name, 2)
        return rows, columns


def _resolution(name: str) -> int:
    """r of synthesis/{r}x{r}/…; 0 for other names."""
    scope = name.split("/")[1] if name.count("/") else ""
    number = scope.split("x")[0]
    is_square = number.isdecimal() and len(number) <= 5 and scope == f"{number}x{number}"
    return int(number) if is_square else 0


class TFKwargs:
    """Checked access to static_kwargs."""

    def __init__(self, kwargs: dict[str, Any]) -> None:
        for key, value in kwargs.items():
            if key not in SHAPES and key not in DEFAULTS and key not in IGNORED:
                raise CheckpointError(
                    f"its generator has the hyperparameter {describe(key)} = {describe(value)}, "
                    "which StyleGAN2 does not have"
                )
        self.kwargs = kwargs

    def value(self, key: str) -> Any:
        value = self.kwargs.get(key, DEFAULTS[key])
        return value.to_numpy()[:65].tolist() if isinstance(value, ArrayRecord) else value

    def number(self, key: str) -> float:
        value = self.value(key)
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise CheckpointError(f"its hyperparameter {key} is {describe(value)}")
        return float(value)

    def optional_number(self, key: str) -> float | None:
        return None if self.value(key) is None else self.number(key)

    def activation(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str):
            raise CheckpointError(f"its hyperparameter {key} is {describe(value)}")
        return checked_activation(value, key)

    def taps(self) -> tuple[float, ...]:
        taps = self.value("resample_kernel")
        taps = [1.0] if taps is None else taps
        is_list = isinstance(taps, (list, tuple)) and 1 <= len(taps) <= 64
        if not is_list or not all(isinstance(t, (int, float)) for t in taps) or not sum(taps):
            raise CheckpointError(f"its hyperparameter resample_kernel is {describe(taps)}")
        return tuple(float(tap) for tap in taps)


def read_tf_design(static_kwargs: dict[str, Any], variables: TFVariables) -> StyleGAN2Design:
    """The blocks that the variables make up.

    Raises:
        CheckpointError: an unknown hyperparameter, or a variable that is missing.
    """
    kwargs = TFKwargs(static_kwargs)
    architecture = "orig" if variables.has_lod_names else kwargs.value("architecture")
    if architecture not in ARCHITECTURES:
        raise CheckpointError(f"its architecture is {describe(architecture)}")
    resolution = variables.resolution
    if not 4 <= resolution <= 8192 or resolution & (resolution - 1):
        raise CheckpointError(f"its resolution is {resolution}, not a power of two")
    resolutions = [2**i for i in range(2, resolution.bit_length())]
    blocks = tuple(_block(kwargs, variables, r, architecture) for r in resolutions)
    last = blocks[-1].torgb
    assert last is not None
    return StyleGAN2Design(
        img_resolution=resolution,
        img_channels=last.out_channels,
        mapping=_mapping(kwargs, variables, count_ws(blocks)),
        blocks=blocks,
        resample_filter=kwargs.taps(),
    )


def _mapping(kwargs: TFKwargs, variables: TFVariables, num_ws: int) -> MappingSpec:
    count = sum(1 for name in variables.arrays if name.startswith("mapping/Dense")) // 2
    activation, lr = kwargs.activation("mapping_nonlinearity"), kwargs.number("mapping_lrmul")
    shapes = [variables.matrix(f"mapping/Dense{i}/weight") for i in range(count)]
    if not shapes or any(a[1] != b[0] for a, b in itertools.pairwise(shapes)):
        raise CheckpointError("its mapping network's layers do not fit together")
    embed = None
    if variables.has("mapping/LabelEmbed/weight"):
        embed = DenseSpec.of(*variables.matrix("mapping/LabelEmbed/weight"))
    embed_features = 0 if embed is None else embed.out_features
    if shapes[0][0] < embed_features:
        raise CheckpointError("its mapping network's first layer is narrower than its label")
    return MappingSpec(
        z_dim=shapes[0][0] - embed_features,
        c_dim=0 if embed is None else embed.in_features,
        w_dim=shapes[-1][1],
        num_ws=num_ws,
        layers=tuple(DenseSpec.of(*shape, activation, lr) for shape in shapes),
        embed=embed,
        w_avg_beta=kwargs.optional_number("w_avg_beta"),
    )


def _block(kwargs: TFKwargs, variables: TFVariables, r: int, architecture: str) -> BlockSpec:
    scope = f"synthesis/{r}x{r}"
    is_first, is_last = r == 4, r == variables.resolution
    fp16_from = max(2 * variables.resolution / 2 ** kwargs.number("num_fp16_res"), 8)
    has_skip = architecture == "resnet" and not is_first
    has_torgb = is_last or architecture == "skip"
    conv1 = f"{scope}/Conv" if is_first else f"{scope}/Conv1"
    return BlockSpec(
        name=f"b{r}",
        resolution=r,
        conv1=_conv(kwargs, variables, conv1, r, 1),
        filter_shape=filter_shape(kwargs.taps()),
        conv0=None if is_first else _conv(kwargs, variables, f"{scope}/Conv0_up", r, 2),
        torgb=_torgb(kwargs, variables, f"{scope}/ToRGB") if has_torgb else None,
        skip=_skip(kwargs, variables, f"{scope}/Skip") if has_skip else None,
        use_fp16=r >= fp16_from,
    )


def _weight(variables: TFVariables, scope: str) -> tuple[int, int, int]:
    """Kernel size, input and output channels."""
    kernel, kernel_x, in_channels, out_channels = variables.shape(f"{scope}/weight", 4)
    if kernel != kernel_x or kernel not in (1, 3, 5, 7) or not in_channels:
        raise CheckpointError(f"its {scope} has a kernel of {kernel}×{kernel_x}")
    return kernel, in_channels, out_channels


def _affine(variables: TFVariables, scope: str) -> DenseSpec:
    return DenseSpec.of(*variables.matrix(f"{scope}/mod_weight"))


def _conv(kwargs: TFKwargs, variables: TFVariables, scope: str, r: int, up: int) -> ConvSpec:
    kernel, in_channels, out_channels = _weight(variables, scope)
    activation = kwargs.activation("nonlinearity")
    return ConvSpec(
        in_channels=in_channels,
        out_channels=out_channels,
        kernel=kernel,
        resolution=r,
        affine=_affine(variables, scope),
        filter_shape=filter_shape(kwargs.taps()),
        up=up,
        use_noise=bool(kwargs.value("use_noise")),
        activation=activation,
        act_gain=ACTIVATION_GAINS[activation],
        conv_clamp=kwargs.optional_number("conv_clamp"),
    )


def _torgb(kwargs: TFKwargs, variables: TFVariables, scope: str) -> ToRGBSpec:
    kernel, in_channels, out_channels = _weight(variables, scope)
    affine, clamp = _affine(variables, scope), kwargs.optional_number("conv_clamp")
    gain = 1 / math.sqrt(in_channels * kernel**2)
    return ToRGBSpec(in_channels, out_channels, kernel, affine, gain, clamp)


def _skip(kwargs: TFKwargs, variables: TFVariables, scope: str) -> SkipSpec:
    kernel, in_channels, out_channels = _weight(variables, scope)
    gain = 1 / math.sqrt(in_channels * kernel**2)
    return SkipSpec(in_channels, out_channels, kernel, filter_shape(kwargs.taps()), gain)
