"""Checkpoints with any hyperparameters: right pictures, in every way that files are written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import formulas
import numpy as np
import pytest
import torch
from pickle_writer import torch_checkpoint
from stand_ins import Options
from tf_writer import tf_checkpoint

import networks

pytestmark = pytest.mark.usefixtures("one_thread")
GOLDEN = Path(__file__).resolve().parent.parent / "golden"
IMAGE_TOLERANCE, MAPPING_TOLERANCE = 1e-4, 1e-5  # of the largest value

SMALL3 = {"img_resolution": 32, "z_dim": 12, "w_dim": 16, "channel_base": 256, "channel_max": 12}
SMALL2 = {"img_resolution": 16, "z_dim": 12, "w_dim": 16, "channel_base": 128, "channel_max": 12}
STYLEGAN3: dict[str, dict[str, Any]] = {
    "T": {},
    "R": {"conv_kernel": 1, "use_radial_filters": True},
    "few layers": {"num_layers": 3, "num_critical": 1},
    "many layers": {"num_layers": 17, "num_critical": 5},
    "no critical layer": {"num_layers": 5, "num_critical": 0},
    "margin 3": {"margin_size": 3, "num_layers": 6},
    "margin 0": {"margin_size": 0, "num_layers": 6},
    "long filters": {"filter_size": 11, "num_layers": 4},
    "short filters": {"filter_size": 2, "num_layers": 4},
    "odd filters, radial": {"filter_size": 5, "use_radial_filters": True, "num_layers": 4},
    "lrelu without upsampling": {"lrelu_upsampling": 1, "num_layers": 5},
    "lrelu upsampled by 4": {"lrelu_upsampling": 4, "num_layers": 5},
    "bands": {"first_cutoff": 3.0, "first_stopband": 5.0, "last_stopband_rel": 1.6},
    "radial, 4 times": {
        **{"lrelu_upsampling": 4, "use_radial_filters": True, "num_layers": 3},
        **{"filter_size": 3, "img_resolution": 16},
    },
    "kernel 5, no clamp": {"conv_kernel": 5, "conv_clamp": None, "num_layers": 4},
    "grey, tight clamp": {"img_channels": 1, "conv_clamp": 0.5, "output_scale": 1.0},
    "two channels": {"img_channels": 2, "output_scale": 0.1, "num_layers": 4},
    "alpha, classes": {"img_channels": 4, "c_dim": 3, "mapping_layers": 5, "num_layers": 4},
    "128": {"img_resolution": 128, "num_layers": 10, "channel_base": 128},
    "16": {"img_resolution": 16, "num_layers": 4},
}
STYLEGAN2: dict[str, dict[str, Any]] = {
    "skip": {},
    "resnet": {"architecture": "resnet"},
    "orig": {"architecture": "orig"},
    "without noise": {"use_noise": False},
    "no filter": {"resample_filter": (1.0,)},
    "two taps": {"resample_filter": (1.0, 1.0), "architecture": "resnet"},
    "six taps": {"resample_filter": (1.0, 4.0, 6.0, 6.0, 4.0, 1.0)},
    "asymmetric": {"resample_filter": (1.0, 2.0, 4.0, 3.0), "architecture": "resnet"},
    "long filter": {"resample_filter": (1.0, 2, 3, 4, 5, 5, 4, 3, 2, 1)},
    "relu, tight clamp": {"activation": "relu", "conv_clamp": 0.7, "architecture": "resnet"},
    "linear": {"activation": "linear", "mapping_activation": "relu"},
    "no clamp": {"conv_clamp": None},
    "grey": {"img_channels": 1},
    "two channels": {"img_channels": 2, "architecture": "orig"},
    "alpha": {"img_channels": 4, "architecture": "resnet"},
    "classes": {"c_dim": 7, "embed_features": 5, "mapping_layers": 3},
    "mapping": {"mapping_layers": 2, "mapping_features": 9, "mapping_lr_multiplier": 0.1},
    "one mapping layer": {"mapping_layers": 1, "mapping_activation": "linear"},
    "fp16 nowhere": {"num_fp16_res": 0},
    "4": {"img_resolution": 4},
    "128": {"img_resolution": 128, "channel_base": 256},
}


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """The pictures are small: on a busy machine threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def animated(generator: networks.Generator) -> networks.Generator:
    """With every value set, also those that training starts from a constant."""
    rng = torch.Generator().manual_seed(99)
    with torch.no_grad():
        for name, value in generator.state_dict().items():
            is_fixed = name.endswith(("_filter", "transform", "freqs", "phases"))
            if is_fixed or not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=rng)
            if name.endswith("magnitude_ema"):
                value.copy_(noise.abs() * 0.3 + 0.5)
            else:
                value.add_(noise * (0.3 if value.ndim < 2 else 0.01))
    return generator.eval().requires_grad_(False)


