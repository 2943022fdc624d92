"""Operators that move and turn a picture, which of its pixels stay valid, and the error in dB.

Source: Karras et al., "Alias-Free Generative Adversarial Networks" (NeurIPS 2021), section 3.1
and appendix E. Pictures are [N, C, H, W]; masks are 0 or 1, of the same shape and type.
Translations are fractions of the width and the height, + = right and down; angles are radians.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from renderer.messages import Matrix

Array = npt.NDArray[np.float64]
Masked = tuple[torch.Tensor, torch.Tensor]
LANCZOS_A = 3
FILTER_HALF_PX = 6  # half width of the oriented filter, "amax"
DESIGN_HALF_PX = 64  # of the grid on which it is computed
UP = 4  # samples per pixel while rotating
PIECE_VALUES = 1 << 25  # upsampled at a time: the whole of a large layer would fill the memory


def integer_translation(x: torch.Tensor, tx: float, ty: float) -> Masked:
    """Roll by whole pixels; what was uncovered is 0 and masked out."""
    height, width = x.shape[2:]
    shift_x, shift_y = round(tx * width), round(ty * height)
    columns = (max(shift_x, 0), width + min(shift_x, 0))
    rows = (max(shift_y, 0), height + min(shift_y, 0))
    mask = _box_mask(x, columns, rows)
    return torch.roll(x, (shift_y, shift_x), dims=(2, 3)) * mask, mask


def fractional_translation(x: torch.Tensor, tx: float, ty: float) -> Masked:
    """Shift with a separable Lanczos-3 filter; zeros surround the picture."""
    height, width = x.shape[2:]
    i_x, i_y = math.floor(tx * width), math.floor(ty * height)
    y = _lanczos_shift(x, i_x, tx * width - i_x, axis=3)
    y = _lanczos_shift(y, i_y, ty * height - i_y, axis=2)
    columns = (max(i_x + LANCZOS_A, 0), width + min(i_x + 1 - LANCZOS_A, 0))
    rows = (max(i_y + LANCZOS_A, 0), height + min(i_y + 1 - LANCZOS_A, 0))
    return y, _box_mask(x, columns, rows)


def fractional_rotation(x: torch.Tensor, angle: float) -> Masked:
    """Turn about the centre through the oriented band-limiting filter."""
    cos, sin = math.cos(angle), math.sin(angle)
    return affine(x, ((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))


def fractional_pseudo_rotation(x: torch.Tensor, angle: float) -> Masked:
    """Remove what a rotation by `angle` would remove, without rotating."""
    cos, sin = math.cos(angle), math.sin(-angle)
    taps = oriented_filter((cos, sin), (-sin, cos), up=1)
    half = taps.shape[0] // 2
    weight = torch.from_numpy(taps).to(x)[None, None]
    flat = x.reshape(-1, 1, *x.shape[2:])
    y = F.conv2d(flat, weight, padding=half).reshape(x.shape)
    height, width = x.shape[2:]
    return y, _box_mask(x, (half, width - half), (half, height - half))


def affine(x: torch.Tensor, matrix: Matrix, between: Callable[[], None] = lambda: None) -> Masked:
    """Apply an invertible transform; its translation counts in widths and heights of x.

    Args:
        between: called between pieces of the work; may raise.
    """
    taps = oriented_filter(matrix[0][:2], matrix[1][:2], UP)
    half = taps.shape[0] // 2
    num_images, _, height, width = x.shape
    grid = _sampling_grid(matrix, height, width, half).to(x)
    grids = grid.expand(num_images, -1, -1, -1)
    step = max(PIECE_VALUES // (num_images * UP**2 * height * width), 1)
    y = torch.empty_like(x)
    for first in range(0, x.shape[1], step):
        upsampled = _upsample(x[:, first : first + step], taps)
        y[:, first : first + step] = F.grid_sample(
            upsampled, grids, "bilinear", "zeros", align_corners=False
        )
        between()
    border = 2 * half + 1
    mask = x.new_zeros(1, 1, UP * height + 2 * half, UP * width + 2 * half)
    mask[:, :, border:-border, border:-border] = 1
    mask = F.grid_sample(mask, grid, "nearest", "zeros", align_corners=False)
    return y, mask.expand_as(x)


def untransform(
    x: torch.Tensor, wanted: Matrix, between: Callable[[], None] = lambda: None
) -> torch.Tensor:
    """Resample a layer back from the transform that was wanted for the picture."""
    inverse = np.linalg.inv(np.asarray(wanted, np.float64))
    (a, b, c), (d, e, f) = inverse[0].tolist(), inverse[1].tolist()
    return affine(x, ((a, b, c), (d, e, f), (0.0, 0.0, 1.0)), between)[0]


# --- the error -----------------------------------------------------------------------------


def equivariance_db(reference: torch.Tensor, generated: torch.Tensor, mask: torch.Tensor) -> float:
    """The paper's dB: PSNR over the valid region for a peak-to-peak value of 2.

    Returns:
        inf where the pictures agree exactly, nan where no pixel is valid.
    """
    num_valid = float(mask.double().sum())
    if num_valid == 0:
        return math.nan
    return 20 * math.log10(2) - _decibels(_squared_error(reference, generated, mask) / num_valid)


def normalized_db(reference: torch.Tensor, generated: torch.Tensor, mask: torch.Tensor) -> float:
    """Signal power over error power: comparable between layers, models and contrasts.

    The mean of each channel over its valid pixels does not count as signal.

    Returns:
        inf where the pictures agree exactly, nan where there is neither signal nor error.
    """
    mask, reference = mask.double(), reference.double()
    num_valid = mask.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    mean = (mask * reference).sum(dim=(2, 3), keepdim=True) / num_valid
    signal = float((mask * (reference - mean)).square().sum())
    error = _squared_error(reference, generated, mask)
    if signal == 0 and error == 0:
        return math.nan
    return _decibels(signal / error if error > 0 else math.inf)


def _squared_error(reference: torch.Tensor, generated: torch.Tensor, mask: torch.Tensor) -> float:
    return float((mask.double() * (reference.double() - generated.double()).square()).sum())


def _decibels(ratio: float) -> float:
    return 10 * math.log10(ratio) if ratio > 0 else -math.inf


# --- parts of the operators ----------------------------------------------------------------


def _box_mask(x: torch.Tensor, columns: tuple[int, int], rows: tuple[int, int]) -> torch.Tensor:
    """1 in columns [a, b) and rows [c, d), else 0; an empty range where a ≥ b."""
    mask = torch.zeros_like(x)
    mask[:, :, max(rows[0], 0) : max(rows[1], 0), max(columns[0], 0) : max(columns[1], 0)] = 1
    return mask


def _lanczos_shift(x: torch.Tensor, whole: int, fraction: float, axis: int) -> torch.Tensor:
    """Shift along one axis by whole + fraction samples."""
    taps = np.arange(1 - LANCZOS_A, LANCZOS_A + 1)  # −2…3
    kernel = np.sinc(taps - fraction) * np.sinc((taps - fraction) / LANCZOS_A)
    kernel /= kernel.sum()
    size = x.shape[axis]
    y = torch.zeros_like(x)
    for tap, weight in zip((taps + whole).tolist(), kernel.tolist(), strict=True):
        # y[j] += weight · x[j − tap], where x is zero outside
        length = size - abs(tap)
        if length > 0:
            source = x.narrow(axis, max(-tap, 0), length)
            y.narrow(axis, max(tap, 0), length).add_(source, alpha=weight)
    return y


@functools.lru_cache(maxsize=64)
def oriented_filter(row_x: tuple[float, float], row_y: tuple[float, float], up: int) -> Array:
    """The band-limiting filter of a 2×2 matrix [row_x, row_y]: [12·up − 1, 12·up − 1].

    It passes what fits the pixel grid both before and after the transform. Each of its up×up
    polyphase components sums to 1/up².
    """
    flat = _convolved(np.sinc, row_x, row_y, up, DESIGN_HALF_PX)
    window = _convolved(_lanczos_window, row_x, row_y, up, 2 * FILTER_HALF_PX)
    taps = np.pad(flat * window, (0, 1))  # to whole periods: [12·up, 12·up]
    periods = taps.shape[0] // up
    phases = taps.reshape(periods, up, periods, up)
    phases = phases / phases.sum(axis=(0, 2), keepdims=True) / up**2
    return np.asarray(phases.reshape(taps.shape)[:-1, :-1], np.float64)


def _convolved(
    kernel: object, row_x: tuple[float, float], row_y: tuple[float, float], up: int, half_px: int
) -> Array:
    """(k(xi)·k(yi)) ∗ (k(xo)·k(yo)) within ±6 pixels of the centre, (xo, yo) = M·(xi, yi)."""
    assert callable(kernel)
    axis = np.arange(1 - half_px * up, half_px * up) / up
    before = kernel(axis)[:, None] * kernel(axis)[None, :]
    xi, yi = axis[None, :], axis[:, None]
    after = kernel(row_x[0] * xi + row_x[1] * yi) * kernel(row_y[0] * xi + row_y[1] * yi)
    return _centre_of_convolution(before, after, FILTER_HALF_PX * up - 1)


def _centre_of_convolution(a: Array, b: Array, half: int) -> Array:
    """a ∗ b within `half` samples of its centre; a and b are squares of one odd size."""
    # Only the centre need be free of what comes around, so half the length would nearly do.
    # Of numpy: scipy.signal takes longer to import than a picture to make.
    size = a.shape[0] + half + 1
    spectrum = np.fft.rfft2(a, (size, size)) * np.fft.rfft2(b, (size, size))
    keep = slice(a.shape[0] - 1 - half, a.shape[0] + half)
    return np.asarray(np.fft.irfft2(spectrum, (size, size))[keep, keep], np.float64)


def _lanczos_window(x: Array) -> Array:
    return np.where(np.abs(x) < LANCZOS_A, np.sinc(x / LANCZOS_A), 0.0)


def _upsample(x: torch.Tensor, taps: Array) -> torch.Tensor:
    """Zero-insert by UP, pad, filter with gain UP², as one convolution per phase.

    Pixel j of the result's axis lies at sample 4·j + p + 2 (p = half the filter), and there are
    4·W + 2·p samples.
    """
    num_taps = taps.shape[0]
    half = num_taps // 2
    num_q = (num_taps + 1) // UP + 1  # reach of one phase in pixels
    phases = np.zeros((UP, UP, num_q, num_q))
    for row in range(UP):
        for column in range(UP):
            part = np.pad(taps, ((row, UP), (column, UP)))[::UP, ::UP]
            phases[row, column] = part[:num_q, :num_q]
    weight = torch.from_numpy(phases.reshape(-1, 1, num_q, num_q) * UP**2).to(x)
    num_images, channels, height, width = x.shape
    flat = x.reshape(-1, 1, height, width)
    y = F.pixel_shuffle(F.conv2d(F.pad(flat, [num_q - 1] * 4), weight), UP)
    y = y[:, :, : UP * height + 2 * half, : UP * width + 2 * half]
    return y.reshape(num_images, channels, *y.shape[2:])


def _sampling_grid(matrix: Matrix, height: int, width: int, half: int) -> torch.Tensor:
    """Where each pixel is read in the upsampled picture: [1, H, W, 2], −1…1 over its axes."""
    inverse = np.linalg.inv(np.asarray(matrix, np.float64))
    x = (np.arange(width) + 0.5) / width - 0.5
    y = (np.arange(height) + 0.5) / height - 0.5
    points = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1) @ inverse.T
    sizes = UP * np.array([width, height]) + 2 * half
    # in samples about the centre; half a sample is the offset of _upsample's grid
    samples = points[..., :2] * UP * np.array([width, height]) + 0.5
    return torch.from_numpy(samples * 2 / sizes)[None].float()
