"""What a fit may be told about its input: where the subject stands, and the waves it is made of."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from networks import portraits
from networks.fit.hints import set_input
from networks.fit.models import build
from networks.fit.parts import averaged_state
from networks.fit.points import at_each_layer, at_points, features
from networks.fit.routes import lead
from networks.fit.sketch import Sketcher
from networks.fit.source import load_source
from networks.fit.waves import follow, mean_transform, plant
from networks.fourier import SynthesisInput
from networks.portraits import grain
from networks.stylegan3 import StyleGAN3
from tests.networks.test_fit import CPU, run_program
from tests.networks.test_fit_sketch import HINTED, SKETCH, pixel_places, seeds_z

FREQS = torch.tensor([[7.0, 1.0], [2.0, -6.5]])
PHASES = torch.tensor([0.1, 0.7])
WAVED = dataclasses.replace(HINTED, waves=lambda: (FREQS[None], PHASES[None]))


def input_of(channels: int = 16) -> tuple[StyleGAN3, SynthesisInput]:
    settings = dataclasses.replace(SKETCH, channels=(channels,) * 5, input_bandwidth=8.0)
    generator = build(settings, 6)
    assert isinstance(generator, StyleGAN3)
    return generator, generator.synthesis.input


@torch.no_grad()
def made(module: SynthesisInput, places: Tensor) -> Tensor:
    w = torch.zeros(1, module.spec.affine.in_features)
    return features(module, w, places[None], torch.float32)[0]


def test_planted_waves_are_features_of_the_input_that_begin_without_weight() -> None:
    _, module = input_of()
    before = module.weight.norm(dim=0)
    plant(module, FREQS, PHASES)
    spots = [k for k in range(16) if module.weight[:, k].abs().max() == 0]
    assert sorted(spots) == sorted(before.argsort()[:2].tolist())
    found = {tuple(module.freqs[k].tolist()) for k in spots}
    assert found == {tuple(row) for row in FREQS.tolist()}


def test_features_that_give_way_are_made_up_for_by_the_rest() -> None:
    _, module = input_of(64)  # more features than a band of 2 cycles needs
    with torch.no_grad():
        module.freqs *= 2 / 8
    places = (torch.rand(500, 2, generator=torch.Generator().manual_seed(0)) - 0.5) * 1.3
    before = made(module, places)
    plant(module, FREQS, PHASES)
    after = made(module, places)
    assert (after - before).norm() < 0.02 * before.norm()


def test_more_waves_than_the_input_can_spare_are_refused() -> None:
    _, module = input_of(8)
    with pytest.raises(ValueError, match=r"has 5 waves, at most half of the input's 8 features"):
        plant(module, torch.ones(5, 2), torch.ones(5))


def test_an_input_that_follows_keeps_its_features_where_they_were_on_average() -> None:
    generator, module = input_of()
    with torch.no_grad():
        module.affine.bias.copy_(torch.tensor([0.8, 0.6, 0.1, -0.2]))  # type: ignore[union-attr]
    w = generator.mapping(seeds_z(0, 64, 6))[:, 0].detach()
    mean = w.mean(dim=0, keepdim=True)
    places = pixel_places(1, 8)
    before = features(module, mean, places, torch.float32)
    follow(module, w, torch.zeros(4, w.shape[1]), torch.tensor([1.0, 0.0, 0.3, 0.05]))
    expected = torch.tensor([[1.0, 0.0, -0.3], [0.0, 1.0, -0.05], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(mean_transform(module, w), expected)
    after = features(module, mean, places, torch.float32)
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)


def test_a_hinted_input_carries_the_sources_waves_in_the_frame_of_its_pose() -> None:
    generator, module = input_of()
    set_input(generator, WAVED, seed=0)
    k = int((module.freqs - FREQS[0]).norm(dim=1).argmin())
    with torch.no_grad():
        module.weight.zero_()[0, k] = math.sqrt(16)  # the first feature made is the wave alone
        w = generator.mapping(seeds_z(0, 1, 6))[:, 0]
        learned = module._learned_transform(w)[0]
    places = pixel_places(1, 8)
    moved = places[0] @ learned[:2, :2].t() + learned[:2, 2]
    wave = torch.sin(math.tau * (moved @ FREQS[0] + PHASES[0]))
    found = features(module, w, places, torch.float32)[0, :, 0]
    torch.testing.assert_close(found, wave, rtol=0, atol=1e-4)


def test_every_layer_is_handed_the_patterns_and_a_constant() -> None:
    generator, module = input_of()
    with torch.no_grad():
        ws = generator.mapping(seeds_z(0, 32, 6))
        at = plant(module, FREQS, PHASES)
        lead(generator, ws, [at], torch.Generator().manual_seed(0))
        other = generator.mapping(seeds_z(40, 3, 6))
        places = pixel_places(3, 16)
        values = at_each_layer(generator, other, places)
    learned = module._learned_transform(other[:, 0])
    moved = places @ learned[:, :2, :2].transpose(1, 2) + learned[:, None, :2, 2]
    pattern = torch.sin(math.tau * (moved @ FREQS.t() + PHASES)).sum(dim=2).flatten()
    for x in values:
        flat = x.flatten(0, 1)
        related = torch.corrcoef(torch.cat([pattern[:, None], flat], dim=1).t())[0, 1:]
        channel = int(related.nan_to_num().argmax())
        assert related[channel] > 0.9999
        assert 0.3 < flat[:, channel].std() / flat.square().mean().sqrt() < 2
    for x in values[1:]:
        assert (x.flatten(0, 1).std(dim=0) < 1e-5).any()


def test_channels_give_way_that_matter_least() -> None:
    generator, module = input_of(32)
    generator.eval()
    settled = [getattr(generator.synthesis, name) for name in generator.synthesis.layer_names]
    with torch.no_grad():
        for layer in settled:
            layer.weight[:, 3:5] = 0  # nothing listens to these two
        ws = generator.mapping(seeds_z(0, 16, 6))
        places = pixel_places(16, 8)
        before = at_points(generator, ws, places, torch.float32)
        at = plant(module, FREQS, PHASES)
        planted = at_points(generator, ws, places, torch.float32)
        lead(generator, ws, [at], torch.Generator().manual_seed(0))
        after = at_points(generator, ws, places, torch.float32)
    assert (after - planted).norm() < 1e-3 * before.norm()


def test_a_hinted_sketch_is_drawn_to_the_pose_that_its_source_tells() -> None:
    settings = dataclasses.replace(SKETCH, hinted=True)
    trainer = Sketcher(settings, WAVED, CPU, 1, first=64, room=96)
    z = seeds_z(7, 64, 6)

    def missed() -> float:
        with torch.no_grad():
            w = trainer.generator.mapping(z)[:, 0]
            return float(trainer._astray(trainer.generator, w, z))

    before = missed()
    for _ in range(20):
        trainer.train_step(1.0)
    assert missed() < 0.5 * before
    plain = Sketcher(SKETCH, WAVED, CPU, 1, first=64, room=96)
    assert float(plain._astray(plain.generator, torch.zeros(1, 128), z[:1])) == 0


def test_the_waves_of_the_portraits_move_and_turn_with_the_head() -> None:
    source = load_source("networks.portraits")
    assert source.waves is not None
    assert source.pose is not None
    freqs, phases = source.waves()
    assert (freqs.norm(dim=2) < 24).all()  # what half the rate of a 128² picture can carry
    z = portraits.seeds_to_z([3])
    who = portraits.traits.layout_of(z)
    size = 64
    steps = (torch.arange(size) + 0.5) / size - 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    frame = grain.Frame(grain.SPAN * x[None], grain.SPAN * y[None], torch.full((1, 1, 1), 1e-4))
    drawn = grain.grain_of(frame, who)
    cos, sin, at_x, at_y = source.pose(z)[0]
    moved = torch.stack([x - at_x, y - at_y], dim=2)
    turn = torch.stack([torch.stack([cos, -sin]), torch.stack([sin, cos])])
    moved = (moved @ turn.t()).reshape(-1, 2)

    def pattern(group: int) -> Tensor:
        each = torch.sin(math.tau * (moved @ freqs[group].t() + phases[group]))
        return each.sum(dim=1) / math.sqrt(3)

    fan, spots, left, right = (
        drawn.fan.flatten(),
        drawn.spots,
        moved[:, 0] < -0.06,
        moved[:, 0] > 0.06,
    )
    torch.testing.assert_close(spots.flatten(), pattern(2), rtol=0, atol=2e-3)
    torch.testing.assert_close(fan[left], pattern(0)[left], rtol=0, atol=2e-3)
    torch.testing.assert_close(fan[right], pattern(1)[right], rtol=0, atol=2e-3)


def test_the_program_gives_waves_to_a_generator_that_had_none(tmp_path: Path) -> None:
    small = ["--resolution", "16", "--points", "4", "--batch", "2", "--bandwidth", "6"]
    small += ["--crossover", "2", "--steps", "1"]
    for name, channels in (("plain", "40,8,8"), ("thin", "32,8,8")):
        run_program("--out", str(tmp_path / name), *small, "--channels", channels)
    hinted = [*small, "--hinted", "--out", str(tmp_path / "waved")]
    told = run_program(*hinted, "--channels", "40,8,8", "--init", str(tmp_path / "plain"))
    assert "step 1/1" in told
    state = averaged_state(tmp_path / "waved")
    freqs, _ = portraits.waves()
    apart = (freqs.view(-1, 1, 2) - state["synthesis.input.freqs"]).norm(dim=2)
    assert apart.amin(dim=1).max() == 0
    hinted[-1] = str(tmp_path / "refused")
    told = run_program(*hinted, "--channels", "32,8,8", "--init", str(tmp_path / "thin"))
    assert "the source has 18 waves, at most half of the input's 32 features" in told
