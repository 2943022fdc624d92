"""Generators give the numbers of the established implementation (tests/golden/README.md)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import networks

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NAMES = (
    "stylegan3-t-64",
    "stylegan3-r-64",
    "stylegan2-64",
    "stylegan2-cond-32",
    "stylegan2-tf-32",
)
IMAGE_TOLERANCE, MAPPING_TOLERANCE = 1e-4, 1e-5  # of the largest value


class Case:
    """One golden generator and its numbers."""

    def __init__(self, name: str) -> None:
        self.generator = networks.load_generator(GOLDEN / f"{name}.pkl")
        with np.load(GOLDEN / f"{name}.npz") as numbers:
            self.numbers = {key: numbers[key] for key in numbers.files}

    def tensor(self, key: str) -> torch.Tensor:
        return torch.from_numpy(self.numbers[key])

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.numbers if key.startswith(prefix)]


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def assert_close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    assert (actual - expected).abs().max() <= tolerance * expected.abs().max()


def captured(case: Case) -> dict[str, list[torch.Tensor]]:
    """The 4-D outputs of every synthesis module, by name, in execution order."""
    outputs: dict[str, list[torch.Tensor]] = {}

    def hook(name: str) -> Any:
        def keep(_module: object, _args: object, output: Any) -> None:
            values = output if isinstance(output, tuple) else (output,)
            images = [v for v in values if isinstance(v, torch.Tensor) and v.ndim == 4]
            if images:
                outputs.setdefault(name, []).extend(images)

        return keep

    handles = [
        module.register_forward_hook(hook(name or "output"))
        for name, module in case.generator.synthesis.named_modules()
    ]
    with torch.inference_mode():
        case.generator.synthesis(case.tensor("ws")[:1], force_fp32=True)
    for handle in handles:
        handle.remove()
    return outputs


def test_mapping(case: Case) -> None:
    z, c = case.tensor("z"), case.tensor("c")
    with torch.inference_mode():
        assert_close(case.generator.mapping(z, c), case.tensor("ws"), MAPPING_TOLERANCE)
        ws = case.generator.mapping(z, c, truncation_psi=0.6, truncation_cutoff=5)
    assert_close(ws, case.tensor("ws_psi0.6_cutoff5"), MAPPING_TOLERANCE)


def test_images(case: Case) -> None:
    for suffix in ("", "_psi0.6_cutoff5"):
        with torch.inference_mode():
            image = case.generator.synthesis(case.tensor(f"ws{suffix}"), force_fp32=True)
        assert_close(image, case.tensor(f"image{suffix}"), IMAGE_TOLERANCE)


def test_noise_none(case: Case) -> None:
    expected = case.numbers.get("image_noise_none", case.numbers["image"])
    with torch.inference_mode():
        image = case.generator.synthesis(case.tensor("ws"), "none", force_fp32=True)
    assert_close(image, torch.from_numpy(expected), IMAGE_TOLERANCE)


def test_transforms(case: Case) -> None:
    assert bool(case.keys("transform_matrix/")) == case.generator.has_input_transform
    for key in case.keys("transform_matrix/"):
        with torch.inference_mode():
            image = case.generator.synthesis(
                case.tensor("ws")[:1], input_transform=case.numbers[key], force_fp32=True
            )
        assert_close(image, case.tensor(key.replace("matrix", "image")), IMAGE_TOLERANCE)


def test_layers(case: Case) -> None:
    outputs = captured(case)
    for key in case.keys("layer/"):
        assert_close(outputs[key.removeprefix("layer/")][0], case.tensor(key), IMAGE_TOLERANCE)


def test_layer_statistics_and_order(case: Case) -> None:
    outputs = captured(case)
    for key in case.keys("stats/"):
        _, name, k = key.split("/")
        x = outputs[name][int(k)].double()
        expected = case.numbers[key]
        assert list(x.shape) == expected[:4].tolist()
        actual = np.array([x.mean(), x.std(), x.abs().max()])
        assert np.abs(actual - expected[4:]).max() <= IMAGE_TOLERANCE * expected[6], key
    golden_order = list(dict.fromkeys(key.split("/")[1] for key in case.keys("stats/")))
    # Statistics leave out a resnet's skip modules; the render cases' layer lists have them.
    assert [name for name in outputs if not name.endswith(".skip")] == golden_order
