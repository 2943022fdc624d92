"""`loupe convert`: the same pictures from safetensors; nothing is replaced or half written."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

import networks
from networks import native_file
from renderer import convert, progress

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.pkl"))


def picture(path: Path) -> torch.Tensor:
    generator = networks.load_generator(path)
    z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        image: torch.Tensor = generator(z, truncation_psi=0.7)
    return image


@pytest.mark.parametrize("name", NAMES)
def test_pictures_stay_the_same_bit_for_bit(name: str, tmp_path: Path) -> None:
    source = GOLDEN / f"{name}.pkl"
    written = convert.convert(str(source), str(tmp_path))
    assert written == tmp_path / f"{name}.safetensors"
    assert torch.equal(picture(written), picture(source))


def test_our_own_files_keep_their_provenance(tmp_path: Path) -> None:
    source = tmp_path / "a.safetensors"
    networks.save_generator(
        networks.load_generator(GOLDEN / "stylegan2-64.pkl"), source, {"a": "b"}
    )
    written = convert.convert(str(source), str(tmp_path / "c.safetensors"))
    assert networks.load_generator(written).provenance == {"a": "b"}


def test_the_default_place_is_beside_the_checkpoint(tmp_path: Path) -> None:
    source = Path(shutil.copy(GOLDEN / "stylegan2-64.pkl", tmp_path / "a.b.pkl"))
    assert convert.main([str(source)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.b.pkl", "a.b.safetensors"]


def test_an_existing_file_is_replaced_only_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.safetensors"
    target.write_text("precious")
    source = str(GOLDEN / "stylegan2-64.pkl")
    assert convert.main([source, str(target)]) == 1
    assert "--force" in capsys.readouterr().err
    assert target.read_text() == "precious"
    assert convert.main([source, str(target), "--force"]) == 0
    assert networks.load_generator(target).family == "stylegan2"
    assert convert.main([str(target), str(target), "--force"]) == 1
    assert "itself" in capsys.readouterr().err


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.safetensors"
    target.write_text("precious")

    def fail(file: BinaryIO, *_: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(native_file, "_write", fail)
    with pytest.raises(networks.CheckpointError, match=r"out.*No space left on device") as caught:
        convert.convert(str(GOLDEN / "stylegan2-64.pkl"), str(target), force=True)
    assert "\n" not in str(caught.value)
    assert target.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [target]


def test_progress_is_in_bytes_of_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, list[tuple[int, int]]] = {}

    class Bar:
        """Stands in for tqdm."""

        def __init__(self, desc: str, **_options: Any) -> None:
            self.steps = shown.setdefault(desc, [])
            self.n = self.total = 0

        def update(self, step: int) -> None:
            self.n += step
            self.steps.append((self.n, self.total))

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(progress, "tqdm", Bar)
    source = GOLDEN / "stylegan2-64.pkl"
    written = convert.convert(str(source), str(tmp_path))
    reading, writing = shown.values()
    assert list(shown) == [f"Reading {source.name}", f"Writing {written.name}"]
    assert reading[-1] == (source.stat().st_size, source.stat().st_size)
    header = int.from_bytes(written.read_bytes()[:8], "little")
    assert writing[-1] == (written.stat().st_size - 8 - header,) * 2
    for steps in (reading, writing):
        assert [done for done, _ in steps] == sorted({done for done, _ in steps})
        assert len({of for _, of in steps}) == 1
    assert len(writing) > 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the full device of Linux")
def test_a_place_that_cannot_be_written_to_gets_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = str(GOLDEN / "stylegan2-64.pkl")
    for target in ("/proc/out.safetensors", "/nowhere/out.safetensors", "/dev/null/a.safetensors"):
        assert convert.main([source, target]) == 1
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert target.rsplit("/", maxsplit=1)[0] in message


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_gets_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(networks.CheckpointError, match="Permission denied"):
        convert.convert(str(GOLDEN / "stylegan2-64.pkl"), str(tmp_path))
    tmp_path.chmod(stat.S_IRWXU)


def test_another_suffix_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = str(GOLDEN / "stylegan2-64.pkl")
    assert convert.main([source, str(tmp_path / "out.pkl")]) == 1
    assert "out.pkl" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_checkpoint_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_text("hello")
    assert convert.main([str(tmp_path / "a.pkl")]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.pkl"]
