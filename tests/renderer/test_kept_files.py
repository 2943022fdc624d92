"""How much of what was downloaded is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import networks
from renderer import download as download_module
from renderer import kept_files
from renderer.download import cached_path, fetch
from renderer.kept_files import limit_bytes, make_room, mark_used

SIZE = 1000


def quiet(_fraction: float, _text: str) -> None:
    pass


def download(root: Path, number: int, use_sec: float) -> Path:
    """As if something had been downloaded, and used then."""
    folder = root / f"{number:016x}"
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(bytes(SIZE))
    (folder / ".about.json").touch()
    (folder / ".lock").touch()
    for file in folder.iterdir():
        os.utime(file, (use_sec, use_sec))
    return folder


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Of four downloads, of which at most two may stay; the first was used longest ago."""
    monkeypatch.setattr(kept_files, "limit_bytes", lambda: 2 * SIZE)
    return [download(tmp_path / "models", number, 1e9 + number) for number in range(4)]


def those_there(folders: list[Path]) -> list[int]:
    return [number for number, folder in enumerate(folders) if folder.exists()]


def test_what_was_used_longest_ago_goes_first(folders: list[Path]) -> None:
    mark_used(folders[0])
    make_room(folders[0].parent, folders[3])
    assert those_there(folders) == [0, 3]


def test_what_is_to_come_needs_room_too(folders: list[Path]) -> None:
    make_room(folders[0].parent, folders[2], SIZE)
    assert those_there(folders) == [2]


def test_the_one_being_opened_stays_however_large(folders: list[Path]) -> None:
    (folders[0] / "model.pkl").write_bytes(bytes(9 * SIZE))
    os.utime(folders[0] / "model.pkl", (1e9, 1e9))
    make_room(folders[0].parent, folders[0])
    assert those_there(folders) == [0]


def test_what_another_window_fetches_stays(folders: list[Path]) -> None:
    with (folders[0] / ".lock").open("ab") as file:
        kept_files.lock(file)
        make_room(folders[0].parent, folders[3])
    assert those_there(folders) == [0, 3]


def test_nothing_else_in_the_folder_is_touched(folders: list[Path]) -> None:
    root = folders[0].parent
    (root / "notes.txt").write_bytes(bytes(5 * SIZE))
    (root / "mine").mkdir()
    (folders[0] / "mine").mkdir()
    make_room(root, folders[3])
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith("0")) == [
        "mine",
        "notes.txt",
    ]
    assert [path.name for path in folders[0].iterdir()] == ["mine"]
    assert those_there(folders) == [0, 2, 3]


@pytest.mark.parametrize(("text", "num_bytes"), [("", 20 << 30), ("1.5", 3 << 29), (" 0 ", 0)])
def test_the_limit_can_be_set(text: str, num_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_CACHE_LIMIT", text)
    assert limit_bytes() == num_bytes


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_another_limit_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOUPE_CACHE_LIMIT", text)
    with pytest.raises(networks.CheckpointError, match=rf"'{text}'; set it to a number of GB"):
        limit_bytes()


def test_downloads_hold_the_limit(file_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [file_server.address(f"{name}.pkl") for name in "abc"]
    for name in "abc":
        file_server.files[f"{name}.pkl"] = name.encode() * 200_000
    monkeypatch.setenv("LOUPE_CACHE_LIMIT", str(500_000 / 2**30))
    for number, address in enumerate(addresses[:2]):
        about = fetch(address, quiet).with_name(".about.json")
        os.utime(about, (2e9 + number, 2e9 + number))
        os.utime(about.with_name(f"{'abc'[number]}.pkl"), (1e9, 1e9))
    fetch(addresses[0], quiet)  # used again: now
    os.utime(cached_path(addresses[1]).with_name(".about.json"), (1e9, 1e9))
    fetch(addresses[2], quiet)
    assert [cached_path(address).exists() for address in addresses] == [True, False, True]


def test_a_folder_removed_just_before_its_lock_is_taken_is_made_again(
    file_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_server.files["a.pkl"] = b"a" * SIZE
    address = file_server.address("a.pkl")
    lock, root = kept_files.lock, cached_path(address).parent.parent

    def removed_first(file: Any) -> None:
        monkeypatch.setattr(download_module, "lock", lock)
        monkeypatch.setattr(kept_files, "limit_bytes", lambda: -1)
        make_room(root, root)
        monkeypatch.setattr(kept_files, "limit_bytes", lambda: 20 << 30)
        lock(file)

    monkeypatch.setattr(download_module, "lock", removed_first)
    assert fetch(address, quiet).read_bytes() == b"a" * SIZE
    assert cached_path(address).with_name(".lock").exists()


def test_what_is_being_removed_is_locked_to_its_end(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, locked = os.unlink, []

    def look_and_unlink(path: str) -> None:
        with (folders[0] / ".lock").open("ab") as file, pytest.raises(OSError):
            kept_files.lock(file)
        locked.append(Path(path).name)
        unlink(path)

    monkeypatch.setattr(os, "unlink", look_and_unlink)
    monkeypatch.setattr(kept_files, "limit_bytes", lambda: 3 * SIZE)
    make_room(folders[0].parent, folders[3])
    assert (sorted(locked), locked[-1]) == ([".about.json", ".lock", "model.pkl"], ".lock")
    assert those_there(folders) == [1, 2, 3]
