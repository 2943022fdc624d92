"""The one-time preparation of a GPU's kernels, while the progress of loading is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

import networks
from cuda_ext import cuda_kernels
from renderer.latents import latent_average

logger = logging.getLogger(__name__)


def prepare_kernels(
    generator: networks.Generator, device: str, report: Callable[[str], None]
) -> None:
    """Makes one picture, so that every kernel that the model needs is there.

    Nothing to do on a CPU, whose kernels are part of the program. A picture that fails here will
    fail again, and be reported, when the person looks at it.

    Args:
        report: told a sentence before each kernel; may raise to give up.
    """
    if torch.device(device).type != "cuda":
        return
    with torch.inference_mode(), cuda_kernels.telling(report):
        ws = latent_average(generator).expand(1, generator.num_ws, -1)
        try:
            generator.synthesis(ws)
        except RuntimeError as error:
            logger.warning("the kernels could not be prepared: %s", error)
