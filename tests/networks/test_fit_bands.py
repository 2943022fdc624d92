"""Layers at half the sampling rate: what they pass, what they cost, what is refused."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
import torch

from networks import load_generator, save_generator
from networks.fit.bands import half_rate_bands
from networks.fit.evaluate import psnr
from networks.fit.models import build, spread_taps, transfer
from networks.fit.recipe import Recipe
from networks.fit.sheet import seeds_z
from networks.fit.source import crisper, draw_batch
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import LayerSpec, StyleGAN3Config
from tests.networks.test_fit import DISCS

WIDE = Recipe(
    resolution=32,
    channels=(16,) * 7,
    w_dim=16,
    first_cutoff=5.0,
    input_bandwidth=2.0,
    margin_size=6,
    half_rate=3,
)
CONFIG = StyleGAN3Config(img_resolution=128, num_layers=9, first_cutoff=20.0)


def layers_of(recipe: Recipe) -> tuple[LayerSpec, ...]:
    generator = build(recipe, 6)
    assert isinstance(generator, StyleGAN3)
    return generator.design.layers


def test_bands_rise_to_the_limit_of_each_rate() -> None:
    bands = half_rate_bands(CONFIG, 5)
    assert bands["rates"].tolist() == [64] * 5 + [128] * 5
    cutoffs = bands["cutoffs"]
    assert (cutoffs[1:] >= cutoffs[:-1]).all()
    assert (cutoffs <= bands["rates"] / 2).all()
    assert cutoffs[[0, 4, 7, 8, 9]].tolist() == pytest.approx([20, 28, 64, 64, 64])
    assert (bands["half_widths"] > 0).all()
    assert bands["sizes"].tolist() == [84] * 5 + [148] * 3 + [128] * 2


def test_one_layer_brings_the_full_rate() -> None:
    layers = layers_of(WIDE)
    assert [layer.up for layer in layers] == [2, 2, 2, 4, 2, 2, 2, 1]
    assert [layer.down for layer in layers] == [2] * 7 + [1]
    for before, after in itertools.pairwise(layers):
        assert before.out_size == after.in_size
        assert before.out_sampling_rate == after.in_sampling_rate
    assert layers[-1].out_size == WIDE.resolution


def test_a_generator_with_half_the_rate_draws_what_the_full_one_does(tmp_path: Path) -> None:
    full = build(dataclasses.replace(WIDE, half_rate=0, seed=1), 6).eval()
    half = build(WIDE, 6).eval()
    assert transfer(full.state_dict(), half) == []
    z = seeds_z(0, 4, 6)
    with torch.no_grad():
        expected = full(z)
        made = half(z)
        scale = 2 / float(expected.max() - expected.min())
        assert psnr(made * scale, expected * scale) > 25
        save_generator(half, tmp_path / "half.safetensors")
        torch.testing.assert_close(load_generator(tmp_path / "half.safetensors")(z), made)


@pytest.mark.parametrize(
    ("num", "first", "message"),
    [
        (7, 20.0, "half_rate is 7 of 9 layers, expected at most 6"),
        (5, 30.0, "first_cutoff is 30 with half_rate, expected less than 28"),
    ],
)
def test_bands_without_room_are_refused(num: int, first: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        half_rate_bands(dataclasses.replace(CONFIG, first_cutoff=first), num)


@pytest.mark.parametrize("arch", ["t", "sg2"])
def test_spread_taps_keep_what_is_smooth_and_give_edges_a_direction(arch: str) -> None:
    settings = dataclasses.replace(WIDE, arch=arch, half_rate=0)
    generator = build(settings, 6)
    transfer(build(dataclasses.replace(WIDE, half_rate=0), 6).state_dict(), generator)
    before = {name: value.clone() for name, value in generator.named_parameters()}
    spread_taps(generator, 0.2, seed=0)
    kernels = 0
    for name, value in generator.named_parameters():
        if value.ndim != 4 or value.shape[2] != 3:
            assert torch.equal(value, before[name]), name
            continue
        kernels += 1
        middle = before[name][:, :, 1, 1]
        assert torch.equal(value[:, :, 1, 1], middle)
        torch.testing.assert_close(value.sum(dim=(2, 3)), middle, rtol=0, atol=1e-5)
        ratio = value[:, :, 0].square().mean().sqrt() / middle.square().mean().sqrt()
        assert 0.15 < float(ratio.detach()) < 0.25, name
    assert kernels >= 5


def test_a_crisper_picture_has_more_of_its_highest_octave_only() -> None:
    size = 32
    x = torch.arange(size) / size
    for cycles, gain in ((2, 1.0), (4, 1.0), (16, 1.3)):
        wave = torch.cos(2 * torch.pi * cycles * x).expand(1, 3, size, size)
        raised = crisper(wave, 0.3)
        torch.testing.assert_close(raised[..., 4:-4], gain * wave[..., 4:-4], rtol=0, atol=0.02)
    picture = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(crisper(picture, 0.0), picture)


def test_whole_pictures_are_aimed_at_as_crisp_as_the_recipe_says() -> None:
    settings = dataclasses.replace(WIDE, crisp=0.2, moved_share=0.5)
    cpu = torch.device("cpu")
    for index in range(4):
        plain = draw_batch(DISCS, dataclasses.replace(settings, crisp=0.0), index, 2, cpu)
        batch = draw_batch(DISCS, settings, index, 2, cpu)
        assert torch.equal(batch.z, plain.z)
        assert torch.equal(batch.pictures, crisper(plain.pictures, 0.2))
        assert not torch.equal(batch.pictures, plain.pictures)
