"""No text of the panels is cut off or outside its window, at every size that is promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import glfw
import pytest
from imgui_bundle import glfw_utils, imgui

from renderer.messages import ErrorInfo
from renderer.state import LabelState
from tests.visualizer.fitting import COLUMNS, Complaints, watching
from visualizer import comparison
from visualizer.panels import registry

pytestmark = pytest.mark.gui
LOOKS = (  # size of the window in pixels, scale of the monitor, of the settings, theme
    (1280, 720, 1.0, 1.0, "Dark"),
    (1280, 720, 2.0, 1.0, "Light"),
    (1280, 720, 1.0, 2.0, "Light"),
    (1280, 720, 1.0, 0.75, "Dark"),
    (2560, 1440, 2.0, 1.0, "Light"),
)
FOLDS = (("Layers", "Histogram"), ("Model", "###memory"))  # inside the panels
State = Callable[[Any, Path], None]
Look = tuple[int, int, float, float, str]


@pytest.fixture
def panels(robot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The robot with every panel open; afterwards its window is as before."""
    set_open(registry.SHUT, True)
    yield robot
    monkeypatch.undo()
    robot.window.look.ask_monitor()
    robot.app.settings.scale, robot.app.settings.theme = 1.0, "Dark"
    resize(robot, 1280, 720)
    set_open(registry.SHUT, False)


def set_open(titles: Sequence[str], wanted: bool) -> None:
    for window in (imgui.internal.find_window_by_name(name) for name in COLUMNS):
        for title in titles:
            window.state_storage.set_int(window.get_id(title), int(wanted))
        for panel, fold in FOLDS:
            ref = imgui.internal.im_hash_str(fold, 0, window.get_id(panel))
            window.state_storage.set_int(ref, int(wanted))


def resize(robot: Any, width: int, height: int) -> None:
    glfw.set_window_size(glfw_utils.glfw_window_hello_imgui(), width, height)
    robot.wait(lambda: imgui.get_main_viewport().size.x == width, "the window's size")
    for _ in range(4):
        robot.frame()


