"""Work besides frames, each job with its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from renderer.messages.requests import View
from renderer.messages.results import LayerInfo, ModelInfo


@dataclass(frozen=True)
class LoadModel:
    """Job: read a checkpoint. Outcome: ModelInfo."""

    source: str
    again: bool = False  # ask the server of an address for a newer file, too


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