def small3(**kwargs: Any) -> networks.StyleGAN3:
    return animated(networks.StyleGAN3(networks.StyleGAN3Config(**{**SMALL3, **kwargs}), seed=3))


def small2(**kwargs: Any) -> networks.StyleGAN2:
    return animated(networks.StyleGAN2(networks.StyleGAN2Config(**{**SMALL2, **kwargs}), seed=3))


def latents(generator: networks.Generator) -> tuple[torch.Tensor, torch.Tensor | None]:
    rng = torch.Generator().manual_seed(7)
    z = torch.randn(2, generator.z_dim, generator=rng)
    return z, torch.rand(2, generator.c_dim, generator=rng) if generator.c_dim else None


def pictures(generator: networks.Generator, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
    z, c = latents(generator)
    with torch.inference_mode():
        ws = generator.mapping(z, c, truncation_psi=0.7, truncation_cutoff=3)
        return ws, generator.synthesis(ws, force_fp32=True, **kwargs)


def load(data: bytes) -> networks.Generator:
    return networks.load_generator(io.BytesIO(data))


def assert_close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() <= tolerance * expected.abs().max()


def assert_same(loaded: networks.Generator, generator: networks.Generator) -> None:
    """Bit for bit the same pictures, in evaluation mode and without gradients."""
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert type(loaded) is type(generator)
    names = ("z_dim", "c_dim", "w_dim", "num_ws", "img_resolution", "img_channels", "has_noise")
    for name in names:
        assert getattr(loaded, name) == getattr(generator, name), name
    for actual, expected in zip(pictures(loaded), pictures(generator), strict=True):
        assert torch.equal(actual, expected)


# --- arithmetic


def test_the_plain_formulas_give_the_golden_numbers() -> None:
    """So that they can stand in for numbers of other hyperparameters."""
    models = json.loads((GOLDEN / "models.json").read_text())
    for name, entry in models.items():
        kwargs = dict(entry["kwargs"])
        kwargs["mapping_layers"] = kwargs.pop("mapping_kwargs")["num_layers"]
        state = networks.load_generator(GOLDEN / f"{name}.pkl").state_dict()
        numbers = np.load(GOLDEN / f"{name}.npz")
        ws, image = (torch.from_numpy(numbers[key]) for key in ("ws", "image"))
        if name.startswith("stylegan3"):
            config: Any = networks.StyleGAN3Config(**kwargs)
            actual = formulas.stylegan3(state, config, ws[:1])
        else:
            config = networks.StyleGAN2Config(**kwargs)
            actual = formulas.stylegan2(state, config, ws[:1])
        assert_close(actual, image[:1], IMAGE_TOLERANCE)


def assert_mapping(generator: networks.Generator, lr: float, activation: str) -> None:
    z, c = latents(generator)
    state = formulas.double(generator.state_dict())
    num_layers = len(generator.mapping.spec.layers)
    w = formulas.mapping(state, z, c, num_layers, lr, activation)
    assert_close(generator.mapping(z, c)[:, 0], w, MAPPING_TOLERANCE)
    assert generator.mapping(z, c).shape[1] == generator.num_ws


@pytest.mark.parametrize("kwargs", STYLEGAN3.values(), ids=STYLEGAN3)
def test_stylegan3_follows_the_formulas(kwargs: dict[str, Any]) -> None:
    generator = load(torch_checkpoint(small3(**kwargs)))
    config = networks.StyleGAN3Config(**{**SMALL3, **kwargs})
    assert_mapping(generator, 0.01, "lrelu")
    ws, image = pictures(generator)
    assert_close(image, formulas.stylegan3(generator.state_dict(), config, ws), IMAGE_TOLERANCE)
    wanted = [[0.8, 0.6, 0.1], [-0.6, 0.8, -0.2], [0, 0, 1]]
    _, image = pictures(generator, input_transform=wanted)
    expected = formulas.stylegan3(generator.state_dict(), config, ws, wanted)
    assert_close(image, expected, IMAGE_TOLERANCE)


@pytest.mark.parametrize("kwargs", STYLEGAN2.values(), ids=STYLEGAN2)
def test_stylegan2_follows_the_formulas(kwargs: dict[str, Any]) -> None:
    generator = load(torch_checkpoint(small2(**kwargs)))
    config = networks.StyleGAN2Config(**{**SMALL2, **kwargs})
    assert_mapping(generator, config.mapping_lr_multiplier, config.mapping_activation)
    for has_noise, mode in ((True, "const"), (False, "none")):
        ws, image = pictures(generator, noise_mode=mode)
        expected = formulas.stylegan2(generator.state_dict(), config, ws, has_noise)
        assert_close(image, expected, IMAGE_TOLERANCE)


def test_random_noise_is_drawn_in_layer_order() -> None:
    generator = small2()
    state, drawn = dict(generator.state_dict()), torch.Generator().manual_seed(5)
    for block in generator.design.blocks:
        for conv in ("conv0", "conv1") if block.conv0 else ("conv1",):
            noise = torch.randn(2, 1, block.resolution, block.resolution, generator=drawn)
            state[f"synthesis.{block.name}.{conv}.noise_const"] = noise
    ws, image = pictures(generator, noise_mode="random", noise_seed=5)
    config = networks.StyleGAN2Config(**SMALL2)
    assert_close(image, formulas.stylegan2(state, config, ws), IMAGE_TOLERANCE)


# --- ways of writing


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("make", [small3, small2], ids=["stylegan3", "stylegan2"])
def test_every_protocol(make: Any, protocol: int) -> None:
    generator = make(c_dim=2)
    assert_same(load(torch_checkpoint(generator, Options(protocol=protocol))), generator)


VARIANTS = {
    "only G_ema": Options(keys=("G_ema",)),
    "only G": Options(keys=("G",)),
    "G_ema is nothing": Options(keys=("nothing", "D", "G")),
    "on a GPU": Options(location="cuda:0"),
    "channels last": Options(channels_last=True),
    "numpy scalars": Options(numpy_scalars=True),
    "numpy scalars, protocol 2": Options(numpy_scalars=True, protocol=2),
    "old numpy": Options(numpy_scalars=True, protocol=3, old_numpy=True),
    "no own arguments": Options(with_kwargs=False),
    "double": Options(dtype=torch.float64),
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("make", [small3, small2], ids=["stylegan3", "stylegan2"])
def test_every_way_of_writing(make: Any, options: Options) -> None:
    generator = make()
    assert_same(load(torch_checkpoint(generator, options)), generator)


def test_half_weights_are_read() -> None:
    generator = small3().half().float()
    assert_same(load(torch_checkpoint(generator, Options(dtype=torch.float16))), generator)


def test_old_stylegan3_attributes_are_made_up() -> None:
    omit = ("up_factor", "down_factor", "up_taps", "down_taps", "padding", "magnitude_ema_beta")
    omit += ("use_fp16", "is_torgb_unknown", "weight_gain", "bias_gain", "w_avg_beta")
    generator = small3()
    loaded = load(torch_checkpoint(generator, Options(omit=omit)))
    assert_same(loaded, generator)
    assert loaded.design.mapping.w_avg_beta == 0.998


def test_old_stylegan2_attributes_are_made_up() -> None:
    omit = ("act_gain", "use_fp16", "use_noise", "architecture", "num_torgb", "w_avg_beta")
    omit += ("weight_gain", "bias_gain", "activation", "up", "num_conv", "padding")
    generator = small2(architecture="resnet")
    loaded = load(torch_checkpoint(generator, Options(omit=omit)))
    assert_same(loaded, generator)
    assert loaded.design.mapping.w_avg_beta == 0.995


def test_old_stylegan2_does_not_clamp() -> None:
    options = Options(omit=("conv_clamp",), with_kwargs=False)
    loaded = load(torch_checkpoint(small2(conv_clamp=0.5), options))
    assert {block.conv1.conv_clamp for block in loaded.design.blocks} == {None}


def test_what_the_generator_was_told_once_holds_for_its_layers() -> None:
    """Old files nest such arguments, and their layers may not repeat them."""
    for make in (small3, small2):
        generator = make(conv_clamp=0.5)
        told = (("conv_clamp", 0.5),)
        options = Options(omit=("conv_clamp",), synthesis_kwargs=told, layer_kwargs=False)
        assert_same(load(torch_checkpoint(generator, options)), generator)


# --- TensorFlow

TF_CASES = {name: kwargs for name, kwargs in STYLEGAN2.items() if name != "no filter"}


@pytest.mark.parametrize("kwargs", TF_CASES.values(), ids=TF_CASES)
def test_tensorflow_files(kwargs: dict[str, Any]) -> None:
    generator = small2(**kwargs)
    loaded = load(tf_checkpoint(generator))
    assert_same(loaded, generator_from(loaded, generator))


def generator_from(loaded: networks.Generator, generator: networks.Generator) -> Any:
    """The same weights with the rounding of `mod_bias` − 1 + 1 that such a file brings."""
    for name, value in generator.state_dict().items():
        stored = loaded.state_dict()[name]
        assert torch.allclose(stored, value, rtol=0, atol=3e-7), name
        value.copy_(stored)
    return generator


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_tensorflow_lod_names(protocol: int) -> None:
    generator = small2(architecture="orig", img_resolution=32)
    for architecture in ("orig", ...):  # the first programs did not say it
        options = Options(protocol=protocol)
        data = tf_checkpoint(generator, options, lod_names=True, architecture=architecture)
        loaded = load(data)
        assert_same(loaded, generator_from(loaded, generator))


def test_tensorflow_defaults() -> None:
    """Hyperparameters that a file does not name have the values of that program."""
    generator = small2(conv_clamp=None)
    names = "conv_clamp resample_kernel mapping_lrmul mapping_nonlinearity nonlinearity use_noise"
    loaded = load(tf_checkpoint(generator, **dict.fromkeys(names.split(), ...)))
    assert_same(loaded, generator_from(loaded, generator))
    assert loaded.design.mapping.w_avg_beta == 0.995


def test_unknown_tensorflow_hyperparameters_are_named() -> None:
    with pytest.raises(networks.CheckpointError, match="'blur_kernel_typo'"):
        load(tf_checkpoint(small2(), blur_kernel_typo=[1, 2]))


# --- our own format

OWN = {
    **{f"stylegan3 {name}": (small3, kwargs) for name, kwargs in STYLEGAN3.items()},
    **{f"stylegan2 {name}": (small2, kwargs) for name, kwargs in STYLEGAN2.items()},
    "fourier input": (small2, {"fourier_input": True}),
    "fourier input, resnet": (small2, {"fourier_input": True, "architecture": "resnet"}),
}


@pytest.mark.parametrize("case", OWN.values(), ids=OWN)
def test_our_own_format_returns_every_bit(case: Any, tmp_path: Path) -> None:
    make, kwargs = case
    generator = make(**kwargs)
    generator.untrained = True
    networks.save_generator(generator, tmp_path / "a.safetensors")
    loaded = networks.load_generator(tmp_path / "a.safetensors")
    assert_same(loaded, generator)
    assert loaded.design == generator.design
    assert loaded.untrained
    from_memory = load((tmp_path / "a.safetensors").read_bytes())
    assert_same(from_memory, generator)
    assert from_memory.sha256 == loaded.sha256
    if loaded.has_input_transform:
        wanted = [[0, 1, 0.25], [-1, 0, 0], [0, 0, 1]]
        moved = [pictures(g, input_transform=wanted)[1] for g in (loaded, generator)]
        assert torch.equal(*moved)
        assert not torch.equal(moved[0], pictures(generator)[1])
