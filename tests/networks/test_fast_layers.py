"""The native inference path gives the pictures and layers of the plain modules."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import cuda_ext
import networks
from networks import fast_layers
from networks.layers import Derived
from networks.stylegan2 import StyleGAN2
from networks.stylegan2_design import StyleGAN2Config
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import StyleGAN3Config

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
FLOAT32_TOLERANCE = 1e-5  # of the largest value
LEAST_SNR_DB = {"t": 38, "r": 32, "sg2": 38, "resnet": 38}  # reduced precision

pytestmark = pytest.mark.skipif(
    not cuda_ext.has_native_convolution(torch.zeros(1)), reason="the kernels are not built"
)


def make(kind: str) -> networks.Generator:
    """A small generator with as many channels as the products have panels for."""
    if kind in ("sg2", "resnet"):
        architecture = "resnet" if kind == "resnet" else "skip"
        config = StyleGAN2Config(128, channel_base=4096, channel_max=72, architecture=architecture)
        generator: networks.Generator = StyleGAN2(config)
        for name, value in generator.named_parameters():
            if name.endswith("noise_strength"):
                value.data.fill_(0.1)
    else:
        radial = kind == "r"
        generator = StyleGAN3(
            StyleGAN3Config(
                128,
                channel_base=4096,
                channel_max=72,
                conv_kernel=1 if radial else 3,
                use_radial_filters=radial,
            )
        )
    return generator.requires_grad_(False).eval()


@pytest.fixture(scope="module", params=list(LEAST_SNR_DB))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def generator(kind: str) -> networks.Generator:
    return make(kind)


@pytest.fixture
def ws(generator: networks.Generator) -> torch.Tensor:
    z = torch.randn(2, generator.z_dim, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return generator.mapping(z)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that runs another one through the plain modules."""

    def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(fast_layers, "serves", lambda *values, **options: False)
            return function(*args, **kwargs)

    return run


@torch.inference_mode()
def outputs_of(generator: networks.Generator, ws: torch.Tensor, **options: Any) -> dict:
    """The 4-D outputs of every submodule by name, and the picture."""
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: object, _inputs: object, output: Any) -> None:
            values = output if isinstance(output, tuple) else (output,)
            for i, value in enumerate(values):
                if isinstance(value, torch.Tensor) and value.ndim == 4:
                    seen[f"{name}:{i}"] = value.clone()

        return hook

    handles = [
        module.register_forward_hook(keep(name))
        for name, module in generator.synthesis.named_modules()
        if name
    ]
    seen["picture"] = generator.synthesis(ws, **options)
    for handle in handles:
        handle.remove()
    return seen


def assert_near(got: torch.Tensor, want: torch.Tensor, name: str = "") -> None:
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    error = float((got - want).abs().max() / want.abs().max())
    assert error <= FLOAT32_TOLERANCE, f"{name}: {error:.1e}"


@pytest.mark.parametrize("batch", [1, 2])
def test_every_layer_and_the_picture_equal_the_plain_modules(generator, ws, plain, batch) -> None:
    got = outputs_of(generator, ws[:batch], force_fp32=True)
    want = plain(outputs_of, generator, ws[:batch], force_fp32=True)
    assert list(got) == list(want)
    for name, value in want.items():
        assert_near(got[name], value, name)


def test_pictures_are_the_same_with_hooks_and_without(generator, ws) -> None:
    with torch.inference_mode():
        assert torch.equal(generator.synthesis(ws), outputs_of(generator, ws)["picture"])


def test_reduced_precision_keeps_its_distance(kind, generator, ws, plain, monkeypatch) -> None:
    """Also on processors that would not take it. Single pictures differ by some dB."""
    z = torch.randn(6, generator.z_dim, generator=torch.Generator().manual_seed(5))
    ws = generator.mapping(z)
    want = plain(outputs_of, generator, ws, force_fp32=True)["picture"]
    monkeypatch.setattr(cuda_ext, "has_fast_bfloat16", lambda kernel, filtered: True)
    exact = outputs_of(generator, ws)["picture"]
    assert_near(exact, want)  # unless it is asked for, a CPU reduces nothing
    monkeypatch.setattr(generator.synthesis, "reduced_on_cpu", True)
    outputs = outputs_of(generator, ws)
    assert any(value.dtype == torch.bfloat16 for value in outputs.values())
    got = outputs["picture"]
    assert got.dtype == torch.float32
    snr_db = 10 * math.log10(float(want.var() / (got - want).square().mean()))
    assert snr_db >= LEAST_SNR_DB[kind]
    with torch.inference_mode():
        assert_near(generator.synthesis(ws, force_fp32=True), want)


