"""What the renderer answers: tiles, and what the window shows about them."""

from __future__ import annotations

from dataclasses import dataclass

from renderer.messages.requests import RenderRequest


@dataclass(frozen=True)
class ModelInfo:
    """What the window needs to know about a loaded generator."""

    source: str  # as named in View.model
    label: str  # short name for people
    family: str  # "stylegan2" | "stylegan3"
    img_resolution: int
    img_channels: int
    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    has_input_transform: bool
    has_noise: bool
    num_parameters: int
    untrained: bool = False  # fixed random weights: the window says so
    sha256: str = ""  # of the file; "" for a built one


@dataclass(frozen=True)
class LayerInfo:
    """One capturable 4-D output, in execution order."""

    name: str
    channels: int
    height: int
    width: int
    dtype: str  # "float32", "float16", "bfloat16"
    # What the model's design says, for StyleGAN3; frequencies in cycles per image width.
    sampling_rate: float | None = None  # samples per image width; the rest of `width` is margin
    cutoff: float | None = None  # of the filter before this output; the input's bandwidth
    stopband: float | None = None  # where that filter ends; beyond Nyquist where it aliases
    is_radial: bool = False  # the band is a disc; else a square


@dataclass(frozen=True)
class Stats:
    """Raw values of the shown layer: over all channels and over the shown ones."""

    mean: tuple[float, float]  # (all, shown)
    std: tuple[float, float]  # unbiased
    max_abs: tuple[float, float]


@dataclass(frozen=True)
class TileRef:
    """Where a picture lies in the shared-memory ring: uint8 [height, width, channels]."""

    ring: str  # as announced by RingOpened
    offset: int  # from the start of that ring
    height: int
    width: int
    channels: int  # 1 or 3
    slot: int


@dataclass(frozen=True)
class Tile:
    """The picture of one view."""

    name: str  # of the view
    ref: TileRef
    model: ModelInfo
    layers: tuple[LayerInfo, ...]
    stats: Stats
    num_shown_channels: int  # channels really shown (1 where the layer has fewer than 3)
    base_channel: int  # as clamped


@dataclass(frozen=True)
class ErrorInfo:
    """An error for people: one sentence, with the traceback behind a fold."""

    message: str
    details: str = ""


@dataclass(frozen=True)
class ViewFailure:
    """Why a view of a request has no tile; the other views have theirs."""

    name: str  # of the view, or "difference"
    error: ErrorInfo


@dataclass(frozen=True)
class ResidentModel:
    """A loaded model that stays in memory, so that going back to it is instant."""

    source: str
    num_bytes: int


@dataclass(frozen=True)
class RenderResult:
    """Answer to RenderFrame `stamp`: a tile, a failure or a load under way for every view."""

    stamp: int
    request: RenderRequest
    tiles: tuple[Tile, ...] = ()
    error: ErrorInfo | None = None  # the first of the failures
    failures: tuple[ViewFailure, ...] = ()
    waiting: tuple[str, ...] = ()  # views whose model is being loaded; a result with them follows
    render_ms: float = 0.0  # time in the worker for this frame
    stage_ms: tuple[tuple[str, float], ...] = ()  # (stage, ms); only stages that ran
    synthesis_runs: int = 0  # networks run for this frame; 0 = from the caches
    device: str = "cpu"
    memory_bytes: int = 0  # resident memory of the worker
    num_finished: int = 0  # frames finished since the worker started
    resident: tuple[ResidentModel, ...] = ()  # used longest ago first: those leave first
    models_budget_bytes: int = 0  # what the resident models may take together
