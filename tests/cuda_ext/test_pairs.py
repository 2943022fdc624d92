"""filtered_lrelu on pairs of bfloat16 is the reference up to a few roundings of bfloat16."""

import math

import pytest
import torch

from cuda_ext import cpu, filtered_lrelu, native
from networks.filters import design_lowpass

FLOATS, HALVES = 1, 2  # accuracies of the native call
LEAST_SNR_DB = 46  # rounding of samples (three times) and taps, each about -57 dB
RANDOM_CASES = 60


@pytest.fixture(autouse=True)
def module():
    found, reason = native.load()
    if found is None:
        pytest.skip(reason)
    if found.instruction_set() != "AVX-512 bf16":
        pytest.skip("this processor does not multiply pairs of bfloat16")
    return found


def taps(up: int, half_width: float = 1.2, radial: bool = False) -> torch.Tensor:
    """A filter of 6 taps per sample, as a StyleGAN3 layer designs it."""
    return design_lowpass(6 * up, 1.0, half_width, 4.0 * up / 2, radial)


def run(module, x, fu, fd, up, padding, accuracy, clamp=None, strip=(0, 0)) -> torch.Tensor:
    size = [
        (n * up + pad[0] + pad[1] - fu.shape[0] - 12 + 3) // 2
        for n, pad in ((x.shape[2], padding[2:]), (x.shape[3], padding[:2]))
    ]
    gain = math.sqrt(2) * up**2
    call = cpu.FilterCall(up, 2, padding, gain, 0.2, clamp, False, (size[0], size[1]))
    return cpu.run_filter(module, x, fu, fd, call, tuning=(*strip, accuracy))


def reference_of(x, fu, fd, up, padding, clamp=None) -> torch.Tensor:
    options = {"up": up, "down": 2, "padding": list(padding), "gain": math.sqrt(2), "clamp": clamp}
    return filtered_lrelu(x.double(), fu.double(), fd.double(), impl="reference", **options)


def snr_db(got: torch.Tensor, want: torch.Tensor) -> float:
    assert got.shape == want.shape
    error = (got.double() - want).square().mean()
    return 10 * math.log10(float(want.square().mean() / error))


def picture(c: int, h: int, w: int, seed: int = 0, n: int = 1) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(n, c, h, w, generator=rng).bfloat16()
    return x.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("start", range(0, RANDOM_CASES, 20))
def test_random_cases(module, start) -> None:
    for seed in range(start, start + 20):
        rng = torch.Generator().manual_seed(seed)

        def pick(low: int, high: int, rng=rng) -> int:
            return int(torch.randint(low, high + 1, [], generator=rng))

        up = pick(1, 2) * 2
        x = picture(pick(1, 40), pick(16, 30), pick(16, 30), seed, n=pick(1, 2))
        padding = tuple(pick(-2, 12) for _ in range(4))
        fd = taps(2, 0.5 + pick(0, 10) / 10, radial=pick(0, 2) > 0)
        strip = (pick(1, 9), 2 * pick(1, 5)) if pick(0, 1) else (0, 0)
        got = run(module, x, taps(up), fd, up, padding, HALVES, strip=strip)
        want = reference_of(x, taps(up), fd, up, padding)
        assert snr_db(got, want) >= LEAST_SNR_DB - 6, f"case {seed}"


@pytest.mark.parametrize("up", [2, 4])
@pytest.mark.parametrize("half_width", [0.4, 0.8, 1.6, 3.0])
def test_radial_filters_of_every_rank(module, up, half_width) -> None:
    x, fd = picture(20, 33, 31), taps(2, half_width, radial=True)
    padding = (9, 10, 11, 8)
    got = run(module, x, taps(up), fd, up, padding, HALVES)
    want = reference_of(x, taps(up), fd, up, padding)
    floats = run(module, x, taps(up), fd, up, padding, FLOATS)
    assert not torch.equal(got, floats), "both ways were the same"
    assert snr_db(got, want) >= 40


def test_a_filter_of_too_high_rank_stays_in_float32(module) -> None:
    rng = torch.Generator().manual_seed(0)
    corner = torch.rand(6, 6, generator=rng)
    side = torch.cat([corner, corner.flip(1)], dim=1)
    fd = torch.cat([side, side.flip(0)])
    arguments = (module, picture(20, 16, 17), taps(2), fd / fd.sum(), 2, (9, 9, 9, 9))
    assert torch.equal(run(*arguments, HALVES), run(*arguments, FLOATS))


@pytest.mark.parametrize("up", [2, 4])
@pytest.mark.parametrize("radial", [False, True])
def test_what_is_constant_stays_constant(module, up, radial) -> None:
    """Rounded taps keep their sums."""
    x = torch.full((1, 16, 24, 24), 1.5).bfloat16().to(memory_format=torch.channels_last)
    got = run(module, x, taps(up), taps(2, radial=radial), up, (-8,) * 4, HALVES).float()
    # two roundings of samples may meet, and what a rank leaves out
    assert float((got / (1.5 * math.sqrt(2)) - 1).abs().max()) <= 2**-7 + 2**-9
    assert float((got - got.mean()).abs().max()) <= 2**-7


@pytest.mark.parametrize("up", [2, 4])
@pytest.mark.parametrize("radial", [False, True])
def test_clamping_begins_where_values_are_large_enough(module, up, radial) -> None:
    fu, fd = taps(up), taps(2, radial=radial)
    x, padding = picture(20, 40, 26), (9, 9, 9, 9)
    for size in (0.5, 3.0, 30.0):  # nothing is clamped, some of it, most of it
        x[:, 7, 17, 13] = size
        for clamp in (0.0, 1.0, 8.0):
            got = run(module, x, fu, fd, up, padding, HALVES, clamp)
            want = reference_of(x, fu, fd, up, padding, clamp)
            scale = max(float(want.abs().max()), 1e-3)
            assert float((got - want).abs().max()) <= 2**-6 * scale
    x[:, 3, 20, 5] = math.nan
    for clamp in (None, 8.0):
        got = run(module, x, fu, fd, up, padding, HALVES, clamp)
        assert got[:, 3].isnan().any()
        assert not got[:, :3].isnan().any()
        assert not got[:, 4:].isnan().any()
