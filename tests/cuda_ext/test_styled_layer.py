"""styled_layer equals its operators in float64, one after the other; natively and in torch."""

import math
from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F

from cuda_ext import (
    ConvWeight,
    Filter,
    Style,
    StyledLayer,
    cpu_layer,
    native,
    reference,
    styled_layer,
)

W_DIM = 37
# in float32, Winograd's transform loses a few bits more than a direct sum
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2**-6}
CASES = {  # n, c, o, h, w, kernel, kind of filter
    "radial": (1, 64, 64, 20, 20, 1, "radial"),
    "radial of odd channels": (2, 57, 43, 19, 23, 1, "radial"),
    "one channel": (1, 1, 1, 16, 17, 1, "separable"),
    "several panels": (1, 130, 70, 18, 18, 1, "separable"),
    "three by three": (2, 20, 36, 18, 21, 3, "separable"),
    "few tiles": (1, 8, 8, 4, 4, 3, "separable"),
    "colours": (2, 33, 3, 21, 16, 1, "none"),
    "many colours": (1, 33, 40, 21, 16, 1, "none"),
}


def taps_of(kind: str) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    if kind == "none":
        return None, None
    taps = torch.hann_window(14, periodic=False)[1:-1]
    taps = taps / taps.sum()
    return taps, torch.outer(taps, taps).sqrt() / 10 if kind == "radial" else taps


def make(name: str) -> tuple[torch.Tensor, torch.Tensor, ConvWeight, Style, Filter, int]:
    n, c, o, h, w, kernel, kind = CASES[name]
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(n, c, h, w, generator=rng).to(memory_format=torch.channels_last)
    ws = torch.randn(n, W_DIM, generator=rng)
    weight = torch.randn(o, c, kernel, kernel, generator=rng) / math.sqrt(c * kernel**2)
    affine = torch.randn(c, W_DIM, generator=rng)
    power = None if kind == "none" else weight.square().sum(dim=(2, 3))
    bias, magnitude = torch.rand(c, generator=rng) + 0.5, torch.tensor(1.7)
    style = Style(affine, 1 / math.sqrt(W_DIM), bias, magnitude, 0.8, power, 1e-8)
    fu, fd = taps_of(kind)
    b = torch.randn(o, generator=rng)
    if kind == "none":
        after = Filter(None, None, b, 1, 1, (0, 0, 0, 0), 1.0, 1.0, 2.0)
    else:
        after = Filter(fu, fd, b, 2, 2, (9, 10, 10, 9), math.sqrt(2), 0.2, 4.0)
    return x, ws, ConvWeight(weight), style, after, kernel - 1


def in_double(x, w, conv, style, after, padding) -> torch.Tensor:
    def wide(values):
        return values.double() if isinstance(values, torch.Tensor) else values

    styles, demodulation = reference.styles_of(w.double(), *map(wide, style))
    y = F.conv2d(x.double() * styles[:, :, None, None], conv.weight.double(), padding=padding)
    y = reference.scale(y, demodulation)
    fu, fd, b, *rest = map(wide, after)
    return reference.filtered_lrelu(y, fu, fd, b, *rest, flip_filter=False)


@pytest.fixture
def on_every_instruction_set() -> Iterator[Callable[[Callable[[], None]], None]]:
    module, reason = native.load()
    if module is None:
        pytest.skip(reason)
    active = module.instruction_set()

    def run(check: Callable[[], None]) -> None:
        for name in module.instruction_sets():
            module.select_instruction_set(name)
            check()

    yield run
    module.select_instruction_set(active)


