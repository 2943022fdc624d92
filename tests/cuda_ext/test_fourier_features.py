"""fourier_features equals the plain module in float64."""

import math
from collections.abc import Callable

import pytest
import torch

import cuda_ext
from cuda_ext import native
from networks import fast_layers
from networks.fourier import InputSpec, SynthesisInput
from networks.layers import DenseSpec

W_DIM = 37
CASES = {  # channels, size, sampling rate, bandwidth
    "usual": (64, 36, 16.0, 2.0),
    "many channels": (150, 20, 16.0, 2.0),
    "few odd ones": (5, 13, 8.0, 3.0),
    "no room to fade": (16, 4, 4.0, 2.0),
    "high frequencies": (33, 76, 64.0, 8.0),
}
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2**-6}
TRANSFORMS = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "turned": [[0.8, -0.6, 0.3], [0.6, 0.8, -0.2], [0, 0, 1]],
    "stretched": [[2.5, 0.3, 0], [-0.1, 0.4, 1.5], [0, 0, 1]],
}

pytestmark = pytest.mark.skipif(native.load()[0] is None, reason="the kernels are not built")


def make(case: str) -> SynthesisInput:
    channels, size, rate, bandwidth = CASES[case]
    affine = DenseSpec.of(W_DIM, 4)
    module = SynthesisInput(InputSpec(channels, size, rate, bandwidth, affine))
    rng = torch.Generator().manual_seed(0)
    module.reset_parameters(rng)
    with torch.no_grad():
        module.affine.weight.normal_(generator=rng)
        module.affine.bias.copy_(torch.tensor([1.0, 0.3, 0.2, -0.1]))
    return module.requires_grad_(False).eval()


@pytest.fixture
def plain(monkeypatch) -> Callable:
    def run(module: SynthesisInput, w: torch.Tensor, transform: torch.Tensor) -> torch.Tensor:
        with monkeypatch.context() as patch:
            patch.setattr(fast_layers, "serves", lambda *values, **options: False)
            return module.double()(w.double(), transform.double())

    return run


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("case", CASES)
def test_definition(case, transform, plain, error_of, monkeypatch) -> None:
    w = torch.randn(2, W_DIM, generator=torch.Generator().manual_seed(1))
    matrix = torch.tensor(TRANSFORMS[transform], dtype=torch.float32)
    want = plain(make(case), w, matrix)
    called = []
    run = cuda_ext.fourier_features
    monkeypatch.setattr(cuda_ext, "fourier_features", lambda *a: called.append(1) or run(*a))
    module = native.load()[0]
    active = module.instruction_set()
    try:
        for name in module.instruction_sets():
            module.select_instruction_set(name)
            for dtype, tolerance in TOLERANCE.items():
                got = make(case)(w, matrix, dtype)
                assert got.dtype == dtype
                assert error_of(got, want) < tolerance, name
    finally:
        module.select_instruction_set(active)
    assert called


def test_the_last_of_many_turns_is_exact(plain, error_of) -> None:
    """Sines come from repeated turning; here by 2000 steps."""
    module = SynthesisInput(InputSpec(4, 2000, 1024.0, 300.0, DenseSpec.of(W_DIM, 4)))
    module.reset_parameters(torch.Generator().manual_seed(0))
    module.requires_grad_(False).eval()
    w = torch.zeros(1, W_DIM)
    got = module(w)[:, :, -40:, -40:].clone()
    want = plain(module, w, torch.eye(3))[:, :, -40:, -40:]
    assert error_of(got, want) < 1e-5


def test_wrong_arguments_are_named() -> None:
    module, w = make("few odd ones"), torch.zeros(1, W_DIM)
    with pytest.raises(ValueError, match=r"affine must have the shape \[4, 36\], got \[4, 37\]"):
        module(w[:, 1:])
    with pytest.raises(ValueError, match=r"transform must have the shape \[3, 3\], got \[2, 3\]"):
        module(w, torch.eye(3)[:2])
    with pytest.raises(RuntimeError, match=r"cannot run: no native kernels for torch\.float16"):
        module(w, None, torch.float16)


def test_no_images_give_no_features() -> None:
    assert make("usual")(torch.zeros(0, W_DIM)).shape == (0, 64, 36, 36)


def test_a_direction_of_no_length_gives_nan() -> None:
    """As the plain module: a model whose w asks for no direction at all is broken."""
    module = make("usual")
    module.affine.bias.zero_()
    assert math.isnan(float(module(torch.zeros(1, W_DIM))[0, 0, 0, 0]))
