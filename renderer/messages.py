"""What travels between the window and the renderer process: plain frozen values, no torch.

Equal requests give equal pictures: a request holds numbers, strings and tuples only.
Frames are newest-wins (`RenderFrame` → `RenderResult`); jobs are never dropped
(`StartJob`, `CancelJob` → `JobProgress`, `JobDone`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoiseMode = Literal["const", "random", "none"]
IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

# --- a request -----------------------------------------------------------------------------


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


FRAME_LOAD = 0  # job id of a load that no one started: a frame asked for the model

# Model sources that ship with the program, the default first: files of assets/generators, and
# one that is built.
UNTRAINED = "bundled:untrained-r-128"
BUNDLED_SOURCES = ("bundled:portraits-r", UNTRAINED)
BUNDLED = BUNDLED_SOURCES[0]

# --- a result ------------------------------------------------------------------------------


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
class ResidentModel:
    """A loaded model that stays in memory, so that going back to it is instant."""

    source: str
    num_bytes: int


@dataclass(frozen=True)
class RenderResult:
    """Answer to RenderFrame `stamp`; tiles are empty when `error` is set."""

    stamp: int
    request: RenderRequest
    tiles: tuple[Tile, ...] = ()
    error: ErrorInfo | None = None
    render_ms: float = 0.0  # time in the worker for this frame
    stage_ms: tuple[tuple[str, float], ...] = ()  # (stage, ms); only stages that ran
    synthesis_runs: int = 0  # networks run for this frame; 0 = from the caches
    device: str = "cpu"
    memory_bytes: int = 0  # resident memory of the worker
    num_finished: int = 0  # frames finished since the worker started
    resident: tuple[ResidentModel, ...] = ()  # used longest ago first: those leave first
    models_budget_bytes: int = 0  # what the resident models may take together


# --- commands (window → renderer) ----------------------------------------------------------


@dataclass(frozen=True)
class RenderFrame:
    """Newest wins. Stamps rise."""

    stamp: int
    request: RenderRequest


@dataclass(frozen=True)
class LoadModel:
    """Job: read a checkpoint. Outcome: ModelInfo."""

    source: str


@dataclass(frozen=True)
class ProbeRegion:
    """Job: raw values of a rectangle of the view's layer. Outcome: Probe.

    The rectangle is in samples of the layer and is cut to it. Runs no network when the view's
    activation is cached, so a probe of what is shown is instant.
    """

    view: View
    y0: int
    x0: int
    height: int
    width: int
    all_channels: bool = False  # else the channels that the view shows


@dataclass(frozen=True)
class Probe:
    """Values [num_channels, height, width] as bytes: np.frombuffer(values, "<f4").reshape(…)."""

    view: View
    layer: LayerInfo
    y0: int  # as cut
    x0: int
    height: int  # 0 where the rectangle lies outside the layer
    width: int
    base_channel: int  # channel of values[0]
    num_channels: int
    values: bytes  # little-endian float32
    synthesis_runs: int = 0


@dataclass(frozen=True)
class ContactSheet:
    """Job: every channel of the view's layer, small, with its statistics. Outcome: Sheet."""

    view: View
    thumb_px: int = 64  # of the longer side; smaller layers are not enlarged
    num_bins: int = 64  # of the histograms


@dataclass(frozen=True)
class Sheet:
    """One atlas of all channels, each divided by its own largest magnitude, and their numbers.

    Channel i stands in row i // columns, column i % columns. Statistics are of the raw values.
    """

    view: View
    layer: LayerInfo
    thumb_height: int
    thumb_width: int
    columns: int
    rows: int
    atlas: bytes  # uint8 [rows · thumb_height, columns · thumb_width]; empty places are 0
    mean: tuple[float, ...]  # per channel, as the following
    std: tuple[float, ...]  # unbiased
    variance: tuple[float, ...]
    max_abs: tuple[float, ...]
    out_of_band_db: tuple[float, ...]  # as Profile.out_of_band_db; empty: no designed band
    num_bins: int
    histograms: bytes  # uint32 "<u4" [channels, num_bins]: bins over ±max_abs of the channel
    synthesis_runs: int = 0


@dataclass(frozen=True)
class SpectrumProfile:
    """Job: curves of the power spectrum of the view's layer. Outcome: Profile.

    The view's SpectrumSpec says which channels count and the window's beta; None = defaults.
    """

    view: View


@dataclass(frozen=True)
class Profile:
    """Power in dB of the spectrum's mean, as in the 2-D picture, along frequency.

    Frequencies are in cycles per image width where the layer's sampling rate is known, else
    per width of the layer. Bins are one cycle per layer width apart and start at 0.
    """

    view: View
    layer: LayerInfo
    frequencies: tuple[float, ...]
    radial_db: tuple[float, ...]  # mean power of the ring |f| about each frequency
    horizontal_db: tuple[float, ...]  # along f_y = 0
    vertical_db: tuple[float, ...]  # along f_x = 0
    diagonal_frequencies: tuple[float, ...]  # |f| along f_x = f_y
    diagonal_db: tuple[float, ...]
    nyquist: float  # in the same unit
    cutoff: float | None  # of the layer's design; None where there is none
    stopband: float | None
    out_of_band_db: float | None  # power beyond the cutoff over all power
    synthesis_runs: int = 0


Job = LoadModel | ProbeRegion | ContactSheet | SpectrumProfile
Outcome = ModelInfo | Probe | Sheet | Profile


@dataclass(frozen=True)
class StartJob:
    job_id: int
    job: Job


@dataclass(frozen=True)
class CancelJob:
    job_id: int


@dataclass(frozen=True)
class ReleaseSlot:
    """The window has read this tile; its slot may be written again."""

    ring: str
    slot: int


@dataclass(frozen=True)
class Shutdown:
    pass


# --- events (renderer → window) ------------------------------------------------------------


@dataclass(frozen=True)
class WorkerReady:
    """First message of a worker: device ladder as (device, chosen or reason skipped)."""

    pid: int
    device: str
    ladder: tuple[tuple[str, str], ...]
    kernels: str  # e.g. "native AVX-512" or "reference: <why>"


@dataclass(frozen=True)
class RingOpened:
    """The worker writes tiles into a new block of the shared memory from now on."""

    ring: str
    base: int  # of the block in the shared memory
    num_bytes: int


@dataclass(frozen=True)
class Heartbeat:
    """Sent by a thread of the worker while work is pending."""


@dataclass(frozen=True)
class JobProgress:
    job_id: int  # FRAME_LOAD for the model that a frame waits for
    fraction: float  # 0…1
    text: str


@dataclass(frozen=True)
class JobDone:
    job_id: int
    outcome: Outcome | None = None
    error: ErrorInfo | None = None
    canceled: bool = False
