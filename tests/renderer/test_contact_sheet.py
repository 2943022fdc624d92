"""Statistics, thumbnails and histograms of channels, and regions of raw values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from renderer.contact_sheet import contact_sheet
from renderer.messages import ContactSheet, DisplaySpec, ProbeRegion, View
from renderer.models import Model, load_model
from renderer.pipeline import Pipeline
from renderer.probe import probe_region
from renderer.stages import Stages
from renderer.statistics import all_and_shown, channel_statistics
from renderer.work import Work

GOLDEN = Path(__file__).parent.parent / "golden"
VIEW = View(
    model=str(GOLDEN / "stylegan3-r-64.pkl"), display=DisplaySpec(layer="input", base_channel=2)
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(VIEW.model, "cpu", lambda _fraction, _text: None)


@pytest.fixture
def layer(model: Model) -> str:
    """A layer with margins and more channels than a row of the sheet holds."""
    stages = Pipeline("cpu").open(VIEW, model, Work())
    with torch.inference_mode():
        return next(x.name for x in stages.layers() if x.name.startswith("L4_"))


def opened(model: Model, view: View) -> Stages:
    return Pipeline("cpu").open(view, model, Work())


@pytest.mark.parametrize("chunk_values", [1, 1 << 24])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_channel_statistics_add_up(
    monkeypatch: pytest.MonkeyPatch, chunk_values: int, dtype: torch.dtype
) -> None:
    monkeypatch.setattr("renderer.statistics.CHUNK_VALUES", chunk_values)
    x = (torch.randn(7, 9, 11, generator=torch.Generator().manual_seed(0)) * 3 + 5).to(dtype)
    stats = all_and_shown(channel_statistics(x), 2, 3)
    for idx, part in enumerate((x.double(), x[2:5].double())):
        assert stats.mean[idx] == pytest.approx(float(part.mean()))
        assert stats.std[idx] == pytest.approx(float(part.std()))
        assert stats.max_abs[idx] == pytest.approx(float(part.abs().max()))


def test_a_single_value_has_no_deviation() -> None:
    stats = all_and_shown(channel_statistics(torch.full((1, 1, 1), -3.0)), 0, 1)
    assert (stats.mean[0], stats.std[0], stats.max_abs[0]) == (-3.0, 0.0, 3.0)


def test_a_sheet_shows_every_channel_in_its_place(model: Model, layer: str) -> None:
    view = replace(VIEW, display=DisplaySpec(layer=layer))
    stages = opened(model, view)
    with torch.inference_mode():
        sheet = contact_sheet(ContactSheet(view, thumb_px=16), stages, lambda _f, _t: None)
        activation = stages.activation().float()
    atlas = np.frombuffer(sheet.atlas, np.uint8).reshape(
        sheet.rows * sheet.thumb_height, sheet.columns * sheet.thumb_width
    )
    count = len(activation)
    assert sheet.thumb_height == sheet.thumb_width == 16
    assert len(sheet.mean) == len(sheet.out_of_band_db) == count <= sheet.rows * sheet.columns
    for idx in (0, 1, sheet.columns, count - 1):
        row, column = divmod(idx, sheet.columns)
        thumb = atlas[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
        channel = activation[idx]
        small = torch.nn.functional.adaptive_avg_pool2d(channel[None], 16)[0]
        want = (small / channel.abs().max() * 127.5 + 128).clamp(0, 255).byte().numpy()
        assert np.array_equal(thumb, want)
        assert sheet.variance[idx] == pytest.approx(float(channel.double().var()), rel=1e-4)
        assert sheet.std[idx] == pytest.approx(float(channel.double().std()), rel=1e-4)
    bins = np.frombuffer(sheet.histograms, "<u4").reshape(count, sheet.num_bins)
    for idx in (0, count - 1):
        top = float(activation[idx].abs().max())
        want, _ = np.histogram(activation[idx].numpy(), sheet.num_bins, (-top, top))
        assert np.abs(bins[idx].astype(int) - want).sum() <= 4  # values on the edge of a bin
    assert bins.sum() == activation.numel()


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), 1e38])
def test_a_sheet_of_broken_channels_is_made(value: float) -> None:
    class Broken:
        view = replace(VIEW)
        work = Work()

        def activation(self) -> torch.Tensor:
            return torch.full((3, 8, 8), value)

        def layer(self) -> Any:
            return replace(opened_layer, channels=3)

        def statistics(self) -> Any:
            return channel_statistics(self.activation())

    from renderer.messages import LayerInfo

    opened_layer = LayerInfo("x", 3, 8, 8, "float32")
    sheet = contact_sheet(ContactSheet(VIEW), Broken(), lambda _f, _t: None)  # type: ignore[arg-type]
    assert len(sheet.atlas) == sheet.rows * sheet.columns * 64
    assert sheet.out_of_band_db == ()


def test_a_sheet_reports_on_its_way(
    monkeypatch: pytest.MonkeyPatch, model: Model, layer: str
) -> None:
    monkeypatch.setattr("renderer.statistics.CHUNK_VALUES", 1)
    view = replace(VIEW, display=DisplaySpec(layer=layer))
    reports: list[float] = []
    with torch.inference_mode():
        sheet = contact_sheet(
            ContactSheet(view),
            opened(model, view),
            lambda fraction, _text: reports.append(fraction),
        )
    assert len(reports) >= len(sheet.mean)
    assert reports == sorted(reports)


@pytest.mark.parametrize(
    ("rectangle", "want"),
    [
        ((2, 3, 4, 5), (2, 3, 4, 5)),
        ((-2, -3, 4, 5), (0, 0, 2, 2)),
        ((62, 60, 9, 9), (62, 60, 2, 4)),
        ((64, 64, 3, 3), (64, 64, 0, 0)),
        ((-9, 5, 3, 3), (0, 5, 0, 3)),
        ((0, 0, -1, 10**9), (0, 0, 0, 64)),
        ((10**12, -(10**12), 1, 1), (64, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("all_channels", [False, True])
def test_a_probe_is_cut_to_the_layer(
    model: Model, rectangle: Any, want: Any, all_channels: bool
) -> None:
    view = replace(VIEW, display=DisplaySpec(num_channels=1, base_channel=1))
    stages = opened(model, view)
    with torch.inference_mode():
        probe = probe_region(ProbeRegion(view, *rectangle, all_channels=all_channels), stages)
        activation = stages.activation()
    assert (probe.y0, probe.x0, probe.height, probe.width) == want
    assert (probe.base_channel, probe.num_channels) == ((0, 3) if all_channels else (1, 1))
    values = np.frombuffer(probe.values, "<f4")
    values = values.reshape(probe.num_channels, probe.height, probe.width)
    y0, x0, height, width = want
    channels = slice(None) if all_channels else slice(1, 2)
    assert np.array_equal(values, activation[channels, y0 : y0 + height, x0 : x0 + width].numpy())


def test_a_probe_sees_what_untransform_shows(model: Model) -> None:
    matrix = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    view = replace(VIEW, synthesis=replace(VIEW.synthesis, input_transform=matrix))
    turned = opened(model, replace(view, display=DisplaySpec()))
    back = opened(model, replace(view, display=DisplaySpec(untransform=True)))
    job = ProbeRegion(view, 30, 20, 1, 1)
    with torch.inference_mode():
        there, here = probe_region(job, turned), probe_region(job, back)
        activation = back.activation()
    assert here.values != there.values
    assert np.frombuffer(here.values, "<f4")[0] == float(activation[0, 30, 20])