def set_look(robot: Any, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    width, height, monitor, scale, theme = look
    monkeypatch.setattr(glfw, "get_window_content_scale", lambda _, m=monitor: (m, m))
    robot.window.look.ask_monitor()
    robot.app.settings.scale, robot.app.settings.theme = scale, theme
    resize(robot, width, height)


def show_layer(robot: Any, golden: Path) -> None:
    """A layer with many channels, a pixel pinned, a histogram, the largest numbers."""
    latent = replace(robot.app.state.latent, x=4294967295.0, y=-123456.75)
    mix = replace(robot.app.state.mix, seed=4294967295, rows=(0, 10, 15))
    transform = replace(robot.app.state.transform, x=-9.999, y=-9.999, angle_turns=-0.9999)
    robot.app.state = replace(robot.app.state, latent=latent, mix=mix, transform=transform)
    layer = replace(robot.app.state.layer, name="L9_148_64", base_channel=40, mark_outside=True)
    robot.app.state = replace(robot.app.state, layer=layer)
    robot.app.context.pointer.pinned = (100, 100)


def compare(robot: Any, golden: Path) -> None:
    robot.app.change(comparison.pin(robot.app.state, "Difference"))
    robot.app.change(replace(robot.app.state, latent=replace(robot.app.state.latent, x=2.5)))


def show_classes(robot: Any, golden: Path) -> None:
    path = str(golden / "stylegan2-cond-32.pkl")
    robot.app.models.open(path)
    robot.wait(lambda: robot.app.state.model == path, "the conditional model")
    robot.app.state = replace(robot.app.state, label=LabelState(1, 3, 0.5))


def fail(robot: Any, golden: Path) -> None:
    robot.app.models.open("/nowhere/a-model-with-a-long-name-that-cannot-fit.pkl")
    robot.wait(lambda: robot.app.models.failure is not None, "the failure")


def look_everywhere(robot: Any) -> Complaints:
    """Scroll both columns through: tables and plots out of sight draw nothing."""
    found: Complaints = {}
    for page in range(12):
        ends = [scroll(title, page) for title in COLUMNS]
        for _ in range(3):  # a table finds its widths
            robot.frame()
        with watching() as complaints:
            robot.frame()
        found |= complaints
        if all(ends):
            break
    return found


def scroll(title: str, page: int) -> bool:
    """Go to a page; whether it is the last."""
    window = imgui.internal.find_window_by_name(title)
    place = page * window.size.y * 0.8
    imgui.internal.set_scroll_y(window, place)
    return bool(place >= window.scroll_max.y)


@pytest.mark.parametrize("state", [show_layer, compare, show_classes, fail])
def test_no_text_is_cut_off(
    panels: Any, golden: Path, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    state(panels, golden)
    panels.settle()
    found: list[str] = []
    for look in LOOKS:
        set_look(panels, look, monkeypatch)
        complaints = look_everywhere(panels)
        found += [f"{look} {text}: {wrong}" for text, wrong in complaints.items()]
    assert not found, "\n".join(found)


# --- over and around the panels --------------------------------------------------------------

MENUS = ("File", "Edit", "View", "View/Theme", "View/Surround of the picture",
         "View/Size of the interface", "Model", "Help")  # fmt: skip


def frames(robot: Any, count: int = 4) -> None:
    for _ in range(count):  # a box finds its size
        robot.frame()


def look_at_menus(robot: Any, found: Complaints) -> None:
    for menu in MENUS:

        def body(ui: Any, ref: str = f"//##MainMenuBar/{menu}") -> None:
            ui.menu_click(ref)
            ui.yield_(3)

        with watching(everywhere=True) as complaints:
            robot.do(body)
        found |= {f"{menu}: {text}": wrong for text, wrong in complaints.items()}
        robot.press(imgui.Key.escape)


def look_at_lists(robot: Any, found: Complaints) -> None:
    """What the buttons of the Model panel open."""
    robot.do(lambda ui: ui.scroll_to_top("//Controls"))
    for name in ("Loaded", "Recent", "Bundled"):
        with watching(everywhere=True) as complaints:
            robot.click(f"//Controls/Model/{name}")
            frames(robot)
        found |= {f"{name}: {text}": wrong for text, wrong in complaints.items()}
        robot.press(imgui.Key.escape)


def look_at_boxes(robot: Any, found: Complaints, golden: Path) -> None:
    window = robot.window

    def show_keys() -> None:
        window.menus.show_help = True

    def ask() -> None:
        window.actions.prompt.ask("Choose a folder for pictures", f"{golden}/", (".pkl",), str)

    def open_sheet() -> None:
        sheet = window.viewport.sheet
        sheet.is_open = True
        robot.wait(lambda: sheet.data is not None, "the sheet")

    def fail() -> None:
        error = ErrorInfo("The file 'network-snapshot-002000.pkl' ends too early.", "line 1")
        robot.app.notices.error("broken", error, robot.app.undo)

    for show in (window.keys.palette.open, show_keys, ask, open_sheet, fail):
        show()
        frames(robot)
        with watching(everywhere=True) as complaints:
            frames(robot)
        found |= {f"{show.__name__}: {text}": wrong for text, wrong in complaints.items()}
        robot.press(imgui.Key.escape)
        window.menus.show_help = window.viewport.sheet.is_open = False
        robot.app.notices.dismiss("broken")
        frames(robot)


def test_no_text_over_or_around_the_panels_is_cut_off(
    panels: Any, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = panels.app.state
    for x in (1.0, 2.0):  # steps to undo
        panels.app.change(replace(state, latent=replace(state.latent, x=x)))
    panels.app.settings.recent = [f"/nowhere/{'a-long-name-' * 3}{n}.pkl" for n in range(16)]
    panels.settle()
    found: list[str] = []
    for look in LOOKS[:2]:
        set_look(panels, look, monkeypatch)
        complaints: Complaints = {}
        look_at_menus(panels, complaints)
        look_at_lists(panels, complaints)
        look_at_boxes(panels, complaints, golden)
        found += [f"{look} {text}: {wrong}" for text, wrong in complaints.items()]
    assert not found, "\n".join(found)
