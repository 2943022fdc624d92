"""modulated_conv2d: scale the input channels, convolve with constant weights, scale the results."""

import torch
import torch.nn.functional as F

from cuda_ext import checks, cpu, dispatch, native, reference

_WINOGRAD_TILES = 16
"""Pictures of fewer 4x4 tiles are not worth reading the four times larger transformed weights."""


class ConvWeight:
    """A constant weight [O, C, k, k] with the forms that kernels read, each made when first used.

    The forms follow from the weight: make a new object when the weight changes.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        self.weight = weight.detach().float().contiguous()
        self._packed: tuple[int, torch.Tensor] | None = None
        self._bfloat16: torch.Tensor | None = None
        self._on_cuda: torch.Tensor | None = None

    @property
    def kernel(self) -> int:
        """Taps along one axis."""
        return int(self.weight.shape[-1])

    def packed(self, module: object) -> torch.Tensor:
        """For the native kernel of the active instruction set."""
        width, packed = cpu.packed_weight(module, self.weight, self._packed)
        self._packed = (width, packed)
        return packed

    def on_cuda(self, dtype: torch.dtype) -> torch.Tensor:
        """Channels-last, as tensor cores read it."""
        if self._on_cuda is None or self._on_cuda.dtype != dtype:
            self._on_cuda = self.weight.to(dtype, memory_format=torch.channels_last)
        return self._on_cuda

    def bfloat16(self) -> torch.Tensor:
        """Channels-last bfloat16."""
        if self._bfloat16 is None:
            self._bfloat16 = self.weight.to(torch.bfloat16, memory_format=torch.channels_last)
        return self._bfloat16


def modulated_conv2d(
    x: torch.Tensor,
    weight: ConvWeight,
    styles: torch.Tensor | None = None,
    y_scale: torch.Tensor | None = None,
    padding: int = 0,
    impl: str = "auto",
) -> torch.Tensor:
    """y = conv(x · styles, weight) · y_scale, for inference: there is no gradient.

    Args:
        x: [N, C, H, W].
        weight: [O, C, k, k].
        styles: [N, C], factors of the input channels, or None.
        y_scale: [N, O], factors of the results, or None.
        padding: zeros around the picture.
        impl: "auto", "native" or "reference".

    Returns:
        [N, O, H + 2·padding − k + 1, likewise] of the dtype of `x`; channels-last where native.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it.
        RuntimeError: `impl` is "native" and no native kernel serves `x`.
    """
    x = checks.check_image(x)
    out_channels, channels = weight.weight.shape[:2]
    if x.shape[1] != channels:
        raise ValueError(f"x must have {channels} channels, got {x.shape[1]}")
    if isinstance(padding, bool) or not isinstance(padding, int):
        raise TypeError(f"padding must be an int, got {padding!r}")
    size = checks.check_output_size(x, 1, (padding,) * 4, (weight.weight[0, 0],), 1)
    styles = checks.check_scale(styles, x, "styles")
    y_scale = checks.check_scale(y_scale, x[:, :1].expand(-1, out_channels, -1, -1), "y_scale")
    if x.is_cuda and checks.check_impl(impl) == "auto":
        return reference.scale(_on_cuda(x, weight, styles, padding), y_scale)
    module = dispatch.choose(checks.check_impl(impl), x)
    if module is None:
        return reference.modulated_conv2d(x, weight.weight, styles, y_scale, padding)
    if native_serves(x, weight, padding, size):
        scales, shape = (styles, y_scale), (out_channels, weight.kernel)
        return cpu.run_conv(module, x, weight.packed(module), scales, shape, padding)
    return reference.scale(_by_torch(x, weight, styles, padding), y_scale)


_LARGE_PRODUCT = 128 * 128
"""Weights from which a matrix unit for bfloat16 (AMX) gains more than a call into torch costs."""


def native_serves(x: torch.Tensor, weight: ConvWeight, padding: int, size: tuple[int, int]) -> bool:
    """Measured: where torch's own convolution is faster, it runs."""
    halves = x.dtype == torch.bfloat16
    if weight.kernel == 3:
        if halves and native.has_bfloat16_tiles():
            return False
        tiles = x.shape[0] * ((size[0] + 3) // 4) * ((size[1] + 3) // 4)
        return tiles >= _WINOGRAD_TILES
    if weight.kernel != 1 or padding != 0:
        return False
    if not halves:
        return True
    small = weight.weight.numel() < _LARGE_PRODUCT or not native.has_bfloat16_tiles()
    return small and native.has_fast_bfloat16(1)


def _by_torch(
    x: torch.Tensor, weight: ConvWeight, styles: torch.Tensor | None, padding: int
) -> torch.Tensor:
    """Styles go into the weights where that is less than scaling the picture."""
    x = x.contiguous(memory_format=torch.channels_last)
    if styles is not None and x.shape[0] == 1 and weight.kernel == 1 and padding == 0:
        matrix = weight.weight[:, :, 0, 0]
        matrix = torch.mul(matrix, styles, out=torch.empty_like(matrix, dtype=x.dtype))
        y = F.linear(x.permute(0, 2, 3, 1), matrix)  # [1, H, W, O]
        return y.permute(0, 3, 1, 2)
    w = weight.weight if x.dtype == torch.float32 else weight.bfloat16()
    return F.conv2d(reference.scale(x, styles), w, padding=padding)


def _on_cuda(
    x: torch.Tensor, weight: ConvWeight, styles: torch.Tensor | None, padding: int
) -> torch.Tensor:
    """torch's convolution; for one picture the styles go into the weights, which are fewer."""
    x = x.contiguous(memory_format=torch.channels_last)
    if styles is None or x.shape[0] != 1:
        return F.conv2d(reference.scale(x, styles), weight.on_cuda(x.dtype), padding=padding)
    w = weight.on_cuda(torch.float32) * styles.float().reshape(1, -1, 1, 1)
    return F.conv2d(x, w.to(x.dtype), padding=padding)


def has_native_convolution(x: torch.Tensor) -> bool:
    """Whether `modulated_conv2d` has native kernels for tensors like `x` in float32."""
    return x.device.type == "cpu" and dispatch.why_not_native(x.device, torch.float32) is None
