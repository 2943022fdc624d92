"""The functions that call native kernels, by the device of a tensor."""

from typing import Any

import torch

from cuda_ext import cpu, cuda


def backend_of(x: torch.Tensor) -> Any:
    """`cuda_ext.cpu` or `cuda_ext.cuda`: both have `run_filter` and `run_bias_act`."""
    return cuda if x.is_cuda else cpu
