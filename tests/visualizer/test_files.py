"""Settings, sessions and the files they are in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from renderer.state import LatentState, StateError, ViewState
from visualizer import session
from visualizer.files import describe_place, write_atomic
from visualizer.settings import Settings, load_settings, save_settings, settings_file


def test_a_place_is_named_from_the_home_folder_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    inside = Path("~") / "Pictures" / "Latent Loupe"
    picture = tmp_path / "Pictures" / "Latent Loupe" / "picture_00000.png"
    assert describe_place(picture) == f"picture_00000.png in {inside}"
    assert describe_place(tmp_path / "a.png") == "a.png in ~"
    elsewhere = tmp_path.parent / "b.png"
    assert describe_place(elsewhere) == f"b.png in {tmp_path.parent}"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_settings_come_back() -> None:
    settings = Settings(fps_limit=120, capture_folder="/x", scale=1.25)
    settings.add_recent("a.pkl")
    settings.add_recent("b.pkl")
    settings.add_recent("a.pkl")
    save_settings(settings)
    assert load_settings() == settings
    assert settings.recent == ["a.pkl", "b.pkl"]


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"fps_limit": "x", "recent": [1, "a"]}'])
def test_broken_settings_fall_back_to_defaults(text: str) -> None:
    settings_file().write_text(text)
    loaded = load_settings()
    assert loaded.fps_limit == 60
    assert loaded.recent in ([], ["a"])


def test_settings_are_kept_in_range() -> None:
    settings_file().write_text('{"fps_limit": 100000, "scale": 9}')
    assert (load_settings().fps_limit, load_settings().scale) == (1000, 2.0)


def test_a_session_comes_back_with_its_animations_stopped(tmp_path: Path) -> None:
    state = ViewState(latent=LatentState(x=1.5, animate=True))
    session.save_session(tmp_path / "s.json", state)
    assert session.load_session(tmp_path / "s.json") == ViewState(latent=LatentState(x=1.5))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[1]", b" " * (2 << 20)])
def test_what_is_no_session_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(data)
    with pytest.raises(StateError, match=r"odd\.json"):
        session.load_session(path)


def test_a_broken_last_session_is_no_obstacle(caplog: pytest.LogCaptureFixture) -> None:
    assert session.load_last_session() is None
    session.last_session_file().write_text("{")
    assert session.load_last_session() is None
    assert "not restored" in caplog.text


def test_dropped_files_are_told_apart() -> None:
    kinds = [session.kind_of(Path(name)) for name in ("a.JSON", "b.png", "c.pkl", "d.safetensors")]
    assert kinds == ["session", "picture", "checkpoint", "checkpoint"]
