"""`loupe doctor` and the device ladder: every step checked, and what is missing said in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import cuda_ext
from renderer import devices, doctor, kernel_check

ROOT = Path(__file__).parent.parent.parent
TITLES = [
    "Program",
    "Libraries",
    "Machine",
    "Devices, best first",
    "Kernels",
    "OpenGL",
    "Pictures to the window",
    "Folders",
    "What this machine lacks",
]


@pytest.fixture
def without_gl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_gl_info", lambda: {"renderer": "some GPU"})


def report() -> dict[str, dict[str, str]]:
    return {title: dict(lines) for title, lines in doctor.sections()}


def test_the_report_needs_no_display_and_no_window_package() -> None:
    code = (
        "import sys; from renderer.doctor import main; main(['--json']); "
        "assert not {'imgui_bundle', 'glfw', 'OpenGL'} & set(sys.modules)"
    )
    environment = {key: value for key, value in os.environ.items() if "DISPLAY" not in key}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == TITLES
    if sys.platform == "linux":
        assert "loupe images" in found["OpenGL"]["error"]
        assert "no window here" in found["What this machine lacks"]["OpenGL"]
    assert found["Libraries"]["torch"] == torch.__version__
    assert set(found["Devices, best first"]) == set(devices.LADDER)


@pytest.mark.usefixtures("without_gl")
def test_the_report_reads_as_lines(capsys: Any) -> None:
    assert doctor.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == TITLES
    assert all(len(line.split()) >= 2 for line in lines if line.startswith(" "))


def test_every_native_operator_is_compared_with_its_reference() -> None:
    checks = dict(kernel_check.check_kernels("cpu"))
    for operator in ("filtered_lrelu", "upfirdn2d", "bias_act"):
        answer = checks[f"{operator} float32 on cpu"]
        assert answer.startswith(("right: differs from plain torch by", "plain torch: "))


@pytest.mark.usefixtures("without_gl")
def test_a_kernel_that_computes_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(x: torch.Tensor, _taps: Any, _b: Any, impl: str) -> torch.Tensor:
        return x * 1.01 if impl == "native" else x

    def broken(x: torch.Tensor, _taps: Any, _b: Any, impl: str) -> torch.Tensor:
        if impl == "native":
            raise RuntimeError("the driver is too old\nand so on")
        return x

    operators = {"wrong": wrong, "nan": lambda x, *_: x * float("nan"), "broken": broken}
    monkeypatch.setattr(kernel_check, "OPERATORS", operators)
    found = report()
    kernels = found["Kernels"]
    assert kernels["wrong float32 on cpu"] == (
        "WRONG: differs from plain torch by 1.0e-02 of the largest value"
    )
    assert kernels["nan float32 on cpu"].startswith("WRONG")
    assert kernels["broken float32 on cpu"] == "plain torch: the driver is too old"
    assert "some native kernels" in found["What this machine lacks"]


@pytest.mark.usefixtures("without_gl")
def test_a_machine_that_lacks_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = devices.DeviceChoice("cuda", (("cuda", "chosen"),), "native")
    monkeypatch.setattr(doctor, "choose_device", lambda: choice)
    monkeypatch.setattr(doctor, "check_kernels", lambda _device: [("all", "right: 0")])
    monkeypatch.setattr(doctor, "LITTLE_MEMORY_BYTES", 0)
    assert list(report()["What this machine lacks"]) == ["nothing"]


@pytest.mark.usefixtures("without_gl")
def test_a_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOUPE_SETTINGS", str(tmp_path / "file" / "settings"))
    found = report()
    assert "a writable folder for settings" in found["What this machine lacks"]
    assert found["Folders"]["settings"].endswith("(made when needed)")


# --- the ladder ----------------------------------------------------------------------------


def pretend(monkeypatch: pytest.MonkeyPatch, *there: str, **verdicts: Any) -> None:
    """These devices are there; `verdicts` says what the check of each answers or raises."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)

    def verify(device: str) -> str | None:
        verdict = verdicts.get(device)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    monkeypatch.setattr(cuda_ext, "verify", verify)
    monkeypatch.setattr(cuda_ext, "kernel_status", lambda: {"cpu": "native: something"})


def test_the_best_device_that_computes_rightly_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "cuda", "mps")
    assert devices.choose_device().ladder == (("cuda", "chosen"),)
    pretend(monkeypatch, "cuda", "mps", cuda="cuda: the native result differs by 1")
    choice = devices.choose_device()
    assert choice.device == "mps"
    assert choice.ladder == (("cuda", "cuda: the native result differs by 1"), ("mps", "chosen"))
    pretend(monkeypatch, "cuda", cuda=RuntimeError("driver too old"))
    choice = devices.choose_device()
    assert choice.ladder == (
        ("cuda", "RuntimeError: driver too old"),
        ("mps", "no Apple GPU here"),
        ("cpu", "chosen"),
    )
    assert choice.kernels == "native: something"


def test_the_processor_serves_even_when_its_kernels_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, cpu="cpu: the native result differs by 1")
    choice = devices.choose_device()
    assert choice.device == "cpu"
    assert "plain torch: cpu: the native result differs" in choice.ladder[-1][1]


def test_the_person_chooses_where_the_ladder_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "cuda")
    choice = devices.choose_device("cpu")
    assert choice.device == "cpu"
    assert choice.ladder[0] == ("cuda", "not asked for")
    assert devices.choose_device("nothing of the kind").device == "cuda"
    assert devices.whole_ladder()[0] == ("cuda", "works")
