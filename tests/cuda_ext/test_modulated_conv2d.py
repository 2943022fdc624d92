"""modulated_conv2d equals a plain convolution in float64, natively and in torch."""

import pytest
import torch
import torch.nn.functional as F

from cuda_ext import ConvWeight, cpu, filtered_lrelu, modulated_conv2d, native

# Winograd's transform loses a few bits more than a direct sum
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2**-7}
CASES = [  # n, c, o, h, w, kernel, padding
    (1, 16, 32, 20, 20, 3, 2),
    (1, 17, 5, 19, 23, 3, 1),
    (2, 40, 33, 17, 16, 3, 0),
    (3, 1, 1, 16, 18, 3, 2),
    (1, 64, 3, 30, 30, 1, 0),
    (1, 645, 40, 9, 11, 1, 0),
    (2, 35, 70, 8, 8, 1, 0),
    (1, 512, 48, 15, 14, 1, 0),
    (40, 330, 330, 2, 3, 1, 0),  # more weights than are folded at once
    (1, 8, 8, 4, 4, 3, 1),
    (0, 8, 8, 20, 20, 3, 1),
    (1, 6, 7, 12, 12, 5, 4),
]


def make(case, seed=0):
    n, c, o, h, w, kernel, padding = case
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(n, c, h, w, generator=rng).to(memory_format=torch.channels_last)
    weight = torch.randn(o, c, kernel, kernel, generator=rng) / (c * kernel**2) ** 0.5
    styles = torch.rand(n, c, generator=rng) + 0.5
    y_scale = torch.rand(n, o, generator=rng) + 0.5
    y = F.conv2d(x.double() * styles[:, :, None, None], weight.double(), padding=padding)
    return x, weight, styles, y_scale, y * y_scale[:, :, None, None]


@pytest.mark.parametrize("impl", ["auto", "reference"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("case", CASES)
def test_definition(case, dtype, impl, error_of) -> None:
    x, weight, styles, y_scale, want = make(case)
    conv = ConvWeight(weight)
    for layout in (x, x.contiguous()):
        got = modulated_conv2d(layout.to(dtype), conv, styles, y_scale, case[-1], impl)
        assert got.dtype == dtype
        assert error_of(got, want) < TOLERANCE[dtype] * (4 if dtype == torch.bfloat16 else 1)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("sizes", [(2, 24, 40, 1), (2, 24, 1, 40), (2, 24, 1, 1), (2, 1, 40, 1)])
def test_strides_of_sides_of_one_pixel_have_no_effect(sizes, kernel, error_of) -> None:
    n, c, h, w = sizes
    x, weight, styles, y_scale, want = make((n, c, 20, h, w, kernel, kernel - 1))
    conv = ConvWeight(weight)
    rows = x.permute(0, 2, 3, 1).contiguous()  # of channels
    shown = rows.as_strided((n, c, h, w), (c * h * w, 1, c if w == 1 else 1, c if h == 1 else 1))
    assert torch.equal(shown, x)
    got = modulated_conv2d(shown, conv, styles, y_scale, kernel - 1)
    assert error_of(got, want) < TOLERANCE[torch.float32]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("case", [case for case in CASES if case[5] in (1, 3)])
def test_every_instruction_set(case, number, error_of) -> None:
    module, reason = native.load()
    if module is None:
        pytest.skip(reason)
    names = module.instruction_sets()
    if number >= len(names):
        pytest.skip(f"this processor has {len(names)} of them")
    x, weight, styles, y_scale, want = make(case)
    if case[5] == 1 and case[6]:
        pytest.skip("1x1 convolutions take no padding")
    conv = ConvWeight(weight)
    active = module.instruction_set()
    try:
        module.select_instruction_set(names[number])
        packed = conv.packed(module)
        got = cpu.run_conv(module, x, packed, (styles, y_scale), (case[2], case[5]), case[6])
    finally:
        module.select_instruction_set(active)
    assert error_of(got, want) < TOLERANCE[torch.float32]


def test_results_of_odd_channel_counts_begin_on_cache_lines_and_filters_keep_that(error_of) -> None:
    module, reason = native.load()
    if module is None:
        pytest.skip(reason)
    x, weight, styles, y_scale, want = make((1, 20, 45, 18, 18, 3, 1))
    y = modulated_conv2d(x, ConvWeight(weight), styles, y_scale, padding=1)
    assert y.stride() == (18 * 18 * 48, 1, 18 * 48, 48)
    taps = torch.tensor([0.25, 0.5, 0.25])
    got = filtered_lrelu(y, taps, taps, up=2, down=2, padding=2)
    assert got.stride(3) == 48
    dense = filtered_lrelu(y.contiguous(), taps, taps, up=2, down=2, padding=2)
    assert error_of(got, dense) < TOLERANCE[torch.float32]
    assert error_of(y, want) < TOLERANCE[torch.float32]
    half_empty = modulated_conv2d(x, ConvWeight(weight[:20]), padding=1)
    assert half_empty.is_contiguous(memory_format=torch.channels_last)


def test_weights_are_packed_once_per_instruction_set() -> None:
    module, reason = native.load()
    if module is None:
        pytest.skip(reason)
    conv = ConvWeight(torch.randn(4, 4, 3, 3))
    assert conv.packed(module) is conv.packed(module)


def test_wrong_arguments_are_named() -> None:
    conv = ConvWeight(torch.randn(4, 3, 3, 3))
    x = torch.zeros(1, 3, 20, 20)
    with pytest.raises(ValueError, match="x must have 3 channels, got 2"):
        modulated_conv2d(x[:, :2], conv)
    with pytest.raises(ValueError, match=r"styles must have the shape \[1, 3\], got \[3\]"):
        modulated_conv2d(x, conv, torch.ones(3))
    with pytest.raises(ValueError, match=r"y_scale must have the shape \[1, 4\]"):
        modulated_conv2d(x, conv, None, torch.ones(1, 3))
    with pytest.raises(ValueError, match="leaves nothing"):
        modulated_conv2d(x, conv, padding=-9)
    with pytest.raises(TypeError, match=r"padding must be an int, got 1\.5"):
        modulated_conv2d(x, conv, padding=1.5)
