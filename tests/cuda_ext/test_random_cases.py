"""Native kernels equal the reference on random cases of every kind.

Seeded instead of searched: a failure names the case, and every run tries the same ones.
"""

import random
from typing import Any

import pytest
import torch

from cuda_ext import bias_act, filtered_lrelu, native, upfirdn2d

NUM_CASES = 500
PER_TEST = 50

pytestmark = pytest.mark.skipif(native.load()[0] is None, reason="the kernels are not built")


def random_filter(rng: random.Random, most: int) -> torch.Tensor | None:
    """None, separable or two-dimensional; symmetric or not."""
    kind = rng.choice(["none", "separable", "separable", "two", "two"])
    if kind == "none":
        return None
    size = (
        (rng.randint(1, most),) if kind == "separable" else (rng.randint(1, 6), rng.randint(1, 6))
    )
    f = torch.randn(size)
    if rng.random() < 0.3:
        f = f + f.flip(list(range(f.ndim)))
    return f / f.abs().sum()


def random_image(rng: random.Random) -> torch.Tensor:
    n, c = rng.choice([0, 1, 1, 2, 3]), rng.choice([1, 2, 3, 15, 16, 17, 33, 48])
    h, w = rng.randint(1, 21), rng.randint(1, 21)
    x = torch.randn(n, c, h, w)
    layout = rng.choice(["contiguous", "channels_last", "sliced"])
    if layout == "channels_last":
        return x.to(memory_format=torch.channels_last)
    if layout == "sliced":
        return torch.randn(n, c + 2, h + 1, w)[:, 1:-1, 1:].copy_(x)
    return x


def random_case(seed: int) -> dict[str, Any]:
    """Arguments of filtered_lrelu with which something is left of the image."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    x = random_image(rng)
    up, down = rng.choice([1, 2, 4]), rng.choice([1, 2, 4])
    stylegan3 = rng.random() < 0.3  # the cases that have kernels of their own
    if stylegan3:
        up, down = rng.choice([2, 4]), 2
        fu, fd = symmetric(6 * up), symmetric(12)
        fd = (
            torch.outer(fd, fd + 0.01).add(torch.outer(fd + 0.01, fd)) if rng.random() < 0.5 else fd
        )
    else:
        fu, fd = random_filter(rng, 13), random_filter(rng, 13)
    taps = [0, 0]
    for f in (fu, fd):
        for axis in (0, 1):
            taps[axis] += 0 if f is None else f.shape[axis if f.ndim == 2 else 0] - 1
    padding = []
    for size, need in ((x.shape[3], taps[1]), (x.shape[2], taps[0])):
        low = rng.randint(-3, 12)
        high = max(rng.randint(-3, 12), need + 1 - size * up - low)
        padding += [low, high]
    return {
        "x": x,
        "fu": fu,
        "fd": fd,
        "b": torch.randn(x.shape[1]) if rng.random() < 0.7 else None,
        "up": up,
        "down": down,
        "padding": padding,
        "gain": rng.choice([1.0, 2**0.5, 0.3]),
        "slope": rng.choice([0.2, 0.2, 0.0, 1.0, -0.5, 1.5]),
        "clamp": rng.choice([None, None, 0.5, 256.0]),
        "flip_filter": rng.random() < 0.5,
        "x_scale": torch.rand(x.shape[:2]) if rng.random() < 0.3 else None,
        "y_scale": torch.rand(x.shape[:2]) if rng.random() < 0.3 else None,
    }


def symmetric(taps: int) -> torch.Tensor:
    half = torch.rand(taps // 2)
    f = torch.cat([half, half.flip(0)])
    return f / f.sum()


def difference(got: torch.Tensor, want: torch.Tensor, arguments: dict[str, Any]) -> float:
    """Relative to the largest value; where results cancel, to a hundredth of what cancels."""
    assert got.shape == want.shape
    if want.numel() == 0:
        return 0.0
    x, b = arguments["x"], arguments.get("b")
    terms = float(x.abs().max()) + (0.0 if b is None else float(b.abs().max()))
    scale = max(float(want.abs().max()), 0.01 * terms)
    return float((got.double() - want.double()).abs().max()) / scale


@pytest.mark.parametrize("start", range(0, NUM_CASES, PER_TEST))
@torch.no_grad()
def test_filtered_lrelu(start: int, tolerance) -> None:
    for seed in range(start, start + PER_TEST):
        arguments = random_case(seed)
        want = filtered_lrelu(**arguments, impl="reference")
        got = filtered_lrelu(**arguments, impl="native")
        error = difference(got, want, arguments)
        assert error <= tolerance[torch.float32], f"case {seed}: {error:.1e} {arguments}"


@torch.no_grad()
def test_filtered_lrelu_in_bfloat16(tolerance) -> None:
    for seed in range(120):
        arguments = random_case(seed)
        arguments["x"] = arguments["x"].bfloat16()
        want = filtered_lrelu(**{**arguments, "x": arguments["x"].float()}, impl="reference")
        got = filtered_lrelu(**arguments, impl="native")
        assert got.dtype == torch.bfloat16
        error = difference(got.float(), want, {**arguments, "x": arguments["x"].float()})
        assert error <= tolerance[torch.bfloat16], f"case {seed}: {error:.1e}"


@torch.no_grad()
def test_upfirdn2d_and_bias_act(tolerance) -> None:
    for seed in range(150):
        case = random_case(seed)
        x, f = case["x"], case["fu"]
        arguments = (x, f, case["up"], case["down"], [12, 13, 12, 14], 1.5, case["flip_filter"])
        want, got = (upfirdn2d(*arguments, impl=impl) for impl in ("reference", "native"))
        assert difference(got, want, case) <= tolerance[torch.float32], f"case {seed}"
        arguments = (x, case["b"], case["gain"], case["slope"], case["clamp"])
        want, got = (bias_act(*arguments, impl=impl) for impl in ("reference", "native"))
        assert difference(got, want, case) <= tolerance[torch.float32], f"case {seed}"


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_gradients_of_random_cases(start: int, tolerance) -> None:
    """Through the reference's automatic gradient in float64."""
    for seed in range(start, start + 20):
        arguments = random_case(seed)
        if arguments["x"].shape[0] == 0:
            continue
        results = []
        for impl, dtype in (("native", torch.float32), ("reference", torch.float64)):
            leaves = {
                name: arguments[name].detach().to(dtype).requires_grad_()
                for name in ("x", "b", "x_scale", "y_scale")
                if arguments[name] is not None
            }
            constants = {
                name: None if arguments[name] is None else arguments[name].to(dtype)
                for name in ("fu", "fd")
            }
            y = filtered_lrelu(**{**arguments, **constants, **leaves}, impl=impl)
            weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))
            results.append(
                torch.autograd.grad((y * weights.to(dtype)).sum(), list(leaves.values()))
            )
        for got, want in zip(*results, strict=True):
            scale = max(float(want.abs().max()), 1e-2)
            assert float((got - want).abs().max()) <= 1e-4 * scale, f"case {seed}"


