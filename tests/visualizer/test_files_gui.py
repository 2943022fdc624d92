"""Models, pictures and sessions in and out of a real window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui
from PIL import Image

from renderer.messages import BUNDLED, LoadModel
from visualizer import icons

pytestmark = pytest.mark.gui
ROOT = Path(__file__).resolve().parents[2]
MODEL = "//Controls/Model/"


@pytest.fixture
def pictures(robot: Any, tmp_path: Path) -> Path:
    """The capture folder of this test."""
    robot.app.settings.capture_folder = str(tmp_path / "pictures")
    return tmp_path / "pictures"


def load(robot: Any, path: Path) -> None:
    robot.open_model(path)
    robot.wait(lambda: robot.app.state.model == str(path), f"{path.name} to be loaded")
    robot.settle()


def in_ref(path: object) -> str:
    """A path as a part of the name of a control."""
    return str(path).replace("/", "\\/")


def drop(robot: Any, path: Path) -> None:
    """What the system tells the window when a file is dropped on it."""
    robot.window._take_drop(None, [str(path)])
    robot.frame()


def read_png(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def saved(robot: Any, folder: Path, num: int = 1) -> list[Path]:
    """The pictures in a folder, once there are so many."""

    def found() -> list[Path]:
        return sorted(folder.glob("*.png")) if folder.exists() else []

    robot.wait(lambda: len(found()) == num, f"{num} pictures in {folder}")
    return found()


# --- models --------------------------------------------------------------------------------


def test_two_models_are_loaded_and_going_back_needs_no_loading(robot: Any, golden: Path) -> None:
    first, second = golden / "stylegan3-t-64.pkl", golden / "stylegan2-64.pkl"
    load(robot, first)
    picture = robot.settle()
    robot.changed_by(lambda: load(robot, second))

    def choose(button: str, item: str) -> None:
        def click(ui: Any) -> None:
            ui.item_click(MODEL + button)
            ui.item_click("//$FOCUSED/" + in_ref(item))

        robot.do(click)

    choose("Loaded", f"{first.stem}##{first}")
    assert robot.app.models.loading is None
    assert np.array_equal(robot.settle(), picture)
    name = BUNDLED.removeprefix("bundled:")
    robot.changed_by(lambda: choose("Bundled", f"{name}##{BUNDLED}"))
    assert robot.app.state.model == BUNDLED


def test_models_in_memory_are_listed_dropped_and_held_to_a_budget(
    robot: Any, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{name}.pkl" for name in "abc"]
    pictures = {}
    for path, name in zip(paths, ("stylegan3-t-64", "stylegan2-64", "stylegan3-r-64"), strict=True):
        path.write_bytes((golden / f"{name}.pkl").read_bytes())
        load(robot, path)
        pictures[path] = robot.settle()
    models = robot.app.models

    def sources() -> set[str]:
        return {model.source for model in models.resident}

    def row(path: Path, item: str) -> str:
        return f"{MODEL}###memory/{in_ref(path)}/{item}"

    assert sources() >= {str(path) for path in paths}
    sizes = {m.source: m.num_bytes for m in models.resident}
    assert min(sizes[str(path)] for path in paths) > 10_000
    robot.do(lambda ui: ui.item_open(MODEL + "###memory"))
    loads = counted_loads(robot, monkeypatch)
    robot.changed_by(lambda: robot.click(row(paths[0], "###show")))
    assert np.array_equal(robot.settle(), pictures[paths[0]])
    assert loads == []  # switching back is instant
    robot.click(row(paths[1], f"{icons.CLOSE}##drop"))
    robot.wait(lambda: str(paths[1]) not in sources(), "the dropped model to be gone")
    assert str(paths[0]) in sources()
    robot.type_value(MODEL + "###memory/##budget", 0)  # clamped
    assert robot.app.settings.models_budget_gb == 0.25
    robot.app.settings.models_budget_gb = 1e-6
    robot.wait(lambda: sources() == {str(paths[0])}, "room to be made")
    robot.right_click(MODEL + "###memory/##budget")
    assert robot.app.settings.models_budget_gb == 4
    robot.changed_by(lambda: load(robot, paths[1]))
    assert [job.source for job in loads] == [str(paths[1])]
    assert np.array_equal(robot.settle(), pictures[paths[1]])
    robot.do(lambda ui: ui.item_close(MODEL + "###memory"))


def counted_loads(robot: Any, monkeypatch: pytest.MonkeyPatch) -> list[LoadModel]:
    """The load jobs that the window starts from now on."""
    start_job, found = robot.app.renderer.start_job, []

    def count(job: Any) -> int:
        if isinstance(job, LoadModel):
            found.append(job)
        return int(start_job(job))

    monkeypatch.setattr(robot.app.renderer, "start_job", count)
    return found


def test_a_file_written_anew_is_read_again_on_request(
    robot: Any, golden: Path, tmp_path: Path
) -> None:
    path = tmp_path / "snapshot.pkl"
    path.write_bytes((golden / "stylegan3-t-64.pkl").read_bytes())
    load(robot, path)
    robot.settle()
    path.write_bytes((golden / "stylegan3-r-64.pkl").read_bytes())

    def reload() -> None:
        stamp = robot.app.shown.result.stamp
        robot.press(imgui.Key.mod_ctrl | imgui.Key.r)
        robot.wait(lambda: robot.app.shown.result.stamp > stamp, "the new picture")

    robot.changed_by(reload)
    assert robot.app.models.failure is None
    assert robot.app.shown.model.sha256 == robot.app.models.infos[str(path)].sha256


def test_a_dropped_checkpoint_is_opened(robot: Any, golden: Path) -> None:
    path = golden / "stylegan3-r-64.pkl"
    robot.changed_by(
        lambda: (
            drop(robot, path),
            robot.wait(lambda: robot.app.state.model == str(path), "the model"),
        )
    )
    assert robot.app.settings.recent[0] == str(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("script.pkl", b"cos\nsystem\n(S'touch executed'\ntR."),
        ("text.pkl", b"this is no checkpoint"),
        ("empty.safetensors", b""),
    ],
)
def test_a_hostile_file_is_refused_and_the_window_goes_on(
    robot: Any, tmp_path: Path, name: str, data: bytes
) -> None:
    picture = robot.settle()
    (tmp_path / name).write_bytes(data)
    drop(robot, tmp_path / name)
    robot.wait(lambda: robot.app.models.failure is not None, "the refusal")
    error = robot.app.models.failure.error
    assert name in error.message
    assert "\n" not in error.message
    robot.frame()
    assert [notice.text for notice in robot.app.notices.visible] == [error.message]
    assert robot.app.notices.line() == ("", 0.0), "twice is enough: here and in the panel"
    dismiss = f"{MODEL}{in_ref(tmp_path / name)}/Dismiss"
    robot.do(lambda ui: ui.mouse_move(dismiss))  # it is shown, with its buttons
    assert np.array_equal(robot.settle(), picture)
    robot.changed_by(lambda: robot.drag_picture(60, 0))
    robot.click(dismiss)
    assert robot.app.models.failure is None


def test_each_of_several_failures_has_its_own_retry(
    robot: Any, golden: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pkl", tmp_path / "second.pkl"
    for path in (first, second):
        path.write_bytes(b"this is no checkpoint")
        drop(robot, path)
        robot.wait(lambda p=path: str(p) in robot.app.models.failures, "the refusal")
    robot.frame()
    first.write_bytes((golden / "stylegan3-t-64.pkl").read_bytes())
    robot.click(f"//##notice-model {in_ref(first)}/Retry")
    robot.wait(lambda: robot.app.state.model == str(first), "the first one")
    robot.settle()
    assert list(robot.app.models.failures) == [str(second)]
    second.write_bytes((golden / "stylegan3-r-64.pkl").read_bytes())
    robot.click(f"{MODEL}{in_ref(second)}/Retry")
    robot.wait(lambda: robot.app.state.model == str(second), "the second one")
    robot.settle()
    assert robot.app.models.failures == {}
    assert robot.app.notices.visible == []


def test_a_folder_opens_its_newest_snapshot(robot: Any, golden: Path, tmp_path: Path) -> None:
    for number, name in ((200, "stylegan3-t-64"), (1000, "stylegan3-r-64")):
        path = tmp_path / f"network-snapshot-{number:06d}.pkl"
        path.write_bytes((golden / f"{name}.pkl").read_bytes())
    newest = str(tmp_path / "network-snapshot-001000.pkl")
    robot.changed_by(
        lambda: (
            robot.open_model(tmp_path),
            robot.wait(lambda: robot.app.state.model == newest, "the newest snapshot"),
        )
    )
    assert robot.app.shown.model.sha256 == robot.app.models.infos[newest].sha256
    path = tmp_path / "network-snapshot-001200.pkl"  # training goes on
    path.write_bytes((golden / "stylegan3-t-64.pkl").read_bytes())
    drop(robot, tmp_path)
    robot.wait(lambda: robot.app.state.model == str(path), "the snapshot that was written since")
    robot.settle()


def test_a_wrong_path_is_named(robot: Any, tmp_path: Path) -> None:
    robot.open_model(tmp_path / "missing.pkl")
    robot.wait(lambda: robot.app.models.failure is not None, "the refusal")
    assert "missing.pkl" in robot.app.models.failure.error.message
    robot.open_model(tmp_path)  # a folder without snapshots
    robot.wait(lambda: robot.app.models.loading is None, "the refusal")
    assert tmp_path.name in robot.app.models.failure.error.message
    robot.open_model("file:///network.pkl")
    robot.wait(lambda: robot.app.models.loading is None, "the refusal")
    assert "only http:// and https://" in robot.app.models.failure.error.message
    assert robot.app.state == robot.first_state


# --- pictures ------------------------------------------------------------------------------


def test_an_exported_picture_is_the_one_of_loupe_images(
    robot: Any, golden: Path, pictures: Path, tmp_path: Path
) -> None:
    load(robot, golden / "stylegan3-r-64.pkl")
    robot.type_value("//Controls/Latent/##x", 3.25)
    robot.type_value("//Controls/Truncation & noise/##psi", 0.8)
    robot.type_value("//Controls/Transform/##angle", 20)
    shown = robot.settle()
    robot.open_panel("Capture")
    robot.click(f"//Controls/Capture/{icons.CAMERA} Save picture")
    (path,) = saved(robot, pictures)
    assert np.array_equal(read_png(path), shown)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "visualizer", "images", "--state", str(path)]
    done = subprocess.run(
        [*command, "--outdir", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert np.array_equal(read_png(out / path.name), shown)


def test_the_window_is_saved_as_it_is_seen(robot: Any, pictures: Path) -> None:
    robot.open_panel("Capture")
    robot.click(f"//Controls/Capture/{icons.WINDOW} Save window")
    (path,) = saved(robot, pictures)
    assert read_png(path).shape == robot.screenshot().shape


def test_a_folder_that_cannot_be_written_is_named(robot: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    robot.app.settings.capture_folder = str(tmp_path / "file" / "folder")
    robot.press(imgui.Key.mod_ctrl | imgui.Key.s)
    robot.wait(lambda: robot.app.notices.visible, "the message")
    assert str(tmp_path / "file") in robot.app.notices.last_text


# --- coming back ---------------------------------------------------------------------------


def test_a_dropped_picture_brings_its_state_and_its_model(
    robot: Any, golden: Path, pictures: Path
) -> None:
    model = golden / "stylegan2-64.pkl"
    load(robot, model)
    robot.type_value("//Controls/Latent/##seed", 12)
    shown, state = robot.settle(), robot.app.state
    robot.press(imgui.Key.mod_ctrl | imgui.Key.s)
    (path,) = saved(robot, pictures)
    robot.reset()
    drop(robot, path)
    assert np.array_equal(robot.settle(), shown)
    assert robot.app.state == state


def test_a_picture_typed_as_a_model_brings_its_state(robot: Any, pictures: Path) -> None:
    robot.type_value("//Controls/Latent/##seed", 14)
    shown, state = robot.settle(), robot.app.state
    robot.press(imgui.Key.mod_ctrl | imgui.Key.s)
    (path,) = saved(robot, pictures)
    robot.reset()
    robot.open_model(path)
    assert np.array_equal(robot.settle(), shown)
    assert robot.app.state == state
    assert robot.app.models.failures == {}


def test_a_saved_session_comes_back(robot: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    robot.drag_picture(70, 40)
    shown, state = robot.settle(), robot.app.state
    robot.window.actions.save_session(str(path))
    robot.reset()
    assert robot.app.state == robot.first_state
    drop(robot, path)
    assert np.array_equal(robot.settle(), shown)
    assert robot.app.state == state


def test_a_broken_session_changes_nothing(robot: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"schema": 1, "colour": "red"}')
    drop(robot, path)
    assert "colour" in robot.app.notices.last_text
    assert robot.app.state == robot.first_state


def test_an_open_capture_panel_asks_once_where_pictures_go(
    robot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("visualizer.settings.pictures_folder", lambda: asked.append(1) or tmp_path)
    robot.open_panel("Capture")
    for _ in range(10):
        robot.frame()
    assert len(asked) == 1
    robot.type_value("//Controls/Capture/##folder", str(tmp_path / "own"))
    assert robot.app.settings.capture_path == tmp_path / "own"
    robot.type_value("//Controls/Capture/##folder", "")
    assert robot.app.settings.capture_path == tmp_path
