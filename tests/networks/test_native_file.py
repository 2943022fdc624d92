"""Our own format is written completely or not at all, and is as readable as other files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest
import safetensors.torch
import torch

import networks
from networks import native_file

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def tiny() -> networks.StyleGAN2:
    return networks.StyleGAN2(
        networks.StyleGAN2Config(8, z_dim=4, w_dim=4, channel_base=32, channel_max=4)
    )


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    path.write_text("precious")

    def fail(file: BinaryIO, *_: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(native_file, "_write", fail)
    with pytest.raises(networks.CheckpointError, match="written: No space left on device; choose"):
        networks.save_generator(tiny(), path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_the_library_of_the_format_reads_the_file(tmp_path: Path) -> None:
    path, generator = tmp_path / "a.safetensors", tiny()
    done: list[tuple[int, int]] = []
    networks.save_generator(generator, path, {"made by": "Zoë"}, lambda *pair: done.append(pair))
    read = safetensors.torch.load_file(path)
    state = generator.state_dict()
    assert set(read) == set(state)
    assert any(value.ndim == 0 for value in state.values())
    for name, value in state.items():
        assert read[name].dtype == torch.float32
        assert torch.equal(read[name], value.float())
    with safetensors.safe_open(path, framework="pt") as file:
        assert file.metadata()["provenance.made by"] == "Zoë"
    num_bytes = sum(value.nbytes for value in read.values())
    assert done[-1] == (num_bytes, num_bytes)
    assert (path.stat().st_size - num_bytes) % 8 == 0  # so that values can be mapped


def test_a_save_over_a_loaded_file_leaves_the_loaded_weights(tmp_path: Path) -> None:
    """Weights stay mapped from the file; replacing it must not change or crash them."""
    path = tmp_path / "a.safetensors"
    networks.save_generator(tiny(), path)
    loaded = networks.load_generator(path)
    before = loaded.synthesis.b8.conv1.weight.clone()
    other = tiny()
    other.reset_parameters(seed=5)
    networks.save_generator(other, path)
    assert torch.equal(loaded.synthesis.b8.conv1.weight, before)
    again = networks.load_generator(path)
    assert torch.equal(again.synthesis.b8.conv1.weight, other.synthesis.b8.conv1.weight)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_a_file_has_the_permissions_of_other_new_files(tmp_path: Path) -> None:
    networks.save_generator(tiny(), tmp_path / "a.safetensors")
    (tmp_path / "b").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.safetensors", "b")]
    assert modes[0] == modes[1]


def test_a_loaded_generator_can_be_saved_over_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    generator = tiny()
    networks.save_generator(generator, path)
    networks.save_generator(networks.load_generator(path), path)
    state = networks.load_generator(path).state_dict()
    for name, value in generator.state_dict().items():
        assert torch.equal(state[name], value)


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(networks.CheckpointError, match=r"nowhere.*No such file or directory"):
        networks.save_generator(tiny(), tmp_path / "nowhere" / "a.safetensors")


def test_a_damaged_file_is_told_of_as_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    networks.save_generator(tiny(), path)
    data = path.read_bytes()
    damaged = (data[:5], data[:8], bytes(len(data)), data[1:], data[:8] + b" " + data[9:])
    for content in damaged:
        path.write_bytes(content)
        for is_open in (False, True):
            with (
                path.open("rb") as file,
                pytest.raises(networks.CheckpointError) as caught,
            ):
                networks.load_generator(file if is_open else path)
            sentence = str(caught.value)
            assert sentence.startswith(f"{str(path)!r} cannot be loaded: it is damaged")
            assert "safetensors files do" in sentence


def test_a_pickle_of_another_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes((GOLDEN / "stylegan2-64.pkl").read_bytes())
    assert networks.load_generator(path).img_resolution == 64


def test_provenance_outlives_loading_and_saving(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    said = {"made by": "Zoë", "steps": "4"}
    networks.save_generator(tiny(), paths[0], said)
    loaded = networks.load_generator(paths[0])
    assert loaded.provenance == said
    networks.save_generator(loaded, paths[1])
    with paths[1].open("rb") as file:
        assert networks.load_generator(file).provenance == said
    networks.save_generator(loaded, paths[2], {"steps": "5"})
    assert networks.load_generator(paths[2]).provenance == {"steps": "5"}