def test_gradient_matches_finite_differences_in_float64(tolerance) -> None:
    """Of the native kernel itself, along random directions, for a case without kinks nearby."""
    torch.manual_seed(3)
    fu, fd = symmetric(12), symmetric(12)
    x, b = torch.randn(1, 5, 9, 8), torch.randn(5)
    weights = torch.randn(1, 5, 9, 8, dtype=torch.float64)
    call = {"up": 2, "down": 2, "padding": 11, "clamp": 1.2}

    def value(x: torch.Tensor, b: torch.Tensor, dtype: torch.dtype, impl: str) -> torch.Tensor:
        y = filtered_lrelu(x.to(dtype), fu.to(dtype), fd.to(dtype), b.to(dtype), impl=impl, **call)
        return (y.double() * weights).sum()

    leaves = (x.clone().requires_grad_(), b.clone().requires_grad_())
    got = torch.autograd.grad(value(*leaves, torch.float32, "native"), leaves)
    for index, (leaf, gradient) in enumerate(zip((x, b), got, strict=True)):
        direction = torch.randn(leaf.shape, dtype=torch.float64)
        step = 1e-7
        sides = []
        for sign in (1, -1):
            moved = [x.double(), b.double()]
            moved[index] = moved[index] + sign * step * direction
            sides.append(value(*moved, torch.float64, "reference"))
        want = float(sides[0] - sides[1]) / (2 * step)
        assert abs(float((gradient * direction).sum()) - want) <= 1e-4 * abs(want)


def test_the_number_of_threads_changes_nothing() -> None:
    case = random_case(5)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            results.append(filtered_lrelu(**case, impl="native"))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


@pytest.mark.parametrize("number", range(4))
@torch.no_grad()
def test_every_instruction_set(number: int, tolerance) -> None:
    module = native.load()[0]
    names = module.instruction_sets()
    if number >= len(names):
        pytest.skip(f"this processor has {len(names)} of them")
    active = module.instruction_set()
    try:
        assert module.select_instruction_set(names[number])
        for seed in range(60):
            arguments = random_case(seed)
            want = filtered_lrelu(**arguments, impl="reference")
            got = filtered_lrelu(**arguments, impl="native")
            assert difference(got, want, arguments) <= tolerance[torch.float32], f"case {seed}"
    finally:
        module.select_instruction_set(active)
