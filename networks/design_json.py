"""Designs as JSON text, for the metadata of our own files, and reading them back with checks."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any

from networks.errors import CheckpointError, one_line
from networks.fourier import InputSpec
from networks.layers import ACTIVATION_GAINS, DenseSpec, MappingSpec
from networks.stylegan2_design import BlockSpec, ConvSpec, SkipSpec, StyleGAN2Design, ToRGBSpec
from networks.stylegan3_design import LayerSpec, StyleGAN3Design
from networks.torch_stylegan2 import check_stylegan2
from networks.torch_stylegan3 import check_stylegan3

DESIGNS: dict[str, type] = {"stylegan2": StyleGAN2Design, "stylegan3": StyleGAN3Design}
# Evaluated once, here: nothing is compiled while a file is read.
HINTS = {
    cls: typing.get_type_hints(cls)
    for cls in (
        *DESIGNS.values(),
        *(DenseSpec, MappingSpec, InputSpec, LayerSpec),
        *(BlockSpec, ConvSpec, ToRGBSpec, SkipSpec),
    )
}
MAX_TEXT = 4 * 2**20
MAX_LIST = 256
MAX_NUMBER = 2**31


def design_to_json(design: Any) -> str:
    """A design as JSON text."""
    return json.dumps(dataclasses.asdict(design))


def design_from_json(family: str, text: str) -> Any:
    """Read `design_to_json`.

    Raises:
        CheckpointError: not a design whose parts fit together.
    """
    if family not in DESIGNS:
        known = ", ".join(DESIGNS)
        raise CheckpointError(f"it is of the family {family[:40]!r}; known are {known}")
    if len(text) > MAX_TEXT:
        raise CheckpointError(f"its description has {len(text)} characters")
    try:
        design = _read(DESIGNS[family], json.loads(text), "design")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its description is not JSON: {one_line(error)}") from error
    _check(design)
    return design


def _check(design: Any) -> None:
    check_mapping(design.mapping)
    if isinstance(design, StyleGAN3Design):
        if not design.layers:
            raise CheckpointError("it has no layers")
        check_stylegan3(design)
    else:
        if not design.blocks:
            raise CheckpointError("it has no blocks")
        check_stylegan2(design)


def check_mapping(spec: MappingSpec) -> None:
    """Refuse a mapping network whose layers do not fit together."""
    embed_dim = 0 if spec.embed is None else spec.embed.out_features
    c_dim = 0 if spec.embed is None else spec.embed.in_features
    width = spec.z_dim + embed_dim
    for layer in spec.layers:
        if layer.in_features != width or layer.activation not in ACTIVATION_GAINS:
            raise CheckpointError("its mapping network's layers do not fit together")
        width = layer.out_features
    if not spec.layers or (width, c_dim) != (spec.w_dim, spec.c_dim):
        raise CheckpointError("its mapping network's layers do not fit together")


def _read(hint: Any, value: Any, where: str) -> Any:
    """A value of the annotated type, checked."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_dataclass(hint, value, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _read(next(arg for arg in args if arg is not type(None)), value, where)
    if origin is tuple:
        return _read_tuple(args, value, where)
    if origin is dict:
        if not isinstance(value, dict) or len(value) > MAX_LIST:
            raise CheckpointError(f"its {where} is not a JSON object")
        return {str(key): _read(float, item, where) for key, item in value.items()}
    return _read_plain(hint, value, where)


def _read_dataclass(cls: type, value: Any, where: str) -> Any:
    hints = HINTS[cls]
    if not isinstance(value, dict) or not set(value) <= set(hints):
        raise CheckpointError(f"its {where} is not a description that this version knows")
    fields = {key: _read(hints[key], item, f"{where}.{key}") for key, item in value.items()}
    try:
        return cls(**fields)
    except TypeError as error:
        raise CheckpointError(f"its {where} is incomplete: {one_line(error)}") from error


def _read_tuple(args: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    is_open = len(args) == 2 and args[1] is Ellipsis
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise CheckpointError(f"its {where} is not a list")
    if not is_open and len(value) != len(args):
        raise CheckpointError(f"its {where} has {len(value)} items, expected {len(args)}")
    hints = [args[0]] * len(value) if is_open else list(args)
    return tuple(
        _read(hint, item, f"{where}[{i}]")
        for i, (hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _read_plain(hint: Any, value: Any, where: str) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and not abs(value) <= MAX_NUMBER:  # not a number neither
        raise CheckpointError(f"its {where} is out of range")
    if hint is float and is_number:
        return float(value)
    if hint in (bool, str, int) and type(value) is hint:
        return value
    raise CheckpointError(f"its {where} is a {type(value).__name__}, expected {hint.__name__}")
