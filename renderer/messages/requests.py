"""What the window asks for: views of models, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoiseMode = Literal["const", "random", "none"]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

# Model sources that ship with the program, the default first: files of assets/generators, and
# one that is built.
UNTRAINED = "bundled:untrained-r-128"
BUNDLED_SOURCES = (
    "bundled:portraits-r",
    "bundled:portraits-t",
    "bundled:portraits-sg2",
    "bundled:portraits-r-64",
    "bundled:portraits-t-64",
    "bundled:portraits-sg2-64",
    UNTRAINED,
)
BUNDLED = BUNDLED_SOURCES[0]


@dataclass(frozen=True)
class LatentSpec:
    """Which ws: weighted seeds mapped with truncation and blended about w_avg, then mixed rows."""

    seeds: tuple[tuple[int, float], ...] = ((0, 1.0),)  # (seed, weight), weights sum to 1
    class_weights: tuple[tuple[int, float], ...] | None = None  # None: the class follows the seed
    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None  # number of leading ws rows truncated; None = all
    mix_seed: int = 1000
    mix_rows: tuple[int, ...] = ()  # rows of ws taken from mix_seed; rows >= num_ws are ignored


@dataclass(frozen=True)
class SynthesisSpec:
    """How the ws become activations."""

    noise_mode: NoiseMode = "const"
    noise_seed: int = 0
    force_fp32: bool = False
    input_transform: Matrix = IDENTITY  # the transform wanted for the picture, in image widths
    round_to_px: bool = False  # round the translation to whole pixels of the picture


@dataclass(frozen=True)
class SpectrumSpec:
    """The 2-D power spectrum shown to the right of the picture."""

    all_channels: bool = False
    range_db: float = 50.0
    beta: float = 8.0  # Kaiser window


@dataclass(frozen=True)
class DisplaySpec:
    """How an activation becomes a picture. Changing it never re-runs the network."""

    layer: str | None = None  # checkpoint name of the module; None or "output" = the picture
    layer_or_output: bool = False  # show the picture where the model has no such layer
    num_channels: int = 3  # 3 = RGB, 1 = one channel
    base_channel: int = 0
    normalize: bool = False
    scale_db: float = 0.0
    untransform: bool = False
    mark_outside: bool = False  # colour the pixels that are brighter than white, darker than black
    spectrum: SpectrumSpec | None = None


@dataclass(frozen=True)
class View:
    """One named picture of a request."""

    model: str  # what ModelInfo.source says: a path, or BUNDLED
    latents: LatentSpec = LatentSpec()
    synthesis: SynthesisSpec = SynthesisSpec()
    display: DisplaySpec = DisplaySpec()
    name: str = "main"


DifferenceKind = Literal["signed", "absolute", "squared"]


@dataclass(frozen=True)
class DifferenceSpec:
    """A tile "difference": raw a − b; none where the layers differ in size. Its std is the RMS."""

    a: str = "main"
    b: str = "b"
    kind: DifferenceKind = "signed"  # about grey; the others from black
    gain_db: float = 0.0
    in_colors: bool = False  # the mean over the channels in viridis


@dataclass(frozen=True)
class RenderRequest:
    """The views wanted, each with its own name."""

    views: tuple[View, ...]
    difference: DifferenceSpec | None = None
