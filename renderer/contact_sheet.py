"""Every channel of a layer as a thumbnail, with its statistics and histogram."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from renderer.errors import RenderError
from renderer.messages import ContactSheet, LayerInfo, Sheet, SpectrumSpec
from renderer.spectrum import out_of_band_db
from renderer.stages import Stages
from renderer.statistics import ChannelStatistics, chunks

THUMB_LIMITS = (4, 512)
BIN_LIMITS = (2, 1024)
Report = Callable[[float, str], None]


def contact_sheet(job: ContactSheet, stages: Stages, report: Report) -> Sheet:
    """Make the sheet; `report` is called between groups of channels and may raise.

    Raises:
        RenderError: a size that makes no sense.
    """
    thumb_px = _checked("thumb_px", job.thumb_px, THUMB_LIMITS)
    num_bins = _checked("num_bins", job.num_bins, BIN_LIMITS)
    activation, layer, statistics = stages.activation(), stages.layer(), stages.statistics()
    channels, height, width = activation.shape
    scale = min(thumb_px / max(height, width), 1.0)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    thumbs, histograms = [], []
    for first in chunks(activation):
        report(first / channels / 2, f"Reading the channels of {layer.name}")
        group = activation[first : first + chunks(activation).step].float()
        tops = statistics.max_abs[first : first + len(group)].to(group)
        thumbs.append(_thumbnails(group, tops, size))
        histograms.append(_histograms(group, tops, num_bins))
    columns = math.ceil(math.sqrt(channels))
    atlas = _atlas(torch.cat(thumbs), columns)
    return Sheet(
        view=job.view,
        layer=layer,
        thumb_height=size[0],
        thumb_width=size[1],
        columns=columns,
        rows=atlas.shape[0] // size[0],
        atlas=atlas.cpu().numpy().tobytes(),
        **_numbers(statistics),
        out_of_band_db=_out_of_band(activation, layer, stages, report),
        num_bins=num_bins,
        histograms=torch.cat(histograms).cpu().numpy().astype("<u4").tobytes(),
        synthesis_runs=stages.work.synthesis_runs,
    )


def _checked(name: str, value: int, limits: tuple[int, int]) -> int:
    if not limits[0] <= value <= limits[1]:
        raise RenderError(f"{name} is {value}, expected {limits[0]} to {limits[1]}.")
    return value


def _thumbnails(group: torch.Tensor, tops: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """uint8 [C, h, w]: each channel divided by its largest magnitude, pixels averaged."""
    small = F.interpolate(group[None], size=size, mode="area")[0]
    levels = small / tops.clamp(1e-8, 1e8)[:, None, None] * 127.5 + 128
    return levels.nan_to_num(nan=0.0).clamp(0, 255).to(torch.uint8)


def _histograms(group: torch.Tensor, tops: torch.Tensor, num_bins: int) -> torch.Tensor:
    """int64 [C, num_bins] over ±tops; values that are no numbers count in the first bin."""
    flat = group.flatten(1)
    place = (flat / tops.clamp(min=1e-30)[:, None] + 1) * (num_bins / 2)
    bins = place.nan_to_num(nan=0.0).clamp(0, num_bins - 1).long()
    bins += torch.arange(len(flat), device=flat.device)[:, None] * num_bins
    return torch.bincount(bins.flatten(), minlength=len(flat) * num_bins).view(-1, num_bins)


def _atlas(thumbs: torch.Tensor, columns: int) -> torch.Tensor:
    """[C, h, w] → [rows · h, columns · w], row by row."""
    count, height, width = thumbs.shape
    rows = -(-count // columns)
    padded = F.pad(thumbs, (0, 0, 0, 0, 0, rows * columns - count))
    grid = padded.view(rows, columns, height, width).transpose(1, 2)  # [rows, h, columns, w]
    return grid.reshape(rows * height, columns * width)


def _numbers(statistics: ChannelStatistics) -> dict[str, tuple[float, ...]]:
    freedom = max(statistics.num_pixels - 1, 1)
    variance = statistics.variance * (statistics.num_pixels / freedom)
    columns = {
        "mean": statistics.mean,
        "std": variance.sqrt(),
        "variance": variance,
        "max_abs": statistics.max_abs,
    }
    return {name: tuple(values.tolist()) for name, values in columns.items()}


def _out_of_band(
    activation: torch.Tensor, layer: LayerInfo, stages: Stages, report: Report
) -> tuple[float, ...]:
    if layer.cutoff is None:
        return ()
    beta = (stages.view.display.spectrum or SpectrumSpec()).beta

    def between() -> None:
        report(0.5, f"Spectra of the channels of {layer.name}")

    return tuple(out_of_band_db(activation, beta, layer, between).tolist())
