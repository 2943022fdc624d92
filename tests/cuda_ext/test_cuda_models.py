"""Whole generators through the CUDA path, with kernels run on the host or on a GPU."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cuda_ext
import networks
from cuda_ext import dispatch
from cuda_ext.cuda_graph import GraphedFunction
from networks import fast_layers, stylegan2, stylegan3

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NAMES = ("stylegan3-t-64", "stylegan3-r-64", "stylegan2-64")
GOLDEN_TOLERANCE, FLOAT32_TOLERANCE = 1e-4, 1e-5  # of the largest value
RATIO_DB = {"stylegan3-t-64": 38.0, "stylegan3-r-64": 32.0, "stylegan2-64": 38.0}

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


class Model:
    """A golden generator, its latents, its picture and the same by the plain sequence."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.generator = networks.load_generator(GOLDEN / f"{name}.pkl")
        with np.load(GOLDEN / f"{name}.npz") as numbers:
            self.ws = torch.from_numpy(numbers["ws"])[:1]
            self.golden = torch.from_numpy(numbers["image"])[:1]

    def render(self, device: str = "cpu", force_fp32: bool = True) -> torch.Tensor:
        generator = self.generator.to(device)
        generator.reduced_on_cpu = True  # the host stands for a GPU here
        with torch.inference_mode():
            image: torch.Tensor = generator.synthesis(self.ws.to(device), force_fp32=force_fp32)
        return image.cpu()


@pytest.fixture(params=NAMES)
def model(request) -> Model:
    return Model(request.param)


@pytest.fixture
def like_cuda(on_gpu, monkeypatch) -> Any:
    """Layers take the way that they take for CUDA tensors, half floats included."""
    convolution = sys.modules["cuda_ext.modulated_conv2d"]

    def convolve(x, weight, styles=None, y_scale=None, padding=0, impl="auto"):
        return convolution._on_cuda(x, weight, styles, padding)

    def serves(x, *values, on_cuda=False):
        return on_cuda

    def layer_dtype(device, reduced, force_fp32, native_kernel=0, filtered=False):
        return torch.float16 if reduced and not force_fp32 else torch.float32

    monkeypatch.setattr(cuda_ext, "modulated_conv2d", convolve)
    monkeypatch.setattr(fast_layers, "serves", serves)
    for module in (stylegan2, stylegan3):
        monkeypatch.setattr(module, "layer_dtype", layer_dtype)
    return on_gpu


def by_reference(model: Model, monkeypatch: pytest.MonkeyPatch, **options: Any) -> torch.Tensor:
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "choose", lambda *arguments, **named: None)
        return model.render(**options)


def largest_difference(got: torch.Tensor, want: torch.Tensor) -> float:
    assert got.shape == want.shape
    return float((got - want).abs().max() / want.abs().max())


def ratio_db(got: torch.Tensor, want: torch.Tensor) -> float:
    """Variance of the picture against the mean squared error."""
    error = float((got - want).square().mean())
    return 10 * math.log10(float(want.var()) / max(error, 1e-30))


@pytest.mark.usefixtures("like_cuda")
def test_float32_pictures(model, monkeypatch) -> None:
    got = model.render()
    assert largest_difference(got, model.golden) < GOLDEN_TOLERANCE
    assert largest_difference(got, by_reference(model, monkeypatch)) < FLOAT32_TOLERANCE


@pytest.mark.usefixtures("like_cuda")
def test_half_precision_pictures(model, monkeypatch) -> None:
    got = model.render(force_fp32=False)
    want = model.render()
    assert not torch.equal(got, want)
    assert ratio_db(got, want) > RATIO_DB[model.name]


@pytest.mark.cuda
@needs_gpu
@pytest.mark.parametrize("force_fp32", [True, False])
def test_pictures_on_a_gpu(model, force_fp32, monkeypatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    want = model.render()
    got = model.render("cuda", force_fp32)
    if force_fp32:
        assert largest_difference(got, model.golden) < GOLDEN_TOLERANCE
        assert largest_difference(got, want) < FLOAT32_TOLERANCE
    else:
        assert ratio_db(got, want) > RATIO_DB[model.name]
    assert cuda_ext.kernel_status()["cuda"].startswith("native")


@pytest.mark.cuda
@needs_gpu
def test_a_graph_of_the_synthesis_gives_the_same_picture(model) -> None:
    synthesis = model.generator.to("cuda").synthesis
    graphed = GraphedFunction(synthesis)
    with torch.inference_mode():
        for factor in (1.0, 0.5):
            ws = model.ws.cuda() * factor
            assert torch.equal(graphed(ws, force_fp32=False), synthesis(ws, force_fp32=False))
    assert graphed.problem is None
