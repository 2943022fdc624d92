"""The stages: golden pictures and statistics, and what the caches save."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
