"""The figures by which a fitted generator is judged."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from torch import Tensor

from networks import save_generator
from networks.fit import evaluate
from networks.fit.models import build
from networks.fit.recipe import Recipe
from networks.fit.sheet import held_out_z
from networks.fit.source import Source

NOISE = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


class Drawn(torch.nn.Module):
    """Stands in for a generator: pictures that are known."""

    img_resolution = 16

    def __init__(self, contrast: float, offset: float = 0.0) -> None:
        super().__init__()
        self.contrast = torch.nn.Parameter(torch.tensor(contrast))
        self.offset = offset

    def forward(self, z: Tensor) -> Tensor:
        return waves(z, 16, z_style=z) * self.contrast + self.offset


def waves(z: Tensor, resolution: int, *, z_style: Tensor, transform: object = None) -> Tensor:
    """A wave in each direction, smooth in z."""
    axis = (torch.arange(resolution) + 0.5) / resolution * math.tau
    unit = F.normalize(z, dim=1)
    across = torch.sin(axis[None, None, :] + 3 * unit[:, 0, None, None])
    down = torch.sin(5 * axis[None, :, None] + 3 * unit[:, 1, None, None])
    return (0.4 * across + 0.4 * down)[:, None].repeat(1, 3, 1, 1)


WAVES = Source("waves", 8, waves)


def test_psnr_of_an_error_that_is_known() -> None:
    found = evaluate.psnr_on_held_out(Drawn(1.0, 0.02), WAVES, 8)  # type: ignore[arg-type]
    assert found == pytest.approx(40.0, abs=0.01)


def test_the_exact_pictures_get_full_marks() -> None:
    with torch.no_grad():
        figures = evaluate.evaluate(Drawn(1.0, 1e-4), WAVES, 24)  # type: ignore[arg-type]
    assert figures["psnr_db"] > 80
    assert figures["top_octave_energy"] == pytest.approx(1, abs=1e-3)
    assert figures["top_octave_correlation"] == pytest.approx(1, abs=1e-3)
    assert figures["nearest_neighbour_ratio"] == pytest.approx(1, abs=1e-3)
    assert figures["walk_largest_by_median"] < 3
    assert figures["psnr_of_mean_db"] < 20
    assert figures["psnr_of_mean_db"] < figures["psnr_of_blurred_db"] < 20


def test_paler_pictures_have_less_variety() -> None:
    with torch.no_grad():
        figures = evaluate.evaluate(Drawn(0.5), WAVES, 24)  # type: ignore[arg-type]
    assert figures["nearest_neighbour_ratio"] == pytest.approx(0.5, abs=1e-3)
    assert figures["top_octave_energy"] == pytest.approx(0.25, abs=1e-3)


def test_smoothing_loses_the_top_octave_and_noise_does_not_correlate() -> None:
    energy, correlation = evaluate.top_octave(F.avg_pool2d(NOISE, 3, 1, 1), NOISE)
    assert energy < 0.2
    assert correlation < 0.9
    energy, correlation = evaluate.top_octave(NOISE.flip(0), NOISE)
    assert energy == pytest.approx(1)
    assert abs(correlation) < 0.1


def test_only_the_top_octave_counts() -> None:
    axis = torch.arange(32) / 32 * math.tau
    low = torch.sin(4 * axis).expand(1, 1, 32, 32)  # below 8 cycles
    high = torch.sin(12 * axis).expand(1, 1, 32, 32)
    energy, correlation = evaluate.top_octave(high + 5 * low, high)
    assert energy == pytest.approx(1, abs=1e-3)
    assert correlation == pytest.approx(1, abs=1e-3)


def test_a_jump_in_a_walk_is_seen() -> None:
    z = held_out_z(5, 8)

    def jumping(latents: Tensor) -> Tensor:
        pictures = waves(latents, 16, z_style=latents)
        pictures[len(latents) // 2 :] += 0.5
        return pictures

    smooth = evaluate.walk_smoothness(lambda latents: waves(latents, 16, z_style=latents), z)
    assert smooth < 3
    assert evaluate.walk_smoothness(jumping, z) > 10


def test_a_walk_keeps_to_the_sphere_at_even_angles() -> None:
    start, end = held_out_z(2, 8)
    z = evaluate.walk(start, end, 9)
    torch.testing.assert_close(z.norm(dim=1), torch.ones(9))
    angles = torch.arccos((z[1:] * z[:-1]).sum(dim=1))
    torch.testing.assert_close(angles, angles.mean().expand(8), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(z[-1], F.normalize(end, dim=0), rtol=0, atol=1e-5)


def test_the_program_prints_every_figure(tmp_path: Path) -> None:
    recipe = Recipe(resolution=16, channels=(16, 16, 16), margin_size=3)
    save_generator(build(recipe, 64), tmp_path / "g.safetensors")
    arguments = [str(tmp_path / "g.safetensors"), "--num", "6", "--json"]
    result = CliRunner().invoke(evaluate.main, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert set(figures) >= {"psnr_db", "top_octave_energy", "walk_largest_by_median"}
    assert all(math.isfinite(value) for value in figures.values())
