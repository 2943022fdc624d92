"""The procedural portraits: what a fitted generator relies on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from networks import portraits
from networks.portraits import traits

RESOLUTION = 48
SAME = 1e-5  # largest difference between equal pictures; values span −1…1


def draw(z: Tensor, resolution: int = RESOLUTION, **arguments: Tensor) -> Tensor:
    with torch.no_grad():
        return portraits.draw(z, resolution, **arguments)


def sphere_walk(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` latents from one to the other at even angles, [steps, Z_DIM]."""
    a, b = start / start.norm(), end / end.norm()
    angle = torch.arccos((a * b).sum())
    t = torch.linspace(0, 1, steps)[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def test_a_picture_is_what_a_generator_makes() -> None:
    pictures = draw(portraits.seeds_to_z([0, 1, 2]))
    assert pictures.shape == (3, 3, RESOLUTION, RESOLUTION)
    assert pictures.dtype == torch.float32
    assert pictures.isfinite().all()
    assert -1 <= pictures.min() < -0.3
    assert 0.3 < pictures.max() <= 1


def test_seeds_mean_the_latents_that_they_mean_everywhere_else() -> None:
    z = portraits.seeds_to_z([5, 7])
    expected = np.random.RandomState(7).randn(portraits.Z_DIM).astype(np.float32)
    np.testing.assert_array_equal(z[1].numpy(), expected)


def test_the_same_latent_gives_the_same_picture() -> None:
    z = portraits.seeds_to_z([3])
    assert torch.equal(draw(z), draw(z.clone()))


def test_a_batch_is_its_pictures_one_by_one() -> None:
    z = portraits.seeds_to_z([0, 1, 2, 3])
    single = torch.cat([draw(row) for row in z.split(1)])
    torch.testing.assert_close(draw(z), single, rtol=0, atol=SAME)


@pytest.mark.parametrize("factor", [0.01, 7.5, 1e4])
def test_only_the_direction_of_a_latent_counts(factor: float) -> None:
    z = portraits.seeds_to_z([0, 1])
    torch.testing.assert_close(draw(z * factor), draw(z), rtol=0, atol=1e-3)


def test_different_seeds_are_different_persons() -> None:
    pictures = draw(portraits.seeds_to_z(list(range(24))))
    distances = (pictures[:, None] - pictures[None]).square().mean(dim=(2, 3, 4)).sqrt()
    distances.fill_diagonal_(np.inf)
    assert distances.min() > 0.1


@pytest.mark.parametrize("seeds", [(0, 1), (11, 4), (20, 33)])
def test_a_walk_between_two_persons_has_no_jump(seeds: tuple[int, int]) -> None:
    first, last = portraits.seeds_to_z(list(seeds))
    pictures = torch.cat([draw(part) for part in sphere_walk(first, last, 121).split(16)])
    changes = (pictures[1:] - pictures[:-1]).square().mean(dim=(1, 2, 3)).sqrt()
    assert changes.max() <= 3 * changes.median()


def test_a_picture_follows_its_latent_differentiably() -> None:
    z = portraits.seeds_to_z([2]).double()
    step = torch.randn(z.shape, generator=torch.Generator().manual_seed(0)).double()
    changes = []
    for size in (1e-2, 5e-3, 2.5e-3):
        difference = draw(z + size * step) - draw(z)
        changes.append(float(difference.abs().mean()) / size)
    # Halving a small step halves the change: no threshold lies in between.
    assert max(changes) < 1.1 * min(changes)


def test_layout_and_style_share_no_number() -> None:
    z, other = portraits.seeds_to_z([0]), portraits.seeds_to_z([1])
    u, u_other = traits.numbers(z)[:, 0, 0, 0], traits.numbers(other)[:, 0, 0, 0]
    layout, layout_other = u[: traits.NUM_LAYOUT], u_other[: traits.NUM_LAYOUT]
    # Another layout of the same length: the same style numbers then mean the same style.
    layout_other = layout_other * (layout.norm() / layout_other.norm())
    mixed = torch.cat([layout_other, u[traits.NUM_LAYOUT :]])
    z_mixed = (traits._rotation() @ mixed)[None]  # the latent that has these numbers
    torch.testing.assert_close(draw(z, z_style=z_mixed), draw(z), rtol=0, atol=1e-3)
    torch.testing.assert_close(draw(z_mixed, z_style=z), draw(z_mixed), rtol=0, atol=1e-3)


def test_style_of_another_keeps_where_things_are() -> None:
    z, other = portraits.seeds_to_z([0]).expand(8, -1), portraits.seeds_to_z(list(range(1, 9)))
    mixed, whole = draw(z, z_style=other), draw(other)
    own = draw(z[:1])

    def edges(picture: Tensor) -> Tensor:
        grey = picture.mean(dim=1, keepdim=True)
        across = (grey[..., 1:] - grey[..., :-1])[..., 1:, :]
        down = (grey[..., 1:, :] - grey[..., :-1, :])[..., 1:]
        return F.normalize(torch.hypot(across, down).flatten(1), dim=1)

    with_layout = (edges(mixed) * edges(own)).sum(dim=1)
    with_style = (edges(mixed) * edges(whole)).sum(dim=1)
    assert (with_layout > with_style).all()


def test_style_of_another_brings_its_colours() -> None:
    z, other = portraits.seeds_to_z(list(range(8))), portraits.seeds_to_z(list(range(8, 16)))
    corner = (..., slice(0, 4), slice(0, 4))  # background

    def colour(picture: Tensor) -> Tensor:
        return picture[corner].mean(dim=(2, 3))

    mixed = colour(draw(z, z_style=other))
    to_style = (mixed - colour(draw(other))).norm(dim=1)
    to_layout = (mixed - colour(draw(z))).norm(dim=1)
    assert to_style.mean() < 0.5 * to_layout.mean()


@pytest.mark.parametrize("low", [24, 32, 64])
def test_a_small_picture_is_the_large_one_averaged(low: int) -> None:
    z = portraits.seeds_to_z(list(range(6)))
    large = F.avg_pool2d(draw(z, 4 * low), 4)
    small = draw(z, low)
    error = (small - large).square().mean().sqrt()
    naive = (draw(z, 4 * low)[..., 2::4, 2::4] - large).square().mean().sqrt()
    assert error < 0.65 * naive


def test_a_moved_scene_is_the_scene_moved() -> None:
    z = portraits.seeds_to_z([4])
    matrix = torch.tensor([[1.0, 0.0, 8 / RESOLUTION], [0.0, 1.0, 4 / RESOLUTION], [0, 0, 1.0]])
    moved, own = draw(z, transform=matrix), draw(z)
    torch.testing.assert_close(moved[..., 4:, 8:], own[..., :-4, :-8], rtol=0, atol=2e-3)


def test_a_turned_scene_is_the_scene_turned() -> None:
    z = portraits.seeds_to_z([4])
    matrix = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # x → y
    turned = draw(z, transform=matrix)
    torch.testing.assert_close(turned, torch.rot90(draw(z), -1, (2, 3)), rtol=0, atol=2e-3)


def test_a_latent_of_another_length_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"z_style must be \[N, 64\], got \[1, 32\]"):
        draw(torch.zeros(1, 64), z_style=torch.zeros(1, 32))


def test_scattered_places_have_the_colours_of_the_pixels_there() -> None:
    z, z_style = portraits.seeds_to_z([0, 1]), portraits.seeds_to_z([2, 3])
    whole = draw(z, z_style=z_style)
    chosen = torch.randperm(RESOLUTION**2, generator=torch.Generator().manual_seed(0))[:50]
    rows, columns = chosen // RESOLUTION, chosen % RESOLUTION
    places = (torch.stack([columns, rows], dim=1) + 0.5) / RESOLUTION - 0.5
    with torch.no_grad():
        places = places.expand(2, -1, -1)
        colours = portraits.draw_at(z, places, RESOLUTION, z_style=z_style)
    expected = whole.flatten(2)[:, :, chosen].transpose(1, 2)
    torch.testing.assert_close(colours, expected, rtol=0, atol=SAME)
