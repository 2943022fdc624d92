"""Golden cases, tolerances and random arguments of the operator tests."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cuda_ext import cuda, dispatch

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"

# largest difference relative to the largest value of the expected result
TOLERANCE = {
    "golden": 1e-5,
    torch.float32: 1e-5,
    torch.bfloat16: 2**-8,  # one rounding of the result
    "gradient": 1e-6,  # against finite differences in float64
}


def relative_error(got: torch.Tensor, want: torch.Tensor) -> float:
    """Largest difference relative to the largest expected value."""
    assert got.shape == want.shape
    if want.numel() == 0:
        return 0.0
    scale = max(float(want.abs().max()), 1e-30)
    return float((got.double() - want.double()).abs().max()) / scale


def golden_cases() -> list[dict[str, Any]]:
    """The cases of filtered_lrelu.npz as keyword arguments, with the expected result as `y`."""
    data = np.load(GOLDEN / "filtered_lrelu.npz")
    cases = json.loads(str(data["cases"]))
    for i, case in enumerate(cases):
        for name in ("x", "fu", "fd", "b", "y"):
            key = f"{i}/{name}"
            case[name] = torch.from_numpy(data[key]) if key in data.files else None
    return cases


@pytest.fixture(scope="session")
def tolerance() -> dict[Any, float]:
    return TOLERANCE


@pytest.fixture(scope="session")
def error_of() -> Any:
    return relative_error


@pytest.fixture(scope="session")
def emulation(tmp_path_factory) -> Any:
    """Kernels compiled by the system compiler."""
    path = HERE / "cuda_emulation.py"
    spec = importlib.util.spec_from_file_location("cuda_emulation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.emulated_kernels(tmp_path_factory.mktemp("cuda"))


@pytest.fixture
def on_gpu(emulation, monkeypatch) -> Any:
    """The operators take CPU tensors for CUDA tensors, and find the emulated kernels."""

    def choose(impl: str, x: torch.Tensor, on_cuda: bool = False) -> Any:
        return emulation if on_cuda and impl != "reference" else None

    monkeypatch.setattr(dispatch, "choose", choose)
    for name in ("filtered_lrelu", "upfirdn2d", "bias_act"):
        monkeypatch.setattr(sys.modules[f"cuda_ext.{name}"], "backend_of", lambda x: cuda)
    return emulation


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "golden_case" in metafunc.fixturenames:
        cases = golden_cases()
        metafunc.parametrize("golden_case", cases, ids=[str(i) for i in range(len(cases))])


@pytest.fixture(scope="session")
def all_golden_cases() -> list[dict[str, Any]]:
    return golden_cases()