def test_reduced_precision_is_left_alone_where_it_would_be_slower(
    kind, generator, ws, monkeypatch
) -> None:
    """Processors with bfloat16 in vector registers only: 3x3 is as fast in float32, 1x1 and filters
    are not."""

    def is_fast(kernel: int, filtered: bool) -> bool:
        return kernel == 1 or filtered

    monkeypatch.setattr(cuda_ext, "has_fast_bfloat16", is_fast)
    monkeypatch.setattr(generator.synthesis, "reduced_on_cpu", True)
    outputs = outputs_of(generator, ws)
    halves = {name for name, value in outputs.items() if value.dtype == torch.bfloat16}
    assert bool(halves) == (kind in ("r", "t"))
    if not halves:
        exact = outputs_of(generator, ws, force_fp32=True)
        assert all(torch.equal(outputs[name], exact[name]) for name in exact)


def test_gradients_take_the_plain_path(generator, ws, monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the inference path was taken")

    for name in ("modulated_conv2d", "fourier_features"):
        monkeypatch.setattr(cuda_ext, name, refuse)
    monkeypatch.setattr(cuda_ext.StyledLayer, "__call__", refuse)
    leaf = ws[:1].clone().requires_grad_()
    generator.synthesis(leaf).square().mean().backward()
    assert leaf.grad is not None
    assert float(leaf.grad.abs().max()) > 0
    with pytest.raises(AssertionError, match="inference path"), torch.no_grad():
        generator.synthesis(leaf)


def test_a_changed_weight_changes_the_picture(kind, ws, plain) -> None:
    generator = make(kind)
    values = [*generator.synthesis.named_parameters(), *generator.synthesis.named_buffers()]
    for end, ndim in (("weight", 4), ("affine.weight", 2), ("bias", 1), ("_filter", 1)):
        chosen = [value for name, value in values if name.endswith(end) and value.ndim == ndim]
        if not chosen:  # the filters of StyleGAN2 have two dimensions
            continue
        with torch.no_grad():
            before = generator.synthesis(ws[:1])
            for value in chosen:
                factors = torch.linspace(0.5, 1.5, value.shape[-1])
                value.mul_(factors * factors.flip(0) if ndim == 1 else factors + 0.1)
            after = generator.synthesis(ws[:1], force_fp32=True)
            want = plain(generator.synthesis, ws[:1], force_fp32=True)
        assert not torch.allclose(before, after)
        assert_near(after, want)


def test_prepared_weights_are_made_once(generator, ws) -> None:
    weight = torch.nn.Parameter(torch.randn(4, 4, 3, 3), requires_grad=False)
    derived = Derived(fast_layers.prepare_rms)
    assert derived(weight).conv is derived(weight).conv


@pytest.mark.parametrize("f", [(1, 3, 3, 1), (1, 2, 1)])
def test_separable_filters_are_found(f) -> None:
    taps = torch.tensor(f, dtype=torch.float32)
    taps = taps / taps.sum()
    assert torch.allclose(fast_layers.separable(torch.outer(taps, taps)), taps)
    assert fast_layers.separable(taps) is taps
    two = torch.outer(taps, taps)
    two[0, 0] += 0.1
    assert fast_layers.separable(two) is two


@pytest.mark.parametrize("name", ["stylegan3-t-64", "stylegan3-r-64", "stylegan2-64"])
def test_golden_generators_equal_the_plain_modules(name, plain) -> None:
    generator = networks.load_generator(GOLDEN / f"{name}.pkl")
    z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ws = generator.mapping(z, torch.zeros(1, generator.c_dim))
        got = generator.synthesis(ws, force_fp32=True)
        want = plain(generator.synthesis, ws, force_fp32=True)
    assert_near(got, want)
