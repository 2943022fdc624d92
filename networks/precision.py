"""Which layers compute in reduced precision, in one place."""

import torch

import cuda_ext


def layer_dtype(
    device: torch.device,
    reduced: bool,
    force_fp32: bool,
    native_kernel: int = 0,
    filtered: bool = False,
) -> torch.dtype:
    """The number format a layer computes in.

    Args:
        device: where the layer runs.
        reduced: the checkpoint allows reduced precision for this layer.
        force_fp32: the person wants float32 everywhere.
        native_kernel: taps per axis of the convolution, where the layer runs through the native
            inference kernels of the CPU.
        filtered: whether that is one operation with the filters after the convolution.
    """
    if not reduced or force_fp32:
        return torch.float32
    if device.type == "cpu":
        fast = native_kernel > 0 and cuda_ext.has_fast_bfloat16(native_kernel, filtered)
        return torch.bfloat16 if fast else torch.float32
    return {"cuda": torch.float16}.get(device.type, torch.float32)
