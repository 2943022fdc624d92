"""What is missing is said, and the program goes on with plain torch."""

import logging

import pytest
import torch

from cuda_ext import dispatch, filtered_lrelu, kernel_status, native, status, verify


@pytest.fixture
def without_native(monkeypatch):
    """The compiled module cannot be imported."""

    def fail(name):
        raise ImportError("no compiler was there")

    native.load.cache_clear()
    monkeypatch.setattr(native.importlib, "import_module", fail)
    yield
    native.load.cache_clear()


@pytest.mark.usefixtures("without_native")
def test_without_the_compiled_module_the_reference_runs_and_the_reason_is_logged_once(
    caplog,
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert filtered_lrelu(torch.ones(1, 1, 2, 2), gain=1).shape == (1, 1, 2, 2)
    assert len(caplog.records) == 1
    assert "no compiler was there" in kernel_status()["cpu"]
    assert kernel_status()["cpu"].startswith("reference")
    assert verify("cpu") is None


def test_a_stale_build_is_noticed(monkeypatch) -> None:
    module, _ = native.load()
    if module is None:
        pytest.skip("not built")
    monkeypatch.setattr(native, "API_VERSION", -1)
    found, reason = native._import_native()
    assert found is None
    assert "install again" in reason


def test_a_wrong_kernel_is_found_and_switched_off(monkeypatch) -> None:
    if native.load()[0] is None:
        pytest.skip("not built")
    monkeypatch.setattr(dispatch, "_disabled", {})
    monkeypatch.setattr(
        "cuda_ext.status.filtered_lrelu", lambda *a, **k: torch.zeros(1, 20, 11, 10)
    )
    reason = verify("cpu")
    assert reason is not None
    assert "differs" in reason
    assert kernel_status()["cpu"].startswith("reference")


def test_active_kernels_agree_with_the_reference() -> None:
    assert verify("cpu") is None


class NoGraphs:
    """A driver that cannot record."""

    def warm_up(self, function, rounds) -> None:
        function()

    def capture(self, function):
        raise RuntimeError("operation not permitted\nwhen the stream is recording")


class Graphs(NoGraphs):
    def capture(self, function):
        return function


def test_the_status_of_a_gpu_says_whether_work_is_repeated_as_graphs() -> None:
    device = torch.device("cpu")
    assert status._graphs(device, Graphs()) == "CUDA graphs"
    assert status._graphs(device, NoGraphs()) == "no CUDA graph: operation not permitted"
