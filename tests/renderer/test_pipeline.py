"""The stages: golden pictures and statistics, and what the caches save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from renderer.messages import DisplaySpec, LatentSpec, SpectrumSpec, View
from renderer.models import Model, load_model
from renderer.pipeline import Pipeline
from renderer.work import Work

NUM_CASES = 20
MODEL = str(Path(__file__).parent.parent / "golden" / "stylegan3-r-64.pkl")


@pytest.fixture(scope="module")
def models() -> Callable[[str], Model]:
    loaded: dict[str, Model] = {}

    def get(source: str) -> Model:
        if source not in loaded:
            loaded[source] = load_model(source, "cpu", lambda _fraction, _text: None)
        return loaded[source]

    return get


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline("cpu")


@pytest.mark.parametrize("idx", range(NUM_CASES))
def test_golden_pictures(
    idx: int, render_cases: Any, models: Any, pipeline: Pipeline, picture_check: Any
) -> None:
    view, image, stats, layers = render_cases[idx]
    rendered = pipeline.render(view, models(view.model), Work())
    width = image.shape[1] // (2 if view.display.spectrum else 1)
    picture_check(rendered.picture.pixels, image, width)
    got = rendered.picture.stats
    assert np.allclose([*got.mean, *got.std, *got.max_abs], stats, rtol=1e-4, atol=1e-4)
    if layers is not None:
        assert [layer.name for layer in rendered.layers] == layers


def test_a_layer_larger_than_the_cache_runs_the_network_once(models: Any) -> None:
    """Its picture, its statistics and its spectrum are made of the same values."""
    display = DisplaySpec(spectrum=SpectrumSpec())
    view = View(model=MODEL, latents=LatentSpec(((1, 1.0),)), display=display)
    small = Pipeline("cpu", budget_bytes=64 * 64 * 3 * 4 - 1)
    work = Work()
    rendered = small.render(view, models(MODEL), work)
    assert work.synthesis_runs == 1
    whole = Pipeline("cpu").render(view, models(MODEL), Work())
    assert np.array_equal(rendered.picture.pixels, whole.picture.pixels)


@pytest.mark.parametrize("all_channels", [False, True])
def test_a_change_of_what_is_shown_repeats_only_what_depends_on_it(
    all_channels: bool, models: Any, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum = SpectrumSpec(all_channels=all_channels)
    model = models(MODEL)
    first = DisplaySpec(layer=_widest(pipeline, model), spectrum=spectrum)

    def pixels(display: DisplaySpec, *unneeded: str) -> np.ndarray:
        view = View(model=MODEL, display=display)
        whole = Pipeline("cpu").render(view, model, Work()).picture.pixels
        with monkeypatch.context() as patch:
            for name in unneeded:
                patch.setattr(f"renderer.stages.{name}", None)
            assert np.array_equal(pipeline.render(view, model, Work()).picture.pixels, whole)
        return whole

    network = ("run_synthesis", "channel_statistics")
    pictures = [
        pixels(first),
        pixels(replace(first, scale_db=6.0), *network, "power_map", "power_db"),
        pixels(replace(first, normalize=True), *network, "power_map", "power_db"),
        pixels(
            replace(first, spectrum=replace(spectrum, range_db=20.0)),
            *network,
            "to_uint8",
            "power_map",
            "power_db",
        ),
        pixels(
            replace(first, spectrum=replace(spectrum, beta=2.0)),
            *network,
            "to_uint8",
            "centred",
        ),
        pixels(replace(first, base_channel=3), *network, *(["power_map"] if all_channels else [])),
    ]
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_another_picture_may_be_made_wherever_one_asks(models: Any, pipeline: Pipeline) -> None:
    model = models(MODEL)
    names = [layer.name for layer in pipeline.render(View(model.info.source), model, Work()).layers]
    shown = View(model.info.source, display=DisplaySpec(layer=names[len(names) // 2]))
    urgent = View(model.info.source, LatentSpec(((3, 1.0),)), name="urgent")
    seen: list[np.ndarray] = []

    def interrupt() -> bool:
        latents = LatentSpec(((len(seen) + 10, 1.0),))  # not remembered: the network runs
        seen.append(pipeline.render(replace(urgent, latents=latents), model, Work()).picture.pixels)
        return False

    found = pipeline.render(
        replace(shown, latents=LatentSpec(((1, 1.0),))), model, Work(), interrupt
    )
    want = Pipeline("cpu").render(replace(shown, latents=LatentSpec(((1, 1.0),))), model, Work())
    assert np.array_equal(found.picture.pixels, want.picture.pixels)
    assert len(seen) > len(names) // 2  # also where the wanted layer had just been seen
    again = Pipeline("cpu").render(
        replace(urgent, latents=LatentSpec(((len(seen) + 9, 1.0),))), model, Work()
    )
    assert np.array_equal(seen[-1], again.picture.pixels)


def _widest(pipeline: Pipeline, model: Model) -> str:
    with torch.inference_mode():
        layers = pipeline.open(View(model=MODEL), model, Work()).layers()
    return max(layers, key=lambda layer: layer.channels).name
