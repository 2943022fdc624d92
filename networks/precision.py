"""Which layers compute in reduced precision, in one place."""

import torch


def layer_dtype(device: torch.device, reduced: bool, force_fp32: bool) -> torch.dtype:
    """The number format a layer computes in.

    Args:
        device: where the layer runs.
        reduced: the checkpoint allows reduced precision for this layer.
        force_fp32: the person wants float32 everywhere.
    """
    if not reduced or force_fp32:
        return torch.float32
    # The switch: CPUs get an entry here once bfloat16 kernels have been measured on them.
    return {"cuda": torch.float16}.get(device.type, torch.float32)
