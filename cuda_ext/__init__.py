"""Native operators: filtered leaky ReLU, resampling, bias and activation.

Each operator is one word in every place: `op.py` (checks, dispatch, gradient), `reference.op`
(plain torch, the truth for tests), `csrc/op_cpu.*` (native CPU kernel).
"""

from cuda_ext.bias_act import bias_act
from cuda_ext.filtered_lrelu import filtered_lrelu
from cuda_ext.fourier_features import Fourier, fourier_features
from cuda_ext.modulated_conv2d import ConvWeight, has_native_convolution, modulated_conv2d
from cuda_ext.native import has_fast_bfloat16
from cuda_ext.status import kernel_status, verify
from cuda_ext.styled_layer import Filter, Style, StyledLayer, styled_layer
from cuda_ext.upfirdn2d import upfirdn2d

__all__ = [
    "ConvWeight",
    "Filter",
    "Fourier",
    "Style",
    "StyledLayer",
    "bias_act",
    "filtered_lrelu",
    "fourier_features",
    "has_fast_bfloat16",
    "has_native_convolution",
    "kernel_status",
    "modulated_conv2d",
    "styled_layer",
    "upfirdn2d",
    "verify",
]
