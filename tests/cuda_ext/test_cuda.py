"""The CUDA kernels, run on the host thread by thread, equal the reference."""

import random
import sys
from typing import Any

import pytest
import torch

from cuda_ext import (
    ConvWeight,
    bias_act,
    dispatch,
    filtered_lrelu,
    reference,
    upfirdn2d,
)
from cuda_ext.cpu import prefers_channels_last
from cuda_ext.dispatch import UnsupportedCase

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2**-8, torch.float16: 2**-11, "gradient": 1e-5}
NUM_CASES, CALLS_PER_CASE = 36, 14  # one compilation serves all calls of a case


class Place:
    """Where kernels run: the emulation on the host, or a GPU."""

    def __init__(self, device: str) -> None:
        self._device = device

    def call(self, operator: Any, x: torch.Tensor, **arguments: Any) -> torch.Tensor:
        """The operator's result, back on the host; gradients flow."""
        moved = {
            name: value.to(self._device) if isinstance(value, torch.Tensor) else value
            for name, value in arguments.items()
        }
        result: torch.Tensor = operator(x.to(self._device), **moved, impl="native")
        return result.cpu()


on_a_gpu = pytest.param(
    "cuda",
    marks=[
        pytest.mark.cuda,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    ],
)


@pytest.fixture(params=["host", on_a_gpu])
def place(request) -> Place:
    if request.param == "cuda":
        return Place("cuda")
    request.getfixturevalue("on_gpu")
    return Place("cpu")


def random_filter(rng: random.Random, factor: int) -> torch.Tensor | None:
    kind = rng.choice(["none", "line", "line", "square", "mirrored"])
    taps = rng.choice([1, 3, 4, 6, 6 * factor, 6 * factor + 1])
    if kind == "none":
        return None
    if kind == "line":
        f = torch.randn(taps)
    else:
        f = torch.randn(min(taps, 13), min(taps + rng.randrange(2), 13))
        f = f if kind == "square" else f + f.flip(0)
    return f / f.abs().sum()  # larger ones would be clamped, and float32 alone would be too coarse


