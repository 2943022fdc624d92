"""Fitting a generator: it learns, can be stopped and continued, and is the same every time."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
from pathlib import Path

import pytest
import safetensors
import torch
from click.testing import CliRunner
from torch import Tensor

from networks import load_generator, save_generator
from networks.fit import __main__ as program
from networks.fit import export, parts, recipe
from networks.fit.evaluate import psnr_on_held_out
from networks.fit.loss import picture_loss
from networks.fit.models import build, draft, place, transfer
from networks.fit.recipe import Recipe
from networks.fit.sheet import comparison, held_out_z, seeds_z, tiled
from networks.fit.source import Source, draw_batch, load_source
from networks.fit.trainer import Trainer, synthesize

CPU = torch.device("cpu")
SMALL = Recipe(
    resolution=16,
    channels=(16, 16, 16, 16),
    w_dim=16,
    first_cutoff=2.0,
    margin_size=3,
    batch=4,
    warmup=5,
    crossover=3,
    lr=0.01,
)


def draw_discs(
    z: Tensor, resolution: int, *, z_style: Tensor, transform: Tensor | None = None
) -> Tensor:
    """A disc whose place is layout and whose colour is style, antialiased."""
    place_, colour = (torch.nn.functional.normalize(v, dim=1) for v in (z, z_style))
    axis = (torch.arange(resolution) + 0.5) / resolution - 0.5
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)])  # [3, H, W]
    if transform is not None:
        points = torch.einsum("ij,jhw->ihw", torch.linalg.inv(transform), points)
    x = points[0] - 0.3 * place_[:, 0, None, None]
    y = points[1] - 0.3 * place_[:, 1, None, None]
    cover = torch.sigmoid((0.25 - torch.sqrt(x * x + y * y + 1e-6)) * resolution)
    inside = torch.tanh(2 * colour[:, 2:5])[:, :, None, None]
    return cover[:, None] * (inside + 0.5) - 0.5


DISCS = Source("discs", 6, draw_discs)


def trainer_of(settings: Recipe = SMALL, workers: int = 1) -> Trainer:
    return Trainer(settings, DISCS, CPU, workers)


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in parts.collect(trainer).items()}


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert torch.equal(value, b[name]), name


@pytest.mark.parametrize("arch", recipe.ARCHITECTURES)
def test_every_architecture_comes_closer_to_its_source(arch: str) -> None:
    settings = dataclasses.replace(SMALL, arch=arch, ema_decay=0.8, channels=(16,) * 5)
    trainer = trainer_of(settings)
    before = psnr_on_held_out(trainer.ema, DISCS, 8)
    for _ in range(40):
        trainer.train_step(1.0)
    assert psnr_on_held_out(trainer.ema, DISCS, 8) > before + 3


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = trainer_of(), trainer_of()
    losses = [(first.train_step(1.0), second.train_step(1.0)) for _ in range(3)]
    assert all(a == b for a, b in losses)
    assert_same(state_of(first), state_of(second))


def test_another_seed_gives_other_weights() -> None:
    other = trainer_of(dataclasses.replace(SMALL, seed=1))
    assert not torch.equal(
        next(trainer_of().generator.parameters()), next(other.generator.parameters())
    )


def test_a_continued_fit_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = trainer_of()
    for _ in range(4):
        whole.train_step(1.0)
    first = trainer_of()
    for _ in range(2):
        first.train_step(1.0)
    parts.save_progress(first, tmp_path)
    second = trainer_of()
    assert parts.load_progress(second, tmp_path)
    assert second.step == 2
    for _ in range(2):
        second.train_step(1.0)
    assert_same(state_of(whole), state_of(second))


def test_two_workers_compute_what_one_does() -> None:
    one, two = trainer_of(), trainer_of(workers=2)
    assert two.train_step(1.0) == pytest.approx(one.train_step(1.0), rel=1e-5)
    for mine, other in zip(one.generator.parameters(), two.generator.parameters(), strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(other.grad, mine.grad, rtol=1e-3, atol=2e-5)


def test_progress_stays_in_parts_below_the_limit(tmp_path: Path) -> None:
    tensors = {f"t{i}": torch.full([1000], float(i)) for i in range(10)}
    pieces = parts.split(tensors, limit=9000)
    assert [len(piece) for piece in pieces] == [2, 2, 2, 2, 2]
    assert {name for piece in pieces for name in piece} == set(tensors)
    folder = parts.save_progress(trainer_of(), tmp_path)
    assert all(path.stat().st_size < 16 * 2**20 for path in folder.iterdir())


def test_only_complete_progress_counts_and_old_progress_goes(tmp_path: Path) -> None:
    trainer = trainer_of()
    for step in (1, 2, 3):
        trainer.step = step
        parts.save_progress(trainer, tmp_path)
    (tmp_path / "step-00000009").mkdir()  # killed before its manifest
    names = [path.name for path in parts.progress_folders(tmp_path)]
    assert names == ["step-00000002", "step-00000003"]
    assert not list(tmp_path.glob(".step*"))


def test_progress_of_another_recipe_is_refused(tmp_path: Path) -> None:
    parts.save_progress(trainer_of(), tmp_path)
    wider = trainer_of(dataclasses.replace(SMALL, channels=(16, 16, 16, 32)))
    with pytest.raises(ValueError, match="belongs to another recipe; choose another folder"):
        parts.load_progress(wider, tmp_path)


def test_batches_depend_on_seed_and_index_only() -> None:
    batch = draw_batch(DISCS, SMALL, 5, 8, CPU)
    again = draw_batch(DISCS, SMALL, 5, 8, CPU)
    other = draw_batch(DISCS, SMALL, 6, 8, CPU)
    assert torch.equal(batch.z, again.z)
    assert torch.equal(batch.pictures, again.pictures)
    assert not torch.equal(batch.z, other.z)
    mixed = (batch.z != batch.z_style).any(dim=1)
    assert 0 < mixed.sum() < 8


def test_a_moved_batch_shows_where_the_generator_is_asked_to_draw() -> None:
    batch = draw_batch(DISCS, dataclasses.replace(SMALL, moved_share=1.0), 0, 4, CPU)
    assert batch.transform is not None
    rotation = batch.transform[:2, :2]
    torch.testing.assert_close(rotation @ rotation.T, torch.eye(2))
    expected = draw_discs(batch.z, 16, z_style=batch.z_style, transform=batch.transform)
    assert torch.equal(batch.pictures, expected)
    generator = trainer_of().ema
    moved = synthesize(generator, batch, 3)
    still = synthesize(generator, dataclasses.replace(batch, transform=None), 3)
    assert not torch.allclose(moved, still)


def test_only_generators_that_can_turn_are_turned() -> None:
    settings = dataclasses.replace(SMALL, moved_share=1.0, arch="t")
    batch = draw_batch(DISCS, settings, 0, 4, CPU)
    assert batch.transform is not None
    assert torch.equal(batch.transform[:2, :2], torch.eye(2))
    assert batch.transform[:2, 2].abs().max() > 0


def test_style_rows_follow_the_style_latent_and_layout_rows_the_other() -> None:
    trainer = trainer_of()
    batch = draw_batch(DISCS, SMALL, 0, 4, CPU)
    generator = trainer.ema
    ws, ws_style = generator.mapping(batch.z), generator.mapping(batch.z_style)
    rows = torch.cat([ws[:, :3], ws_style[:, 3:]], dim=1)
    expected = generator.synthesis(rows)
    torch.testing.assert_close(synthesize(generator, batch, 3), expected)


def test_the_loss_is_zero_for_the_exact_picture_and_sees_edges() -> None:
    exact = draw_discs(torch.ones(2, 6), 16, z_style=torch.ones(2, 6))
    assert abs(float(picture_loss(exact, exact, 0.5))) < 1e-7
    smooth = torch.nn.functional.avg_pool2d(exact, 3, 1, 1, count_include_pad=False)
    values_only = picture_loss(smooth, exact, 0.0)
    assert picture_loss(smooth, exact, 0.5) > values_only > 0


@pytest.mark.parametrize("resolution", [32, 64])
def test_weights_carry_over_to_another_resolution(resolution: int) -> None:
    coarse = build(SMALL, 6)
    fine = build(dataclasses.replace(SMALL, resolution=resolution, seed=3), 6)
    assert transfer(coarse.state_dict(), fine) == []
    fine_state = {place(name): value for name, value in fine.state_dict().items()}
    for name, value in coarse.state_dict().items():
        if "filter" not in name:
            assert torch.equal(value, fine_state[place(name)]), name


def test_a_wider_kernel_starts_from_its_middle() -> None:
    r = build(SMALL, 6)
    t = build(dataclasses.replace(SMALL, arch="t", seed=3), 6)
    assert transfer(r.state_dict(), t) == []
    weights = [p for name, p in t.named_parameters() if p.ndim == 4 and p.shape[2] == 3]
    assert weights
    for weight in weights:
        assert weight.abs().sum(dim=(0, 1)).count_nonzero() == 1
    z = seeds_z(0, 4, 6)
    difference = (t.eval()(z) - r.eval()(z)).square().mean()
    assert difference < 0.2 * r(z).var()  # the filters differ, little else


def test_a_draft_has_the_parameters_of_the_real_design() -> None:
    real = build(SMALL, 6)
    cheap = build(dataclasses.replace(SMALL, draft=True, seed=3), 6)
    assert transfer(real.state_dict(), cheap) == []
    z = seeds_z(0, 4, 6)
    made, expected = cheap.eval()(z), real.eval()(z)
    assert made.shape == expected.shape
    assert (made - expected).square().mean() < 0.4 * expected.var()  # aliasing
    assert draft(real.design).layers[-1] == real.design.layers[-1]


def test_an_unlike_generator_leaves_names_behind() -> None:
    other = build(dataclasses.replace(SMALL, channels=(16, 16, 16, 8)), 6)
    missing = transfer(other.state_dict(), build(SMALL, 6))
    assert {name.split(".")[1] for name in missing} == {"L3_16_16", "L4_16_3"}


def test_a_built_generator_can_be_saved_and_loaded(tmp_path: Path) -> None:
    generator = build(dataclasses.replace(SMALL, channels=(24, 16, 16, 8)), 6).eval()
    save_generator(generator, tmp_path / "g.safetensors")
    z = seeds_z(0, 2, 6)
    with torch.no_grad():
        torch.testing.assert_close(load_generator(tmp_path / "g.safetensors")(z), generator(z))


def test_a_sheet_shows_exact_pictures_above_made_ones() -> None:
    generator = trainer_of().ema
    sheet = comparison(generator, DISCS, 16)
    assert sheet.shape == (3, 4 * 16, 8 * 16)
    z = held_out_z(16, 6)
    exact = draw_discs(z, 16, z_style=z)
    assert torch.equal(sheet[:, :16], tiled(exact[:8]))
    assert torch.equal(sheet[:, 32:48], tiled(exact[8:]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arch": "x"}, "arch is 'x', expected one of r, t, sg2"),
        ({"resolution": 48}, "resolution is 48, expected a power of two"),
        ({"batch": 0}, "batch is 0, expected more than 0"),
        ({"crisp": math.nan}, "crisp is nan, expected 0 or more"),
        ({"lr": math.inf}, "lr is inf, expected more than 0"),
        ({"mixed_share": 1.5}, "mixed_share is 1.5, expected 0 to 1"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe.check(dataclasses.replace(SMALL, **change))  # type: ignore[arg-type]


def test_a_recipe_survives_its_file(tmp_path: Path) -> None:
    recipe.save(SMALL, tmp_path / "recipe.json")
    assert recipe.load(tmp_path / "recipe.json") == SMALL
    (tmp_path / "recipe.json").write_text(json.dumps({"colour": 1}))
    with pytest.raises(ValueError, match="not a recipe of this program"):
        recipe.load(tmp_path / "recipe.json")


def test_a_source_that_is_none_is_refused_by_name() -> None:
    assert load_source("networks.portraits").z_dim == 64
    with pytest.raises(ValueError, match="source 'json' is not a module with Z_DIM and draw"):
        load_source("json")


def run_program(*arguments: str) -> str:
    result = CliRunner().invoke(program.main, arguments)
    assert result.exit_code in (0, 1), result.output
    return result.output


def test_a_fit_that_is_asked_to_stop_saves_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of()
    step = Trainer.train_step

    def stopped_in_the_third(self: Trainer, lr_factor: float) -> float:
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, lr_factor)

    monkeypatch.setattr(Trainer, "train_step", stopped_in_the_third)
    before = signal.getsignal(signal.SIGTERM)
    program.run(trainer, tmp_path, steps=50, cooldown=0, every=100)
    assert signal.getsignal(signal.SIGTERM) is before
    assert [path.name for path in parts.progress_folders(tmp_path)] == ["step-00000003"]


@pytest.mark.timeout(170)
def test_the_program_fits_continues_and_exports(tmp_path: Path) -> None:
    run = tmp_path / "run"
    common = ["--out", str(run), "--resolution", "16", "--channels", "16,16,16", "--batch", "2"]
    common += ["--margin", "3", "--every", "2", "--crossover", "2"]
    assert "step 2/2" in run_program(*common, "--steps", "2")
    output = run_program(*common, "--steps", "4", "--cooldown", "2")
    assert "at step 2" in output
    assert "step 4/4" in output
    assert (run / "sheet-00000004.png").is_file()
    assert len((run / "log.csv").read_text().splitlines()) == 2
    started_t = ["--out", str(tmp_path / "t"), "--init", str(run), "--arch", "t", "--steps", "0"]
    assert "new: nothing" in run_program(*common[2:], *started_t)
    assert "choose another folder" in run_program(*common, "--resolution", "32")
    out = tmp_path / "small.safetensors"
    finer = [str(run), "--out", str(out), "--resolution", "32"]
    assert CliRunner().invoke(export.main, finer).exit_code == 0
    assert load_generator(out).img_resolution == 32
    result = CliRunner().invoke(export.main, [str(run), "--out", str(out), "--note", "a test"])
    assert result.exit_code == 0, result.output
    assert out.with_suffix(".png").is_file()
    generator = load_generator(out)
    assert (generator.img_resolution, generator.family) == (16, "stylegan3")
    assert generator.mapping.w_avg.abs().sum() > 0
    with safetensors.safe_open(out, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["provenance.steps"] == "4"
    assert metadata["provenance.note"] == "a test"
    assert "MIT" in metadata["provenance.licence"]