@pytest.mark.parametrize("impl", ["auto", "reference"])
@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("case", CASES)
def test_definition(case, dtype, impl, error_of) -> None:
    x, *others = make(case)
    want = in_double(x, *others)
    for layout in (x, x.contiguous(), x.repeat(1, 1, 1, 2)[..., : x.shape[3]]):
        got = styled_layer(layout.to(dtype), *others, impl=impl)
        assert got.dtype == dtype
        assert error_of(got, want) < TOLERANCE[dtype] * (1 if impl == "auto" else 2)


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("case", [name for name in CASES if name != "many colours"])
def test_every_instruction_set(case, dtype, on_every_instruction_set, error_of) -> None:
    x, w, *others = make(case)
    want = in_double(x, w, *others)
    module = native.load()[0]

    def check() -> None:
        size = int(want.shape[2]), int(want.shape[3])
        call = cpu_layer.LayerCall(module, x.to(dtype), *others, size)
        for _ in range(2):  # a call leaves nothing behind
            assert error_of(call(x.to(dtype), w), want) < TOLERANCE[dtype]

    on_every_instruction_set(check)


@pytest.mark.parametrize("case", ["radial", "three by three", "colours"])
def test_a_prepared_layer_follows_its_input_its_values_and_the_instruction_set(
    case, on_every_instruction_set, error_of
) -> None:
    x, w, *others = make(case)
    layer, (_, style, after, _) = StyledLayer(*others), others

    def check() -> None:
        for values in (x, x[:, :, :-3, 2:], x.repeat(2, 1, 1, 1)):
            ws = w if len(values) == len(w) else w.repeat(2, 1)
            for scale in (0.5, -1.5):
                style.affine_bias.mul_(scale)
                after.b.add_(scale)
                want = in_double(values, ws, *others)
                for dtype, tolerance in TOLERANCE.items():
                    got = layer(values.to(dtype), ws)
                    assert got.dtype == dtype
                    assert error_of(got, want) < tolerance

    on_every_instruction_set(check)


def test_what_follows_the_last_channel_in_memory_has_no_effect(error_of) -> None:
    x, *others = make("radial of odd channels")
    want = styled_layer(x.bfloat16(), *others)
    n, c, h, w = x.shape
    pixels = torch.full((n, h, w, c + 3), math.nan, dtype=torch.bfloat16)
    pixels[..., :c] = x.permute(0, 2, 3, 1)
    got = styled_layer(pixels[..., :c].permute(0, 3, 1, 2), *others)
    assert torch.equal(got, want)


def test_wrong_arguments_are_named() -> None:
    x, w, conv, style, after, padding = make("radial")
    with pytest.raises(ValueError, match="x must have 64 channels, got 63"):
        styled_layer(x[:, :63], w, conv, style, after, padding)
    with pytest.raises(ValueError, match=r"w must have the shape \[1, 37\], got \[2, 37\]"):
        styled_layer(x, w.repeat(2, 1), conv, style, after, padding)
    bad = style._replace(power=torch.ones(3, 64))
    with pytest.raises(ValueError, match=r"power must have the shape \[64, 64\]"):
        styled_layer(x, w, conv, bad, after, padding)
    bad = style._replace(magnitude=torch.ones(0))
    with pytest.raises(ValueError, match=r"magnitude must have the shape \[\], got \[0\]"):
        styled_layer(x, w, conv, bad, after, padding)
    with pytest.raises(ValueError, match="leaves nothing"):
        styled_layer(x, w, conv, style, after._replace(padding=(-40,) * 4), padding)


@pytest.mark.parametrize("impl", ["auto", "reference"])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("b", torch.ones(3), r"b must have the shape \[64\], got \[3\]"),
        ("fu", torch.ones(1, 1, 12), r"fu must be \[taps\] or \[taps, taps\], got \[1, 1, 12\]"),
        ("fd", torch.ones(12, dtype=torch.int64), "fd must hold floating-point numbers"),
        ("up", 0, "up must be at least 1, got 0"),
        ("down", 0, "down must be at least 1, got 0"),
        ("slope", math.nan, "slope must be finite, got nan"),
        ("clamp", -1.0, r"clamp must be None or at least 0, got -1\.0"),
    ],
)
def test_wrong_arguments_of_the_filter_are_named(name, value, message, impl) -> None:
    x, w, conv, style, after, padding = make("radial")
    with pytest.raises((TypeError, ValueError), match=message):
        styled_layer(x, w, conv, style, after._replace(**{name: value}), padding, impl)