def random_case(seed: int) -> dict[str, Any]:
    """What one compiled kernel is made for; its padding may change by whole factors."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    up, down = rng.choice([1, 2, 4, 2, 3]), rng.choice([1, 2, 4, 2])
    return {
        "up": up,
        "down": down,
        "fu": random_filter(rng, up),
        "fd": random_filter(rng, down),
        "gain": rng.choice([1.0, 2**0.5, -0.7]),
        "slope": rng.choice([0.2, 0.2, 1.0, 0.0, 1.5]),
        "clamp": rng.choice([None, 0.5, 256.0]),
        "flip_filter": rng.random() < 0.5,
    }


def random_padding(rng: random.Random, case: dict[str, Any], phases: tuple[int, int]) -> list[int]:
    """Padding such that something is left of a 1x1 image, sometimes cropping a side."""
    lost = [1, 1]
    for name in ("fu", "fd"):
        f = case[name]
        if f is not None:
            lost = [lost[0] + f.shape[-1] - 1, lost[1] + f.shape[0] - 1]
    padding = []
    for axis in (0, 1):
        low = case["up"] * rng.randrange(-2, 4) + phases[axis]
        padding += [low, max(lost[axis] - low, 0) + rng.randrange(5)]
    return padding


def random_image(rng: random.Random, channels: int, last: bool, dtype: torch.dtype) -> torch.Tensor:
    size = rng.choice([1, 2, 5, 17, 40]), rng.choice([1, 3, 8, 33, 50])
    x = torch.randn(rng.choice([1, 1, 2, 3]), channels, *size).to(dtype)
    if last:
        return x.to(memory_format=torch.channels_last)
    if rng.random() < 0.3:  # neither contiguous nor channels-last
        return x.transpose(2, 3).contiguous().transpose(2, 3)
    return x


def reference_of(x: torch.Tensor, arguments: dict[str, Any]) -> torch.Tensor:
    """In float64."""
    doubles = {
        name: value.double() if isinstance(value, torch.Tensor) else value
        for name, value in arguments.items()
    }
    return filtered_lrelu(x.double(), **doubles, impl="reference")


def calls_of(case: dict[str, Any], seed: int, count: int, dtype: torch.dtype) -> Any:
    """Calls of one kernel: sizes, batches, layouts and paddings differ."""
    rng = random.Random(seed)
    last, channels = rng.random() < 0.7, rng.choice([1, 3, 5, 7, 9, 17, 33])
    phases = rng.randrange(case["up"]), rng.randrange(case["up"])
    for _ in range(count):
        x = random_image(rng, channels, last, dtype)
        arguments = case | {
            "padding": random_padding(rng, case, phases),
            "b": torch.randn(channels) if rng.random() < 0.7 else None,
            "x_scale": torch.rand(x.shape[:2]) + 0.5 if rng.random() < 0.3 else None,
            "y_scale": torch.rand(x.shape[:2]) + 0.5 if rng.random() < 0.3 else None,
        }
        yield x, arguments


def test_golden(golden_case, place, error_of) -> None:
    arguments = {name: value for name, value in golden_case.items() if name != "y"}
    got = place.call(filtered_lrelu, **arguments)
    assert error_of(got, golden_case["y"]) < TOLERANCE[torch.float32]


@pytest.mark.parametrize("seed", range(NUM_CASES))
def test_random_cases(seed, place, error_of) -> None:
    for x, arguments in calls_of(random_case(seed), seed, CALLS_PER_CASE, torch.float32):
        got = place.call(filtered_lrelu, x, **arguments)
        want = reference_of(x, arguments)
        assert error_of(got, want) < TOLERANCE[torch.float32], (x.shape, x.stride(), arguments)
        kept = torch.channels_last if prefers_channels_last(x) else torch.contiguous_format
        assert got.is_contiguous(memory_format=kept)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_formats_are_rounded_once(seed, dtype, place, error_of) -> None:
    for x, arguments in calls_of(random_case(100 + seed), seed, 4, dtype):
        got = place.call(filtered_lrelu, x, **arguments)
        assert got.dtype == dtype
        assert error_of(got, reference_of(x, arguments)) < TOLERANCE[dtype]


@pytest.mark.parametrize("seed", range(8))
def test_gradients(seed, place, error_of) -> None:
    for x, arguments in calls_of(random_case(200 + seed), seed, 2, torch.float32):
        arguments |= {"b": torch.randn(x.shape[1])}
        x.requires_grad_(True)
        arguments["b"].requires_grad_(True)
        y = place.call(filtered_lrelu, x, **arguments)
        weights = torch.randn_like(y)
        (y * weights).sum().backward()
        wide = x.detach().double().requires_grad_(True)
        wide_b = arguments["b"].detach().double().requires_grad_(True)
        want = reference_of(wide, arguments | {"b": wide_b})
        (want * weights.double()).sum().backward()
        assert error_of(x.grad, wide.grad) < TOLERANCE["gradient"]
        assert error_of(arguments["b"].grad, wide_b.grad) < TOLERANCE["gradient"]


@pytest.mark.parametrize(
    ("up", "down", "shape"), [(1, 1, (4, 4)), (2, 1, (4, 4)), (1, 2, (4,)), (3, 2, (5, 3))]
)
def test_upfirdn2d(up, down, shape, place, error_of) -> None:
    torch.manual_seed(0)
    f = torch.randn(shape)
    x = torch.randn(2, 5, 9, 8).to(memory_format=torch.channels_last).requires_grad_(True)
    wide = x.detach().double().requires_grad_(True)
    padding = (3, -1, 2, 4)
    got = place.call(upfirdn2d, x, f=f, up=up, down=down, padding=padding, gain=1.7)
    want = reference.upfirdn2d(wide, f.double(), up, down, padding, 1.7, False)
    assert error_of(got.detach(), want.detach()) < TOLERANCE[torch.float32]
    weights = torch.randn_like(got)
    (got * weights).sum().backward()
    (want * weights).sum().backward()
    assert error_of(x.grad, wide.grad) < TOLERANCE["gradient"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("last", [False, True])
def test_bias_act(dtype, last, place, error_of) -> None:
    torch.manual_seed(0)
    x, b = torch.randn(2, 7, 13, 40).to(dtype), torch.randn(7)
    x = x.to(memory_format=torch.channels_last) if last else x
    for clamp in (None, 1.25):
        got = place.call(bias_act, x, b=b, gain=1.5, slope=0.1, clamp=clamp)
        want = bias_act(x.double(), b.double(), 1.5, 0.1, clamp, impl="reference")
        assert got.stride() == x.stride()
        assert error_of(got, want) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_every_half_number_is_read_and_rounded_as_torch_does(dtype, place) -> None:
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype).reshape(1, -1)
    for bias in (0.0, 1e-6, 3.1e-5, 0.7, -900.3):
        b = torch.full([x.shape[1]], bias)
        got = place.call(bias_act, x, b=b, gain=1.0, slope=1.0)
        want = (x.float() + b).to(dtype)
        same = got.isnan() & want.isnan() | (got == want)
        assert bool(same.all()), (x[~same], got[~same], want[~same])


@pytest.mark.usefixtures("on_gpu")
def test_empty_batch_gives_an_empty_result() -> None:
    x = torch.zeros(0, 3, 6, 6)
    got = filtered_lrelu(x, torch.ones(4), torch.ones(4), up=2, padding=3, impl="native")
    assert got.shape == (0, 3, 12, 12)
    assert bias_act(x, impl="native").shape == x.shape


def test_a_changed_filter_is_read_again(on_gpu, error_of) -> None:
    x, f = torch.randn(1, 2, 6, 6), torch.ones(3)
    first = upfirdn2d(x, f, padding=1, impl="native")
    f *= 2
    assert error_of(upfirdn2d(x, f, padding=1, impl="native"), 4 * first) < 1e-6


@pytest.mark.usefixtures("on_gpu")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"up": 5, "fu": torch.ones(5), "padding": 5}, "by up to 4, got a factor of 5"),
        ({"fd": torch.ones(60, 60), "padding": 40}, "filters of (1, 1) and (60, 60) taps"),
    ],
)
def test_what_the_kernels_do_not_serve_is_left_to_plain_torch(arguments, words, monkeypatch):
    monkeypatch.setattr(dispatch, "_disabled", {})
    x = torch.randn(1, 1, 8, 8)
    with pytest.raises(UnsupportedCase) as caught:
        filtered_lrelu(x, **arguments, impl="native")
    assert words in str(caught.value)
    want = filtered_lrelu(x, **arguments, impl="reference")
    assert torch.equal(filtered_lrelu(x, **arguments), want)
    assert not dispatch._disabled


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_convolution_of_the_gpu_path(batch, kernel, dtype, error_of) -> None:
    """torch does it: only the folding of the styles is ours."""
    torch.manual_seed(0)
    x, styles = torch.randn(batch, 5, 7, 6).to(dtype), torch.rand(batch, 5) + 0.5
    weight = ConvWeight(torch.randn(4, 5, kernel, kernel) / 5)
    got = sys.modules["cuda_ext.modulated_conv2d"]._on_cuda(x, weight, styles, kernel - 1)
    want = reference.modulated_conv2d(x.double(), weight.weight, styles, None, kernel - 1)
    assert got.dtype == dtype
    assert got.is_contiguous(memory_format=torch.channels_last)
    assert error_of(got, want) < 4 * TOLERANCE[dtype]
