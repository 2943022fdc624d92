"""The state of the instrument as one value: what undo, sessions, pictures and commands share.

`ViewState` is a tree of frozen dataclasses. Panels take one and return a new one
(`dataclasses.replace`); `to_request` derives what the renderer is asked for.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from renderer.messages import (
    BUNDLED,
    DifferenceKind,
    DisplaySpec,
    LatentSpec,
    Matrix,
    NoiseMode,
    RenderRequest,
    SpectrumSpec,
    SynthesisSpec,
    View,
)

SCHEMA_VERSION = 1
MAX_SEED = 0xFFFFFFFF
# Allowed values by place in the state, both ends included; every number has an entry.
RANGES: dict[str, tuple[float, float]] = {
    "latent.x": (-(2**32), 2**32),
    "latent.y": (-(2**32), 2**32),
    "latent.speed": (-5, 5),
    "label.class_idx": (0, 1e6),
    "label.second_class_idx": (0, 1e6),
    "label.blend": (0, 1),
    "mix.seed": (0, MAX_SEED),
    "mix.rows": (0, 255),
    "truncation.psi": (-1, 2),
    "truncation.cutoff": (0, 256),
    "noise.seed": (0, MAX_SEED),
    "transform.x": (-1e4, 1e4),
    "transform.y": (-1e4, 1e4),
    "transform.angle_turns": (-1e6, 1e6),
    "transform.translation_speed": (0, 0.5),
    "transform.rotation_speed": (-1, 1),
    "layer.base_channel": (0, 1e6),
    "layer.scale_db": (-40, 40),
    "spectrum.range_db": (0.1, 100),
    "spectrum.beta": (0, 50),
    "comparison.wipe": (0, 1),
    "comparison.blink_hz": (0.2, 10),
    "comparison.gain_db": (-40, 80),
}
ComparePart = Literal["Latent", "Transform", "Layer"]
CompareMode = Literal["A", "B", "Side by side", "Wipe", "Blink", "Difference"]
_PINNED = "comparison.pinned"  # its values have the ranges of a state


class StateError(ValueError):
    """A state file that cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class LatentState:
    """Position on the seed lattice; the seed at the origin of a cell is x + 100·y."""

    x: float = 0.0
    y: float = 0.0
    animate: bool = False
    speed: float = 0.25  # lattice units per second, −5…5


@dataclass(frozen=True)
class LabelState:
    """Class of a conditional model; None follows the seed."""

    class_idx: int | None = None
    second_class_idx: int | None = None
    blend: float = 0.0  # 0 = class_idx, 1 = second_class_idx


@dataclass(frozen=True)
class StyleMixState:
    seed: int = 1000
    rows: tuple[int, ...] = ()  # ticked rows of ws, ascending
    animate: bool = False


@dataclass(frozen=True)
class TruncationState:
    psi: float = 1.0  # −1…2
    cutoff: int | None = None  # count of ws rows; None = all, follows the model


@dataclass(frozen=True)
class NoiseState:
    enabled: bool = True
    seed: int = 0  # 0 = the stored noise
    animate: bool = False


@dataclass(frozen=True)
class TransformState:
    """Transform wanted for the picture: rotate, then translate."""

    x: float = 0.0  # image widths, + = right
    y: float = 0.0  # image widths, + = down
    angle_turns: float = 0.0  # + = counter-clockwise
    animate_translation: bool = False
    translation_speed: float = 0.01  # widths per second, 0…0.5
    animate_rotation: bool = False
    rotation_speed: float = 0.005  # turns per second, −1…1
    round_to_px: bool = False
    untransform: bool = False


@dataclass(frozen=True)
class LayerState:
    """Which activation is shown, and how."""

    name: str | None = None  # None = the picture
    rgb: bool = True
    base_channel: int = 0
    normalize: bool = False
    scale_db: float = 0.0  # ±40
    mark_outside: bool = False  # colour what is outside the displayable range


@dataclass(frozen=True)
class SpectrumState:
    show: bool = False
    all_channels: bool = False
    range_db: float = 50.0  # 0.1…100
    beta: float = 8.0  # 0…50


