"""Picture files: what they carry, that they are whole, and that numbering never overwrites."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from renderer import picture
from renderer.messages import BUNDLED, ModelInfo
from renderer.state import StateError, ViewState

PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def metadata() -> picture.PictureMetadata:
    model = ModelInfo(
        source="/models/Gesicht ü.pkl",
        label="Gesicht",
        family="stylegan3",
        img_resolution=64,
        img_channels=3,
        z_dim=32,
        c_dim=0,
        w_dim=32,
        num_ws=16,
        has_input_transform=True,
        has_noise=False,
        num_parameters=1,
        sha256="ab" * 32,
    )
    state = replace(ViewState(model="/models/Gesicht ü.pkl"), force_fp32=True)
    return picture.describe_picture(state, model)


def test_a_picture_carries_its_state(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture.save_png(path, PIXELS, metadata())
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), PIXELS)
    read = picture.read_metadata(path)
    assert read == metadata()
    assert read is not None
    assert read.checkpoint == "Gesicht ü.pkl"
    assert "torch 2" in read.versions


def test_a_picture_without_metadata_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture.save_png(path, PIXELS[..., :1])
    assert picture.read_metadata(path) is None
    with Image.open(path) as image:
        assert image.mode == "L"


def test_numbering_never_overwrites(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = picture.save_numbered_png(folder, "portraits", PIXELS)
    (folder / "portraits_00007.png").write_bytes(b"mine")
    (folder / "portraits_x.png").write_bytes(b"mine")
    second = picture.save_numbered_png(folder, "portraits", PIXELS)
    assert [first.name, second.name] == ["portraits_00000.png", "portraits_00008.png"]
    assert (folder / "portraits_00007.png").read_bytes() == b"mine"


def test_a_name_taken_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_next_number", lambda _folder, _stem: 3)
    (tmp_path / "a_00003.png").write_bytes(b"mine")
    assert picture.save_numbered_png(tmp_path, "a", PIXELS).name == "a_00004.png"
    assert (tmp_path / "a_00003.png").read_bytes() == b"mine"


def test_a_failed_write_leaves_the_old_picture_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(*_args: object, **_kwargs: object) -> None:
        Path(str(_args[1])).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        picture.save_png(path, PIXELS)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _with_text(path: Path, text: str, compress: bool = False) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Latent Loupe state", text, zip=compress)
    Image.new("L", (2, 2)).save(path, pnginfo=info)


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(StateError, match=r"a\.png cannot be opened: No such file"):
        picture.read_metadata(path)
    path.write_bytes(b"not a picture")
    with pytest.raises(StateError, match=r"a\.png cannot be opened"):
        picture.read_metadata(path)
    _with_text(path, "{}")
    with pytest.raises(StateError, match="schema"):
        picture.read_metadata(path)
    _with_text(path, "x" * (2 << 20), compress=True)
    with pytest.raises(StateError, match=r"a\.png"):
        picture.read_metadata(path)


def test_damaged_pictures_are_refused_or_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture.save_png(path, PIXELS, metadata())
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(whole[: generator.integers(len(whole))])
        if data and generator.random() < 0.5:
            data[generator.integers(len(data))] ^= 1 << generator.integers(8)
        path.write_bytes(data)
        with contextlib.suppress(StateError):  # and nothing else is raised
            picture.read_metadata(path)


def test_pictures_need_no_torch() -> None:
    code = f"import sys, renderer.picture; assert 'torch' not in sys.modules; {BUNDLED!r}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
