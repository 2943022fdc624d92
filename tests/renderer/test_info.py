"""`loupe info`: what it says about checkpoints of every format."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import networks
from renderer import info

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.pkl"))


def described(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert info.main([*arguments, "--json"]) == 0
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return values


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_the_built_generator_is(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = GOLDEN / f"{name}.pkl"
    generator = networks.load_generator(path)
    monkeypatch.setattr("networks.build.StoredGenerator.build", None)  # nothing may be built
    values = described(capsys, str(path))
    fields = ("family", "img_resolution", "img_channels", "z_dim", "c_dim", "w_dim", "num_ws")
    fields += ("sha256", "num_parameters", "has_noise", "has_input_transform", "untrained")
    for field in fields:
        assert values[field] == getattr(generator, field), field
    state = generator.state_dict()
    assert {key: tuple(entry["shape"]) for key, entry in values["tensors"].items()} == {
        key: tuple(value.shape) for key, value in state.items()
    }
    assert {entry["dtype"] for entry in values["tensors"].values()} == {"float32"}
    assert values["num_values"] == sum(value.numel() for value in state.values())
    assert values["file_bytes"] == path.stat().st_size
    assert values["layers"] == [key for key, _ in generator.synthesis.named_children()]


def test_training_arguments_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    values = described(capsys, str(GOLDEN / "stylegan2-cond-32.pkl"))
    assert values["training"]["use_labels"] is True
    assert values["network"] == "G_ema"
    assert values["other_networks"] == ["G", "D"]


def test_lines_for_people_have_every_tensor_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert info.main([str(GOLDEN / "stylegan3-t-64.pkl"), "--tensors"]) == 0
    text = capsys.readouterr().out
    assert "64×64, 3 channels" in text
    assert "synthesis.L0_36_24.affine.weight" in text


def test_our_own_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = networks.untrained_generator()
    networks.save_generator(generator, tmp_path / "a.safetensors")
    values = described(capsys, str(tmp_path / "a.safetensors"))
    assert values["format"] == "safetensors"
    assert values["untrained"]
    assert {entry["dtype"] for entry in values["tensors"].values()} == {"float32"}
    assert values["num_parameters"] == generator.num_parameters


def test_a_folder_means_its_newest_snapshot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in ("000200", "001000", "000999"):
        source = "stylegan3-t-64" if number == "001000" else "stylegan2-64"
        shutil.copy(GOLDEN / f"{source}.pkl", tmp_path / f"network-snapshot-{number}.pkl")
    values = described(capsys, str(tmp_path))
    assert values["path"].endswith("network-snapshot-001000.pkl")
    assert values["family"] == "stylegan3"


@pytest.mark.parametrize("name", ["missing.pkl", "empty.pkl", "text.pkl", "folder"])
def test_what_is_no_checkpoint_gets_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.pkl").touch()
    (tmp_path / "text.pkl").write_text("hello")
    (tmp_path / "folder").mkdir()
    good = str(GOLDEN / "stylegan2-64.pkl")
    assert info.main([str(tmp_path / name), good]) == 1
    streams = capsys.readouterr()
    assert streams.err.count("\n") == 1
    assert name in streams.err
    assert "StyleGAN2" in streams.out  # the others are described all the same


def test_it_runs_as_a_command_without_a_display() -> None:
    environment = {key: value for key, value in os.environ.items() if "DISPLAY" not in key}
    command = [sys.executable, "-m", "renderer.info", str(GOLDEN / "stylegan2-64.pkl"), "--json"]
    done = subprocess.run(
        command, env=environment, capture_output=True, check=True, cwd=GOLDEN.parent.parent
    )
    assert json.loads(done.stdout)["family"] == "stylegan2"


def test_no_weight_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> torch.Tensor:
        raise AssertionError("a tensor was read")

    monkeypatch.setattr("networks.pickle_values.TensorRecord.to_tensor", refuse)
    assert networks.describe_checkpoint(GOLDEN / "stylegan3-r-64.pkl").num_ws == 16
