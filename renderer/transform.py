"""Which transform a synthesis really gets, and what else of its numbers a model looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from renderer.errors import RenderError
from renderer.messages import IDENTITY, Matrix, SynthesisSpec
from renderer.models import Model


def normalize_synthesis(spec: SynthesisSpec, model: Model) -> SynthesisSpec:
    """The same activations under one name: what this model ignores is set to its default.

    Raises:
        RenderError: the transform cannot be undone.
    """
    has_noise, has_transform = model.info.has_noise, model.info.has_input_transform
    is_random = has_noise and spec.noise_mode == "random"
    matrix = IDENTITY
    if has_transform:
        matrix = _checked_transform(spec.input_transform)
        if spec.round_to_px:
            matrix = _rounded(matrix, model.info.img_resolution)
    return replace(
        spec,
        noise_mode=spec.noise_mode if has_noise else "const",
        noise_seed=spec.noise_seed if is_random else 0,
        input_transform=matrix,
        round_to_px=False,
    )


def _checked_transform(matrix: Matrix) -> Matrix:
    values = np.asarray(matrix, np.float64)
    if not np.isfinite(values).all() or abs(np.linalg.det(values)) < 1e-8:
        raise RenderError(
            "The transform squashes the picture to a line, so it cannot be inverted;"
            " choose another or reset it."
        )
    return matrix


def _rounded(matrix: Matrix, resolution: int) -> Matrix:
    (a, b, x), (c, d, y), last = matrix
    x, y = round(x * resolution) / resolution, round(y * resolution) / resolution
    return ((a, b, x), (c, d, y), last)
