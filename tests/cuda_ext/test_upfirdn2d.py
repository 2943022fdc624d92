"""upfirdn2d equals its definition, written as loops over samples."""

import numpy as np
import pytest
import torch

from cuda_ext import upfirdn2d


def by_definition(x, f, up, down, padding, gain, flip):  # float64 [H, W] in, out
    """Zero insertion, padding, true convolution ('valid'), decimation."""
    h, w = x.shape
    wide = np.zeros((h * up, w * up))
    wide[::up, ::up] = x
    x0, x1, y0, y1 = padding
    wide = np.pad(wide, [(max(y0, 0), max(y1, 0)), (max(x0, 0), max(x1, 0))])
    wide = wide[max(-y0, 0) : len(wide) - max(-y1, 0), max(-x0, 0) : wide.shape[1] - max(-x1, 0)]
    taps = np.outer(f, f) if f.ndim == 1 else f
    taps = taps if flip else taps[::-1, ::-1]
    ky, kx = taps.shape
    rows = range(0, wide.shape[0] - ky + 1, down)
    columns = range(0, wide.shape[1] - kx + 1, down)
    return gain * np.array(
        [[(wide[r : r + ky, c : c + kx] * taps).sum() for c in columns] for r in rows]
    )


@pytest.mark.parametrize("impl", ["reference", "auto"])
@pytest.mark.parametrize("up", [1, 2, 3, 4])
@pytest.mark.parametrize("down", [1, 2, 4])
@pytest.mark.parametrize("shape", [(4,), (5,), (3, 4)])
def test_definition(impl, up, down, shape, tolerance, error_of) -> None:
    rng = np.random.RandomState(up * 10 + down)
    x, f = rng.randn(2, 3, 7, 6), rng.randn(*shape)
    padding = (3, -1, 2, 4)
    flip = bool(down & 1)
    got = upfirdn2d(
        torch.from_numpy(x).float(), torch.from_numpy(f).float(), up, down, padding, 1.7, flip, impl
    )
    want = [[by_definition(c, f, up, down, padding, 1.7, flip) for c in image] for image in x]
    assert error_of(got, torch.from_numpy(np.array(want))) < tolerance[torch.float32]
