"""Sources of models: what ships with the program, and what is no checkpoint."""

import hashlib
import os
from pathlib import Path

import pytest
import torch

import networks
from renderer.errors import RenderError, error_info
from renderer.messages import BUNDLED_SOURCES, UNTRAINED
from renderer.models import load_model, source_stamp

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("source", BUNDLED_SOURCES)
def test_every_bundled_generator_draws(source: str) -> None:
    reports: list[float] = []
    model = load_model(source, "cpu", lambda fraction, _text: reports.append(fraction))
    assert reports == sorted(reports)
    assert reports[-1] == 1.0
    assert model.info.label == source.removeprefix("bundled:")
    assert model.info.untrained == (source == UNTRAINED)
    path = ROOT / "assets" / "generators" / f"{model.info.label}.safetensors"
    sha256 = "" if source == UNTRAINED else hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.info.sha256 == sha256
    z = torch.randn(2, model.info.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        images = model.generator(z)
    assert images.shape == (2, 3, model.info.img_resolution, model.info.img_resolution)
    assert float(images.std()) > 0.1
    assert not torch.allclose(images[0], images[1], atol=0.1)


def test_a_name_that_does_not_ship_is_refused_with_those_that_do() -> None:
    with pytest.raises(RenderError, match=UNTRAINED):
        load_model("bundled:nobody", "cpu", lambda _fraction, _text: None)


def refusal(source: str) -> str:
    """The sentence that the window shows."""
    with pytest.raises(networks.CheckpointError) as caught:
        load_model(source, "cpu", lambda _fraction, _text: None)
    sentence = error_info(caught.value, f"loading {source}").message
    assert "CheckpointError" not in sentence
    assert "Error while" not in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert "\n" not in sentence
    return sentence


@pytest.mark.skipif(os.name != "posix", reason="named pipes and devices")
@pytest.mark.parametrize("name", ["pipe.pkl", "/dev/zero"])
def test_what_never_ends_is_refused_before_it_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name != "/dev/zero":
        os.mkfifo(path)  # opening it would wait until somebody writes
    assert refusal(str(path)).startswith(f"'{path}' is not a regular file; expected")


def test_what_is_no_checkpoint_is_refused_in_its_own_words(tmp_path: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text("hello")
    assert refusal(str(text)).startswith(f"'{text}' looks like text; expected")
    assert "does not exist" in refusal(str(tmp_path / "missing.pkl"))
    assert "folder without a network-snapshot-*.pkl" in refusal(str(tmp_path))
    assert source_stamp(str(tmp_path)) == ()


def test_a_folder_that_cannot_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    assert refusal(str(tmp_path)) == f"the folder '{tmp_path}' cannot be read: Permission denied."


def test_the_newest_snapshot_is_the_one_with_the_largest_number(tmp_path: Path) -> None:
    for number in ("1000", "000999", "999"):
        (tmp_path / f"network-snapshot-{number}.pkl").write_text("hello")
    assert "network-snapshot-1000.pkl' looks like text" in refusal(str(tmp_path))
