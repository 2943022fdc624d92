"""Differences of two views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from renderer.difference import difference
from renderer.messages import UNTRAINED, DifferenceSpec, DisplaySpec, LatentSpec, View
from renderer.models import Model, load_model
from renderer.pipeline import Pipeline
from renderer.work import Work

A = View(UNTRAINED, latents=LatentSpec(seeds=((1, 1.0),)))
B = replace(A, latents=LatentSpec(seeds=((2, 1.0),)), name="b")


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(UNTRAINED, "cpu", lambda _fraction, _text: None)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline("cpu")


def compare(pipeline: Pipeline, model: Model, a: View, b: View, **spec: Any) -> np.ndarray | None:
    work = Work()
    views = tuple(pipeline.render(view, model, work) for view in (a, b))
    runs = work.synthesis_runs
    found = pipeline.render_difference((views[0], views[1]), DifferenceSpec(**spec), work)
    assert work.synthesis_runs == runs, "a difference runs no network"
    return None if found is None else found.picture.pixels


def test_a_picture_does_not_differ_from_itself(pipeline: Pipeline, model: Model) -> None:
    grey = compare(pipeline, model, A, replace(A, name="b"), gain_db=60.0)
    assert grey is not None
    assert (grey == 128).all()
    for kind in ("absolute", "squared"):
        black = compare(pipeline, model, A, replace(A, name="b"), kind=kind, gain_db=60.0)
        assert black is not None
        assert (black == 0).all()


def test_the_signed_difference_is_that_of_the_raw_values(pipeline: Pipeline, model: Model) -> None:
    work = Work()
    with torch.inference_mode():
        a, b = (pipeline.open(view, model, work) for view in (A, B))
        delta = (a.activation() - b.activation()).numpy().transpose(1, 2, 0)
        picture = difference(a, b, DifferenceSpec(gain_db=-6.0))
    assert picture is not None
    expected = np.clip(delta * 10 ** (-6 / 20) * 127.5 + 128, 0, 255)
    assert np.abs(picture.pixels - np.floor(expected)).max() <= 1
    assert (picture.pixels != np.floor(expected)).mean() < 1e-3
    assert picture.stats.max_abs[0] == pytest.approx(np.abs(delta).max())
    assert picture.stats.std[0] == pytest.approx(np.sqrt((delta.astype(float) ** 2).mean()))
    mirrored = compare(pipeline, model, B, replace(A, name="b"), gain_db=-6.0)
    assert mirrored is not None
    assert np.abs(mirrored.astype(int) + picture.pixels - 256).max() <= 1


def test_gain_of_the_display_does_not_change_a_difference(pipeline: Pipeline, model: Model) -> None:
    loud = replace(A, display=DisplaySpec(scale_db=12.0, normalize=True))
    plain = compare(pipeline, model, A, B, kind="absolute")
    louder = compare(pipeline, model, loud, B, kind="absolute")
    assert plain is not None
    assert louder is not None
    assert np.array_equal(plain, louder)


def test_colors_are_of_the_mean_over_channels(pipeline: Pipeline, model: Model) -> None:
    grey = compare(pipeline, model, A, B, kind="absolute")
    colored = compare(pipeline, model, A, B, kind="absolute", in_colors=True)
    assert grey is not None
    assert colored is not None
    darkest, brightest = grey.mean(axis=2).argmin(), grey.mean(axis=2).argmax()
    colors = colored.reshape(-1, 3).astype(int)
    assert colors[brightest, 0] > colors[darkest, 0]  # viridis: from violet to yellow
    assert colors[brightest, 1] > colors[darkest, 1]


def test_layers_of_unlike_size_have_no_difference(pipeline: Pipeline, model: Model) -> None:
    other = replace(B, display=DisplaySpec(layer="L3_52_64"))
    assert compare(pipeline, model, A, other) is None