@dataclass(frozen=True)
class CompareState:
    """A pinned picture (B) beside the present one (A), and how both are shown."""

    pinned: ViewState | None = None  # compares with nothing itself
    follows: tuple[ComparePart, ...] = ()  # what B takes from A
    mode: CompareMode = "A"
    wipe: float = 0.5  # where A ends, as a share of the picture's width
    blink_hz: float = 1.0  # how often a second both have been shown
    kind: DifferenceKind = "signed"
    gain_db: float = 0.0  # of the difference, −40…80
    in_colors: bool = False


@dataclass(frozen=True)
class ViewState:
    """Everything that decides the picture."""

    model: str = BUNDLED  # path of a checkpoint, or bundled:<name>
    latent: LatentState = field(default_factory=LatentState)
    label: LabelState = field(default_factory=LabelState)
    mix: StyleMixState = field(default_factory=StyleMixState)
    truncation: TruncationState = field(default_factory=TruncationState)
    noise: NoiseState = field(default_factory=NoiseState)
    transform: TransformState = field(default_factory=TransformState)
    layer: LayerState = field(default_factory=LayerState)
    spectrum: SpectrumState = field(default_factory=SpectrumState)
    force_fp32: bool = False
    comparison: CompareState = field(default_factory=CompareState)


def seed_at(x: float, y: float) -> int:
    """The seed nearest to a lattice position: round(x) + 100·round(y), as 32 bits."""
    return (round(x) + 100 * round(y)) & 0xFFFFFFFF


def lattice_seeds(x: float, y: float) -> tuple[tuple[int, float], ...]:
    """The up to four (seed, weight) corners around a lattice position, zero weights left out."""
    corners = []
    for dy in (0, 1):
        for dx in (0, 1):
            cx, cy = math.floor(x) + dx, math.floor(y) + dy
            weight = (1 - abs(x - cx)) * (1 - abs(y - cy))
            if weight > 0:
                corners.append(((cx + 100 * cy) & 0xFFFFFFFF, weight))
    return tuple(corners)


def transform_matrix(x: float, y: float, angle_turns: float) -> Matrix:
    """[[cos, sin, x], [−sin, cos, y], [0, 0, 1]]; exact for quarter turns."""
    quarter = angle_turns * 4
    if quarter == round(quarter):
        cos, sin = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(quarter) % 4]
    else:
        cos, sin = math.cos(angle_turns * math.tau), math.sin(angle_turns * math.tau)
    return ((cos, sin, x), (-sin, cos, y), (0.0, 0.0, 1.0))


def to_view(state: ViewState, name: str = "main") -> View:
    """The view that a state asks for."""
    noise_mode: NoiseMode = "none"
    if state.noise.enabled:
        noise_mode = "const" if state.noise.seed == 0 else "random"
    transform, layer = state.transform, state.layer
    return View(
        name=name,
        model=state.model,
        latents=LatentSpec(
            seeds=lattice_seeds(state.latent.x, state.latent.y),
            class_weights=_class_weights(state.label),
            truncation_psi=state.truncation.psi,
            truncation_cutoff=state.truncation.cutoff,
            mix_seed=state.mix.seed if state.mix.rows else 0,
            mix_rows=state.mix.rows,
        ),
        synthesis=SynthesisSpec(
            noise_mode=noise_mode,
            noise_seed=state.noise.seed if noise_mode == "random" else 0,
            force_fp32=state.force_fp32,
            input_transform=transform_matrix(transform.x, transform.y, transform.angle_turns),
            round_to_px=transform.round_to_px,
        ),
        display=DisplaySpec(
            layer=layer.name,
            layer_or_output=layer.name is not None,
            num_channels=3 if layer.rgb else 1,
            base_channel=layer.base_channel,
            normalize=layer.normalize,
            scale_db=layer.scale_db,
            untransform=transform.untransform,
            mark_outside=layer.mark_outside,
            spectrum=_spectrum(state.spectrum),
        ),
    )


def to_request(state: ViewState) -> RenderRequest:
    """The request that a state asks for; equal states and equal requests give equal pictures."""
    return RenderRequest(views=(to_view(state),))


def _class_weights(label: LabelState) -> tuple[tuple[int, float], ...] | None:
    if label.class_idx is None:
        return None
    if label.second_class_idx is None or label.blend == 0:
        return ((label.class_idx, 1.0),)
    return ((label.class_idx, 1 - label.blend), (label.second_class_idx, label.blend))


