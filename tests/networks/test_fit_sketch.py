"""Sketches: learning from places, hints about latents, SOAP, and what takes over from a sketch."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from networks import load_generator, save_generator
from networks.errors import CheckpointError
from networks.fit import parts, recipe, sketch
from networks.fit.album import Album, NewPictures
from networks.fit.chain import chain_design
from networks.fit.evaluate import psnr
from networks.fit.hints import solve, take_hints
from networks.fit.models import build, transfer
from networks.fit.points import at_points
from networks.fit.recipe import Recipe
from networks.fit.sheet import seeds_z
from networks.fit.sketch import Sketcher
from networks.fit.soap import Soap
from networks.fit.source import Source, load_source
from networks.stylegan3 import StyleGAN3
from networks.torch_stylegan2 import check_stylegan2
from tests.networks.test_fit import (
    CPU,
    DISCS,
    SMALL,
    assert_same,
    draw_discs,
    run_program,
    state_of,
)

SKETCH = dataclasses.replace(
    SMALL, channels=(16,) * 5, first_cutoff=5.0, input_bandwidth=3.0, points=32, mapping_features=24
)


def traits_of_discs(z: Tensor) -> Tensor:
    return torch.nn.functional.normalize(z, dim=1)[:, :5]


def pose_of_discs(z: Tensor) -> Tensor:
    place = 0.3 * traits_of_discs(z)[:, :2]
    return torch.cat([torch.tensor([[1.0, 0.0]]).expand(len(z), 2), place], dim=1)


HINTED = Source("discs", 6, draw_discs, traits_of_discs, pose_of_discs)


def draw_discs_at(z: Tensor, places: Tensor, resolution: int, *, z_style: Tensor) -> Tensor:
    """As draw_discs, one place in the middle of a pixel after the other."""
    transform = torch.eye(3).repeat(places.shape[1], 1, 1)
    colours = []
    for k, row in enumerate(places):
        transform[:, :2, 2] = 0.5 / resolution - row  # brings each place to the middle pixel
        found = [
            draw_discs(z[k : k + 1], resolution, z_style=z_style[k : k + 1], transform=one)
            for one in transform
        ]
        middle = resolution // 2
        colours.append(torch.cat(found)[:, :, middle, middle])
    return torch.stack(colours)


EVERYWHERE = dataclasses.replace(DISCS, draw_at=draw_discs_at)


def sketcher_of(settings: Recipe = SKETCH, workers: int = 1, source: Source = DISCS) -> Sketcher:
    return Sketcher(settings, source, CPU, workers, first=64, room=96)


def pixel_places(num: int, resolution: int) -> Tensor:
    axis = (torch.arange(resolution) + 0.5) / resolution - 0.5
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=2).reshape(1, -1, 2).expand(num, -1, -1)


@torch.no_grad()
def pictures_at_points(generator: StyleGAN3, z: Tensor) -> Tensor:
    size = generator.img_resolution
    made = at_points(generator, generator.mapping(z), pixel_places(len(z), size), torch.float32)
    return made.transpose(1, 2).reshape(len(z), 3, size, size)


def test_a_sketch_learns_and_other_architectures_take_it_over() -> None:
    trainer = sketcher_of(dataclasses.replace(SKETCH, ema_decay=0.8))
    sketch = trainer.ema
    assert isinstance(sketch, StyleGAN3)
    z = seeds_z(5000, 8, 6)
    exact = draw_discs(z, 16, z_style=z)
    before = psnr(pictures_at_points(sketch, z), exact)
    for _ in range(50):
        trainer.train_step(1.0)
    drawn = pictures_at_points(sketch, z)
    assert psnr(drawn, exact) > before + 4
    for arch in recipe.ARCHITECTURES:
        settings = dataclasses.replace(SKETCH, arch=arch, points=0, seed=4, margin_size=6)
        generator = build(settings, 6).eval()
        missing = transfer(sketch.state_dict(), generator)
        assert all(name.endswith("noise_strength") for name in missing), arch
        with torch.no_grad():
            assert psnr(generator(z), drawn) > 25, arch  # filters, resampling and borders


def test_a_continued_sketch_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, first, second = sketcher_of(), sketcher_of(), sketcher_of()
    for _ in range(4):
        whole.train_step(1.0)
    for _ in range(2):
        first.train_step(1.0)
    parts.save_progress(first, tmp_path)
    assert parts.load_progress(second, tmp_path)
    for _ in range(2):
        second.train_step(1.0)
    assert_same(state_of(whole), state_of(second))


def test_two_workers_sketch_what_one_does() -> None:
    one, two = sketcher_of(), sketcher_of(workers=2)
    assert two.train_step(1.0) == pytest.approx(one.train_step(1.0), rel=1e-3)
    for mine, other in zip(one.generator.parameters(), two.generator.parameters(), strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        scale = float(mine.grad.abs().max()) + 1e-12
        torch.testing.assert_close(other.grad / scale, mine.grad / scale, rtol=0, atol=0.05)


def test_an_album_is_the_same_however_it_was_drawn() -> None:
    at_once, in_steps = (Album(DISCS, SKETCH, 96) for _ in range(2))
    at_once.draw_until(200)
    for num in (64, 100, 200):
        in_steps.draw_until(num)
    assert at_once.num_drawn == in_steps.num_drawn == 192
    rng = torch.Generator()
    a, b = (album.choose(32, 20, rng.manual_seed(3)) for album in (at_once, in_steps))
    assert torch.equal(a.colours, b.colours)
    assert torch.equal(a.z_style, b.z_style)


def test_an_album_knows_the_exact_colours_at_its_places() -> None:
    album = Album(DISCS, SKETCH, 64)
    album.draw_until(64)
    chosen = album.choose(8, 40, torch.Generator().manual_seed(0))
    assert (chosen.places.abs() > 0.5).any(dim=2).float().mean() < 0.4
    assert (chosen.places.abs() > 0.5).any()
    errors = []
    for k in range(8):
        z, z_style = chosen.z[k : k + 1], chosen.z_style[k : k + 1]
        for place, colour in zip(chosen.places[k], chosen.colours[k], strict=True):
            moved = torch.eye(3)
            moved[:2, 2] = 0.5 / 16 - place  # brings the place to the middle of a pixel
            exact = draw_discs(z, 16, z_style=z_style, transform=moved)[0, :, 8, 8]
            errors.append((colour - exact.clamp(-1, 1)).abs().mean())
    # Discs of the wider canvas have other edges; places a pixel away would give 0.07.
    assert torch.stack(errors).mean() < 0.04


def test_a_source_that_draws_places_shows_new_pictures_in_every_step() -> None:
    pictures = NewPictures(EVERYWHERE, SKETCH, draw_discs_at)
    rng = torch.Generator().manual_seed(0)
    first, second = (pictures.choose(40, 9, rng) for _ in range(2))
    assert first.colours.shape == (40, 9, 3)
    assert (torch.cdist(first.z, second.z) > 0).all()
    mixed = (first.z != first.z_style).any(dim=1)
    assert 0 < mixed.sum() < 40
    exact = draw_discs_at(first.z, first.places, 16, z_style=first.z_style)
    assert torch.equal(first.colours, exact)
    # Anywhere in a pixel, not only in its middle.
    within = (first.places * 16 - 0.5) % 1
    assert within.std() > 0.2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sketch_of_new_pictures_continues_as_if_uninterrupted(
    tmp_path: Path, workers: int
) -> None:
    settings = dataclasses.replace(SKETCH, points=9)
    whole, first, second = (sketcher_of(settings, workers, EVERYWHERE) for _ in range(3))
    losses = [whole.train_step(1.0) for _ in range(4)]
    assert len(set(losses)) == 4
    for _ in range(2):
        first.train_step(1.0)
    parts.save_progress(first, tmp_path)
    assert parts.load_progress(second, tmp_path)
    for _ in range(2):
        second.train_step(1.0)
    assert_same(state_of(whole), state_of(second))


def test_hints_put_the_traits_into_w_and_the_pose_into_the_input() -> None:
    generator = build(dataclasses.replace(SKETCH, w_dim=24), 6)
    assert isinstance(generator, StyleGAN3)
    assert take_hints(generator, HINTED, seed=0, steps=150) > 0.9
    z = seeds_z(0, 512, 6)
    w = generator.mapping(z)[:, 0].detach()
    torch.testing.assert_close(w.square().mean(dim=0), torch.ones(24), rtol=0.3, atol=0)
    weight, bias = solve(w, traits_of_discs(z))
    assert (w @ weight.t() + bias - traits_of_discs(z)).square().mean() < 0.02
    pose = generator.synthesis.input.affine(w)
    assert (pose - pose_of_discs(z)).square().mean().sqrt() < 0.06


def test_hints_of_a_source_without_traits_are_refused() -> None:
    with pytest.raises(ValueError, match="source 'discs' has no traits"):
        take_hints(build(SKETCH, 6), DISCS, seed=0)


def test_the_portraits_offer_hints() -> None:
    source = load_source("networks.portraits")
    assert source.traits is not None
    assert source.pose is not None
    z = seeds_z(0, 5, source.z_dim)
    assert source.traits(z).shape == source.traits(3 * z).shape == (5, 83)
    torch.testing.assert_close(source.traits(3 * z), source.traits(z), rtol=1e-4, atol=1e-4)
    pose = source.pose(z)
    torch.testing.assert_close(pose[:, :2].square().sum(dim=1), torch.ones(5))


def test_soap_goes_down_a_narrow_valley_that_lies_askew() -> None:
    rng = torch.Generator().manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(12, 12, generator=rng))[0] for _ in range(2))
    steepness = torch.logspace(0, -2, 12)
    goal = torch.randn(12, 12, generator=rng)

    def after(make: type[torch.optim.Optimizer]) -> float:
        weight = torch.zeros(12, 12, requires_grad=True)
        optimizer = make([weight], lr=0.03)  # type: ignore[call-arg]
        for _ in range(200):
            away = left @ (weight - goal) @ right
            loss = (away * steepness[:, None] * steepness).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float((weight - goal).square().mean().detach())

    assert after(Soap) < 0.3 * after(torch.optim.Adam)


def test_soap_keeps_its_bases_orthonormal() -> None:
    weight = torch.randn(6, 9, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    optimizer = Soap([weight], lr=0.01)
    for step in range(40):
        weight.grad = torch.randn(6, 9, generator=torch.Generator().manual_seed(step))
        optimizer.step()
    for side, size in (("left", 6), ("right", 9)):
        basis = optimizer.state[weight][side + "_basis"]
        torch.testing.assert_close(basis.t() @ basis, torch.eye(size), rtol=0, atol=1e-4)


def test_the_program_sketches_and_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketch, "FIRST", 32)
    monkeypatch.setattr(sketch, "ROOM", 64)
    small = ["--out", str(tmp_path / "run"), "--resolution", "16", "--channels", "8,8,8"]
    small += ["--points", "8", "--batch", "2", "--bandwidth", "4", "--crossover", "2"]
    assert "step 1/1" in run_program(*small, "--steps", "1")
    assert "at step 1" in run_program(*small, "--steps", "2")
    refused = run_program("--out", str(tmp_path / "t"), "--arch", "t", "--points", "8")
    assert "sketch an r and start from it with --init" in refused


def test_only_one_by_one_kernels_can_be_sketched() -> None:
    with pytest.raises(ValueError, match="points is 32 with arch 't'"):
        recipe.check(dataclasses.replace(SKETCH, arch="t"))


def test_a_chain_can_be_saved_and_loaded(tmp_path: Path) -> None:
    generator = build(dataclasses.replace(SKETCH, arch="sg2", points=0), 6).eval()
    save_generator(generator, tmp_path / "g.safetensors")
    z = seeds_z(0, 2, 6)
    with torch.no_grad():
        torch.testing.assert_close(load_generator(tmp_path / "g.safetensors")(z), generator(z))


@pytest.mark.parametrize(
    ("block", "change", "message"),
    [
        (1, {"name": "b7"}, "is not the one of its resolution"),
        (2, {"resolution": 12}, "neither keep nor double"),
        (0, {"resolution": 0}, "neither keep nor double"),
    ],
)
def test_a_chain_that_does_not_fit_together_is_refused(
    block: int, change: dict[str, object], message: str
) -> None:
    design = chain_design(SKETCH, 6, (16,) * 5)
    check_stylegan2(design)
    blocks = list(design.blocks)
    blocks[block] = dataclasses.replace(blocks[block], **change)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match=message):
        check_stylegan2(dataclasses.replace(design, blocks=tuple(blocks)))


def test_a_chain_has_an_odd_number_of_layers() -> None:
    with pytest.raises(ValueError, match="channels has 4 numbers, expected an odd number"):
        chain_design(SKETCH, 6, (16,) * 4)


def test_places_drawn_in_another_shape_are_refused() -> None:
    def grey(z: Tensor, places: Tensor, resolution: int, *, z_style: Tensor) -> Tensor:
        return draw_discs_at(z, places, resolution, z_style=z_style)[..., :1]

    pictures = NewPictures(EVERYWHERE, SKETCH, grey)
    with pytest.raises(
        ValueError, match=r"draw_at of discs gave \[2, 8, 1\], expected \[2, 8, 3\]"
    ):
        pictures.choose(2, 8, torch.Generator().manual_seed(0))
