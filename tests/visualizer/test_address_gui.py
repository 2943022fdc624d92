"""Generators from a web server, through a real window: typed, canceled, restored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui

from renderer.messages import BUNDLED
from renderer.state import CompareState, ViewState
from visualizer import session

pytestmark = pytest.mark.gui


def test_a_typed_address_brings_the_picture_of_its_file(
    robot: Any, golden: Path, file_server: Any
) -> None:
    path = golden / "stylegan3-r-64.pkl"
    robot.changed_by(
        lambda: (
            robot.open_model(path),
            robot.wait(lambda: robot.app.state.model == str(path), "the file"),
        )
    )
    wanted = robot.settle()
    file_server.files["network.pkl"] = path.read_bytes()
    address = file_server.address("network.pkl")
    robot.open_model(address)
    robot.wait(lambda: robot.app.state.model == address, "the file behind the address")
    assert np.array_equal(robot.settle(), wanted)
    infos = robot.app.models.infos
    assert (infos[address].label, infos[address].sha256) == ("network", infos[str(path)].sha256)


def test_a_download_shows_how_far_it_is_and_goes_on_after_cancel(
    robot: Any, golden: Path, file_server: Any
) -> None:
    data = (golden / "stylegan3-t-64.pkl").read_bytes()
    file_server.files["other.pkl"] = data
    file_server.pause_after = 100 << 10
    address = file_server.address("other.pkl")
    robot.open_model(address)
    text = f"Downloading 100 of {len(data) / 1024:.0f} kB"
    robot.wait(lambda: robot.app.models.loading.text == text, text)
    robot.click("//Controls/Model/Cancel")
    assert robot.app.models.loading is None
    assert robot.app.state == robot.first_state
    file_server.pause_after = None
    robot.open_model(address)
    robot.wait(lambda: robot.app.state.model == address, "the rest of it")
    robot.settle()
    assert file_server.ranges == [None, f"bytes={100 << 10}-"]


def test_reloading_asks_the_server_for_a_newer_file(
    robot: Any, golden: Path, file_server: Any
) -> None:
    files = [(golden / f"stylegan3-{kind}-64.pkl").read_bytes() for kind in "rt"]
    file_server.files["training.pkl"] = files[0]
    address = file_server.address("training.pkl")
    robot.open_model(address)
    robot.wait(lambda: robot.app.state.model == address, "the file behind the address")
    first = robot.settle()
    robot.press(imgui.Key.mod_ctrl | imgui.Key.r)
    robot.wait(lambda: file_server.num_unchanged == 1, "the server's answer")
    assert np.array_equal(robot.settle(), first)
    file_server.files["training.pkl"] = files[1]
    sha256 = robot.app.models.infos[address].sha256
    robot.press(imgui.Key.mod_ctrl | imgui.Key.r)
    robot.wait(lambda: robot.app.models.infos[address].sha256 != sha256, "the newer file")
    assert not np.array_equal(robot.settle(), first)


def test_what_a_server_says_is_shown_and_retry_asks_again(
    robot: Any, golden: Path, file_server: Any
) -> None:
    address = file_server.address("late.pkl")
    robot.open_model(address)
    robot.wait(lambda: robot.app.models.failure is not None, "the refusal")
    assert "answered 404 Not Found" in robot.app.models.failure.error.message
    assert robot.app.state == robot.first_state
    file_server.files["late.pkl"] = (golden / "stylegan2-64.pkl").read_bytes()
    robot.app.models.retry(address)
    robot.wait(lambda: robot.app.state.model == address, "the file that is there now")
    robot.settle()
    assert robot.app.notices.visible == []


def test_a_session_that_names_an_address_comes_back(
    robot: Any, golden: Path, file_server: Any, tmp_path: Path
) -> None:
    file_server.files["kept.pkl"] = (golden / "stylegan3-r-64.pkl").read_bytes()
    address = file_server.address("kept.pkl")
    robot.open_model(address)
    robot.wait(lambda: robot.app.state.model == address, "the file behind the address")
    robot.type_value("//Controls/Latent/##x", 3.25)
    shown, state = robot.settle(), robot.app.state
    session.save_session(tmp_path / "mine.json", state)
    robot.app.models.open(BUNDLED)
    robot.wait(lambda: robot.app.state.model == BUNDLED, "another model")
    robot.app.models.drop(address)
    robot.wait(lambda: address not in robot.app.models.infos, "its memory to be free")
    robot.window._take_drop(None, [str(tmp_path / "mine.json")])
    robot.wait(lambda: robot.app.state == state, "the session")
    assert np.array_equal(robot.settle(), shown)
    assert file_server.ranges == [None]


def test_a_session_of_others_asks_before_it_fetches_anything(
    robot: Any, golden: Path, file_server: Any, tmp_path: Path
) -> None:
    file_server.files["theirs.pkl"] = (golden / "stylegan3-r-64.pkl").read_bytes()
    theirs = ViewState(model=file_server.address("theirs.pkl"))
    session.save_session(tmp_path / "theirs.json", theirs)
    robot.window._take_drop(None, [str(tmp_path / "theirs.json")])
    robot.wait(lambda: "never opened here" in robot.app.notices.last_text, "the question")
    robot.settle()
    assert robot.app.state == robot.first_state
    assert file_server.ranges == []
    robot.click("//##notice-open/Download")
    robot.wait(lambda: robot.app.state.model == theirs.model, "the file behind the address")
    robot.settle()

    pinned = replace(robot.first_state, comparison=CompareState(pinned=theirs))
    robot.app.settings.recent = []
    robot.app.models.open(BUNDLED)
    robot.wait(lambda: robot.app.state.model == BUNDLED, "another model")
    robot.app.models.drop(theirs.model)
    robot.wait(lambda: theirs.model not in robot.app.models.infos, "its memory to be free")
    session.save_session(tmp_path / "pinned.json", pinned)
    robot.window._take_drop(None, [str(tmp_path / "pinned.json")])
    robot.wait(lambda: "never opened here" in robot.app.notices.last_text, "the question")
    assert robot.app.state.comparison.pinned is None


def test_what_goes_wrong_after_the_question_is_said(robot: Any, tmp_path: Path) -> None:
    path = tmp_path / "theirs.json"
    session.save_session(path, ViewState(model="http://127.0.0.1:9/theirs.pkl"))
    robot.window._take_drop(None, [str(path)])
    robot.wait(lambda: "never opened here" in robot.app.notices.last_text, "the question")
    robot.settle()
    path.unlink()
    robot.click("//##notice-open/Download")
    assert ["theirs.json" in notice.text for notice in robot.app.notices.visible] == [True]