def _spectrum(spectrum: SpectrumState) -> SpectrumSpec | None:
    if not spectrum.show:
        return None
    return SpectrumSpec(spectrum.all_channels, spectrum.range_db, spectrum.beta)


# --- JSON ----------------------------------------------------------------------------------


def state_to_json(state: ViewState) -> str:
    """The state as JSON text, with its schema version."""
    data = {"schema": SCHEMA_VERSION, **dataclasses.asdict(state)}
    if state.comparison.pinned is not None:
        del data["comparison"]["pinned"]["comparison"]
    return json.dumps(data, indent=1)


def state_from_json(text: str) -> ViewState:
    """Read `state_to_json`.

    Raises:
        StateError: not JSON, another schema, an unknown or repeated key, a value of the wrong
            type or outside RANGES.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique_keys)
    except StateError:
        raise
    except (ValueError, RecursionError) as error:
        raise StateError(f"the state is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise StateError(f"the state is a JSON {type(data).__name__}, expected an object")
    schema = data.pop("schema", None)
    if schema != SCHEMA_VERSION or isinstance(schema, bool):
        raise StateError(
            f"the state has schema {_show(schema)}, this version reads {SCHEMA_VERSION}"
        )
    state = typing.cast(ViewState, _read_value(ViewState, data, ""))
    _check_rows(state.mix.rows)
    if state.comparison.pinned is not None:
        _check_rows(state.comparison.pinned.mix.rows)
    return state


def check_state(state: ViewState) -> ViewState:
    """The same state, once it is sure that `state_from_json` would read it back.

    Raises:
        StateError: a value is outside RANGES.
    """
    return state_from_json(state_to_json(state))


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise StateError(f"the state has the key {_show(repeated)} twice")
    return data


def _check_rows(rows: tuple[int, ...]) -> None:
    if list(rows) != sorted(set(rows)):
        raise StateError(f"state.mix.rows is {_show(list(rows))}, expected ascending numbers")


def _read_dataclass(cls: type, data: object, where: str) -> Any:
    if not isinstance(data, dict):
        raise StateError(f"{_place(where)} is {_show(data)}, expected an object")
    hints = typing.get_type_hints(cls)
    if where == _PINNED:
        del hints["comparison"]
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise StateError(f"{_place(where)} has unknown keys: {_show(', '.join(unknown))}")
    prefix = f"{where}." if where else ""
    return cls(**{key: _read_value(hints[key], value, prefix + key) for key, value in data.items()})


def _read_value(hint: Any, value: object, where: str) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        if value is None and type(None) in typing.get_args(hint):
            return None
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _read_dataclass(hint, value, where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise StateError(f"{_place(where)} is {_show(value)}, expected a list")
        item = typing.get_args(hint)[0]
        return tuple(_read_value(item, entry, where) for entry in value)
    if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
        choices = ", ".join(typing.get_args(hint))
        raise StateError(f"{_place(where)} is {_show(value)}, expected one of: {choices}")
    if typing.get_origin(hint) is Literal:
        return value
    if hint in (float, int):
        return _read_number(hint, value, where)
    if hint in (bool, str) and type(value) is hint:
        return value
    name = getattr(hint, "__name__", hint)
    raise StateError(f"{_place(where)} is {_show(value)}, expected {name}")


def _read_number(hint: type, value: object, where: str) -> float | int:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (hint is int and not isinstance(value, int)):
        kind = "a whole number" if hint is int else "a number"
        raise StateError(f"{_place(where)} is {_show(value)}, expected {kind}")
    number = typing.cast(float, value)
    low, high = RANGES[where.removeprefix(f"{_PINNED}.")]
    if not low <= number <= high:  # NaN too; comparing never overflows, whatever the size
        raise StateError(f"{_place(where)} is {_show(value)}, expected {low:g} to {high:g}")
    return number if hint is int else float(number)


def _place(where: str) -> str:
    return f"state.{where}" if where else "the state"


def _show(value: object) -> str:
    """A value as it stands in an error: short, whatever its size."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, deep nesting
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "…"
