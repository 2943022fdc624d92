"""A synthesis that starts at a stop makes the picture of a whole one, with the layers behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import networks
from networks import fast_layers, stylegan2, stylegan3
from networks.generator import NOISE_MODES
from networks.stop import Route, Stop

SMALL: dict[str, Any] = {"channel_base": 1024, "channel_max": 32, "num_fp16_res": 2}
R: dict[str, Any] = {"conv_kernel": 1, "use_radial_filters": True}
GENERATORS: dict[str, networks.StyleGAN2Config | networks.StyleGAN3Config] = {
    "t": networks.StyleGAN3Config(32, num_layers=6, **SMALL),
    "r": networks.StyleGAN3Config(32, num_layers=6, **SMALL, **R),
    "skip": networks.StyleGAN2Config(32, **SMALL),
    "resnet": networks.StyleGAN2Config(32, architecture="resnet", **SMALL),
    "orig": networks.StyleGAN2Config(32, architecture="orig", **SMALL),
    "fourier": networks.StyleGAN2Config(32, fourier_input=True, **SMALL),
}
MOVED = ((0.8, -0.6, 0.1), (0.6, 0.8, -0.2), (0.0, 0.0, 1.0))


@pytest.fixture(scope="module", params=list(GENERATORS))
def generator(request: pytest.FixtureRequest) -> networks.Generator:
    config = GENERATORS[request.param]
    made: networks.Generator
    if isinstance(config, networks.StyleGAN3Config):
        made = networks.StyleGAN3(config)
    else:
        made = networks.StyleGAN2(config)
    for name, value in made.named_parameters():
        if name.endswith("noise_strength"):
            value.data.fill_(0.3)
    made.reduced_on_cpu = True
    return made.requires_grad_(False).eval()


def use_precision(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """float16 is for GPUs: here the plain modules compute in it."""
    if precision == "float16":
        for module in (stylegan2, stylegan3):
            monkeypatch.setattr(
                module, "layer_dtype", lambda _d, on, *_: torch.float16 if on else torch.float32
            )
        monkeypatch.setattr(fast_layers, "serves", lambda *_args, **_kwargs: False)


def collect(stops: dict[int, Stop]) -> Callable[[Stop], None]:
    """Keeps the first stop of each row."""

    def pass_by(stop: Stop) -> None:
        stops.setdefault(stop.row, stop)

    return pass_by


@pytest.mark.parametrize("precision", ["float32", "reduced", "float16"])
def test_every_stop_leads_to_the_picture_of_a_whole_run(
    generator: networks.Generator,
    precision: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_precision(precision, monkeypatch)
    for noise_mode in NOISE_MODES if generator.has_noise else ("const",):
        force_fp32 = precision == "float32"
        check_every_stop(generator, {"noise_mode": noise_mode, "force_fp32": force_fp32})


def check_every_stop(generator: networks.Generator, arguments: dict[str, Any]) -> None:
    rng = torch.Generator().manual_seed(3)
    ws, other = torch.randn(2, 1, generator.num_ws, generator.w_dim, generator=rng)
    arguments |= {"noise_seed": 5, "input_transform": MOVED}
    stops: dict[int, Stop] = {}
    route = Route(None, collect(stops))
    with torch.inference_mode():
        plain = generator.synthesis(ws, **arguments)
        assert torch.equal(generator.synthesis(ws, **arguments, route=route), plain)
        assert sorted(stops) == list(range(1, generator.num_ws))
        for row, stop in stops.items():
            changed = torch.cat([ws[:, :row], other[:, row:]], dim=1)
            seen: dict[int, Stop] = {}
            again = Route(stop, collect(seen))
            image = generator.synthesis(changed, **arguments, route=again)
            assert torch.equal(image, generator.synthesis(changed, **arguments)), row
            assert not torch.equal(image, plain)
            assert min(seen) == row  # it goes on there, and tells of the stops behind


def test_only_the_layers_behind_a_stop_run(generator: networks.Generator) -> None:
    rows: dict[str, int] = {}
    order: list[str] = []
    for name, module in generator.synthesis.named_modules():
        if hasattr(module, "affine"):
            module.register_forward_hook(lambda *_args, name=name: order.append(name))
    ws = torch.randn(1, generator.num_ws, generator.w_dim)
    stops: dict[int, Stop] = {}
    with torch.inference_mode():
        generator.synthesis(ws, route=Route(None, collect(stops)))
        whole = list(order)
        for row in range(1, generator.num_ws):
            order.clear()
            generator.synthesis(ws, route=Route(stops[row], lambda _stop: None))
            assert whole[len(whole) - len(order) :] == order
            rows[order[0]] = row
    assert len(rows) == generator.num_ws - 1  # each row has a first layer of its own
