"""A change of late rows of ws runs the layers behind them only, and makes the same picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from renderer.cache import ByteCache
from renderer.errors import Superseded
from renderer.messages import DisplaySpec, LatentSpec, SynthesisSpec, View
from renderer.models import Model, load_model
from renderer.pipeline import Pipeline
from renderer.work import Work

GOLDEN = Path(__file__).parent.parent / "golden"
MOVED = ((0.8, -0.6, 0.1), (0.6, 0.8, -0.2), (0.0, 0.0, 1.0))


class Network:
    """A model whose layers are counted as they run."""

    def __init__(self, name: str) -> None:
        self.model: Model = load_model(str(GOLDEN / f"{name}.pkl"), "cpu", lambda _f, _t: None)
        self.ran: list[str] = []
        self._layers = [
            (name, module)
            for name, module in self.model.generator.synthesis.named_modules()
            if hasattr(module, "affine")
        ]
        for layer, module in self._layers:
            module.register_forward_hook(lambda *_args, layer=layer: self.ran.append(layer))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._layers]

    def view(self, *rows: int, seed: int = 1, mix_seed: int = 7, **display: Any) -> View:
        latents = LatentSpec(seeds=((seed, 0.75), (3, 0.25)), mix_seed=mix_seed, mix_rows=rows)
        synthesis = SynthesisSpec(noise_mode="random", noise_seed=4, input_transform=MOVED)
        return View(self.model.info.source, latents, synthesis, DisplaySpec(**display))

    def activation(self, pipeline: Pipeline, view: View) -> torch.Tensor:
        self.ran.clear()
        with torch.inference_mode():
            return pipeline.open(view, self.model, Work()).activation()

    def check(self, pipeline: Pipeline, view: View) -> list[str]:
        """The layers that ran for an activation that is that of a whole run, to the bit."""
        whole = self.activation(Pipeline("cpu"), view)
        assert torch.equal(self.activation(pipeline, view), whole)
        return list(self.ran)


@pytest.fixture(scope="module", params=["stylegan3-r-64", "stylegan3-t-64", "stylegan2-64"])
def network(request: pytest.FixtureRequest) -> Network:
    return Network(request.param)


@pytest.fixture(params=["reduced", "float32"])
def precise(request: pytest.FixtureRequest, network: Network) -> Callable[[View], View]:
    """Makes a view ask for a precision; the golden models compute in reduced precision too."""

    def ask(view: View) -> View:
        force_fp32 = request.param == "float32"
        return replace(view, synthesis=replace(view.synthesis, force_fp32=force_fp32))

    return ask


def test_another_mixing_seed_runs_the_mixed_layers_only(
    network: Network, precise: Callable[[View], View]
) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    assert network.check(pipeline, precise(network.view(last - 1, last))) == network.names
    for mix_seed in (8, 9):
        view = precise(network.view(last - 1, last, mix_seed=mix_seed))
        ran = network.check(pipeline, view)
        assert 2 <= len(ran) <= 4  # StyleGAN2 has two layers for some rows
        assert ran == network.names[-len(ran) :]


def test_rows_that_change_are_expected_to_change_again(network: Network) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    assert network.check(pipeline, network.view()) == network.names
    assert network.check(pipeline, network.view(last)) == network.names  # nothing was kept yet
    assert len(network.check(pipeline, network.view())) <= 2
    assert network.check(pipeline, network.view(last, seed=2)) == network.names
    assert len(network.check(pipeline, network.view(last, seed=2, mix_seed=9))) <= 2


def test_an_early_row_runs_everything_and_later_rows_know(network: Network) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    network.check(pipeline, network.view(1, last))
    assert len(network.check(pipeline, network.view(1, last, mix_seed=8))) >= len(network.names) - 2
    assert len(network.check(pipeline, network.view(1, mix_seed=8))) <= 2


def test_other_numbers_of_the_synthesis_start_anew(network: Network) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    view = network.view(last)
    network.check(pipeline, view)
    for change in ({"force_fp32": True}, {"input_transform": ((1.0, 0.0, 0.3), *MOVED[1:])}):
        synthesis = replace(view.synthesis, **change)
        network.check(pipeline, replace(view, synthesis=synthesis))


def test_every_layer_can_be_captured_after_a_start_in_the_middle(network: Network) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    with torch.inference_mode():
        layers = pipeline.open(network.view(), network.model, Work()).layers()
    network.check(pipeline, network.view(last - 1))
    for mix_seed, layer in enumerate(layers):
        network.check(pipeline, network.view(last - 1, mix_seed=mix_seed, layer=layer.name))
    ran = network.check(pipeline, network.view(last - 1, mix_seed=mix_seed))
    assert len(ran) <= 3  # same rows, another layer


def test_a_layer_list_from_a_start_in_the_middle_is_complete(network: Network) -> None:
    with torch.inference_mode():
        expected = Pipeline("cpu").open(network.view(), network.model, Work()).layers()
        pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
        pipeline.open(network.view(last), network.model, Work()).activation()
        key = (network.model.key, "layers", False)
        pipeline._cache.drop(key)
        pipeline.open(network.view(last, mix_seed=8), network.model, Work()).activation()
        assert pipeline._cache.get(key) == expected


def test_a_run_that_is_stopped_leaves_what_is_true(network: Network) -> None:
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    network.check(pipeline, network.view(2, last))
    network.ran.clear()

    def stop_late() -> bool:
        return len(network.ran) >= 3

    with torch.inference_mode():
        view = network.view(2, last, mix_seed=8)
        stages = pipeline.open(view, network.model, Work(), stop_late)
        with pytest.raises(Superseded):
            stages.activation()
    for mix_seed in (8, 7, 9):
        network.check(pipeline, network.view(2, last, mix_seed=mix_seed))


def test_a_run_in_the_middle_of_another_keeps_both_true(network: Network) -> None:
    """A frame is answered between two layers of a job, for the same view."""
    pipeline, last = Pipeline("cpu"), network.model.info.num_ws - 1
    network.check(pipeline, network.view(2, last))
    answered: list[torch.Tensor] = []

    def give_way() -> bool:
        if not answered:
            answered.append(torch.empty(0))
            answered.append(network.activation(pipeline, network.view(seed=6)))
        return False

    with torch.inference_mode():
        job = pipeline.open(network.view(2, last, mix_seed=8), network.model, Work(), give_way)
        assert torch.equal(
            job.activation(), network.activation(Pipeline("cpu"), network.view(2, last, mix_seed=8))
        )
    assert torch.equal(answered[1], network.activation(Pipeline("cpu"), network.view(seed=6)))
    for mix_seed in (9, 10):
        network.check(pipeline, network.view(last, seed=6, mix_seed=mix_seed))


def test_what_is_kept_stays_within_the_cache(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    put = ByteCache.put

    def note(self: ByteCache, key: Any, value: Any, num_bytes: int) -> None:
        if key[1] == "trail":
            kept.append(num_bytes)
        put(self, key, value, num_bytes)

    monkeypatch.setattr(ByteCache, "put", note)
    rows = tuple(range(1, network.model.info.num_ws))
    for budget_bytes in (0, 1 << 19, 1 << 30):
        pipeline = Pipeline("cpu", budget_bytes)
        for mix_seed in (1, 2):
            network.activation(pipeline, network.view(*rows, mix_seed=mix_seed))
        assert max(kept[-2:]) <= budget_bytes / 2
    assert kept[-1] > 0
    trail = pipeline._cache.get((network.model.key, "trail", "main"))
    assert sorted(trail._kept) == [1, 2, 3, 4]
