"""Pictures of every panel, to look at: `python -m tests.visualizer.panel_pictures OUT [NAME …]`.

At two sizes of the screen, two scales of the monitor and in both themes; each in a process of its
own, because a window asks for the scale of its monitor once. A NAME, such as `1280-x2-light`,
keeps to those looks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imgui_bundle import imgui
from PIL import Image

from renderer.messages import BUNDLED, ErrorInfo
from renderer.state import LabelState, StyleMixState, ViewState
from tests.visualizer.robot import Robot
from tests.visualizer.virtual_display import virtual_display
from visualizer import comparison
from visualizer.camera import Camera
from visualizer.panels import registry
from visualizer.settings import Settings
from visualizer.window import read_window

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
PARTS = {"Controls": registry.LEFT, "Analysis": registry.RIGHT}


@dataclass(frozen=True)
class Look:
    """How the window is seen."""

    width: int  # of the screen, in pixels
    height: int
    monitor: int  # scale
    theme: str
    scale: float = 1.0  # of the settings

    @property
    def name(self) -> str:
        own = f"-{self.scale:g}" if self.scale != 1 else ""
        return f"{self.width}-x{self.monitor}{own}-{self.theme.lower()}"


LOOKS = (
    *(
        Look(*size, monitor, theme)
        for size in ((1280, 720), (2560, 1440))
        for monitor in (1, 2)
        for theme in ("Dark", "Light")
    ),
    Look(1280, 720, 1, "Light", 2.0),
    Look(1280, 720, 1, "Dark", 0.75),
)


class Photographer:
    """Brings the window into many states and saves a picture of each."""

    def __init__(self, look: Look, folder: Path) -> None:
        self.look, self.folder = look, folder
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(fps_limit=1000, vsync=False, theme=look.theme, scale=look.scale)
        # Hello ImGui multiplies the size by the monitor's scale
        size = look.width // look.monitor, look.height // look.monitor
        self.robot = Robot(ViewState(model=BUNDLED), size=size, settings=settings)
        self.robot.settle()

    def take_all(self) -> None:
        for take in (
            self.take_panels,
            self.take_conditional,
            self.take_sheet,
            self.take_compare,
            self.take_values,
            self.take_boxes,
            self.take_notices,
            self.take_presentation,
        ):
            self.robot.reset()
            self.robot.app.settings.scale = self.look.scale
            self.open_panels()
            take()
        self.robot.close()

    def open_panels(self) -> None:
        for window, panels in PARTS.items():
            for panel in panels:
                ref = f"//{window}/{panel.title}"
                self.robot.do(lambda ui, w=window: ui.scroll_to_top(f"//{w}"))
                self.robot.do(lambda ui, r=ref: ui.item_open(r))
        self.robot.do(lambda ui: ui.scroll_to_top("//Analysis"))
        self.robot.do(lambda ui: ui.item_open("//Analysis/Layers/Histogram"))

    def change(self, **values: Any) -> None:
        app = self.robot.app
        app.change(replace(app.state, **values))
        self.robot.settle()

    def shoot(self, name: str) -> None:
        for _ in range(30):  # curves and channels arrive
            self.robot.frame()
        image = Image.fromarray(self.robot.screenshot())
        image.save(self.folder / f"{name}.png")

    def shoot_during(self, name: str, act: Callable[[Any], None]) -> None:
        """Taken while the mouse stays where `act` has put it."""
        callbacks, shots = self.robot.params.callbacks, []
        swap = callbacks.before_swap

        def body(ui: Any) -> None:
            act(ui)
            ui.yield_(60)  # longer than the delay of a tooltip
            callbacks.before_swap = lambda: (shots.append(read_window()), swap())
            ui.yield_(2)
            callbacks.before_swap = swap

        self.robot.do(body)
        Image.fromarray(shots[-1]).save(self.folder / f"{name}.png")

    def pages(self, name: str) -> None:
        """Both columns from top to bottom, a window's height at a time."""
        for number in range(20):
            ends = [self._scroll(window, number) for window in PARTS]
            for _ in range(3):
                self.robot.frame()
            self.shoot(f"{name}-{number}")
            if all(ends):
                break
        for window in PARTS:
            self.robot.do(lambda ui, w=window: ui.scroll_to_top(f"//{w}"))

    def _scroll(self, title: str, page: int) -> bool:
        """Whether this page is the last."""
        window = imgui.internal.find_window_by_name(title)
        place = page * (window.size.y - 40)
        imgui.internal.set_scroll_y(window, place)
        return bool(place >= window.scroll_max.y)

    # --- what is taken -------------------------------------------------------------------------

    def take_panels(self) -> None:
        """A layer in the middle; its spectrum with a pinned curve; a pinned pixel."""
        self.robot.drag_picture(30, 10)
        layers = self.robot.app.shown.layers
        layer = replace(self.robot.app.state.layer, name=layers[len(layers) // 2].name)
        self.change(layer=layer, mix=StyleMixState(rows=(0, 1, 4)))
        self._click_picture()
        self._show("Analysis", "Spectrum")
        self.robot.click("//Analysis/Spectrum/###pin")
        self.robot.click("//Analysis/Spectrum/###Diagonal")
        self.pages("panels")

    def take_conditional(self) -> None:
        path = str(GOLDEN / "stylegan2-cond-32.pkl")
        self.robot.app.models.open(path)
        self.robot.wait(lambda: self.robot.app.state.model == path, "the conditional model")
        self.change(label=LabelState(1, 3, 0.4))
        self.pages("conditional")

    def take_sheet(self) -> None:
        layers = self.robot.app.shown.layers
        self.change(layer=replace(self.robot.app.state.layer, name=layers[1].name))
        self.robot.window.viewport.toggle_sheet()
        self.robot.frame()
        sheet = self.robot.window.viewport.sheet
        self.robot.wait(lambda: sheet.data is not None, "the sheet")
        sheet.order = "Variance"
        self.shoot("sheet")
        self.robot.window.viewport.toggle_sheet()

    def take_compare(self) -> None:
        app = self.robot.app
        app.change(comparison.pin(app.state))
        self.change(latent=replace(app.state.latent, x=3.0))
        for mode in comparison.MODES:
            compared = replace(app.state.comparison, mode=mode)
            self.change(comparison=compared)
            self._show("Analysis", "Compare")
            self.shoot(f"compare-{mode.lower().replace(' ', '-')}")
        app.change(comparison.unpin(app.state))

    def take_values(self) -> None:
        """At a zoom that shows the raw values on the picture."""
        scale = self.look.scale * self.look.monitor
        self.robot.window.viewport.camera = Camera(zoom=60 * scale)
        self._click_picture()
        self._show("Analysis", "Pixel")
        for _ in range(60):
            self.robot.frame()
        self.shoot("values")
        self.robot.window.viewport.camera = Camera()

    def take_boxes(self) -> None:
        window = self.robot.window
        window.keys.palette.open()
        self.shoot("palette")
        self.robot.press(imgui.Key.escape)
        window.menus.show_help = True
        self.shoot("keys")
        window.menus.show_help = False
        window.actions.prompt.ask("Open a model", str(GOLDEN) + os.sep, (".pkl",), _nothing)
        self.shoot("prompt")
        self.robot.press(imgui.Key.escape)
        bar = "//##MainMenuBar"
        for menu in ("File", "Edit", "View", "Model"):
            self.shoot_during(
                f"menu-{menu.lower()}", lambda ui, m=menu: ui.menu_click(f"{bar}/{m}")
            )
            self.robot.press(imgui.Key.escape)
        theme = f"{bar}/View/Theme"
        self.shoot_during("menu-theme", lambda ui: ui.menu_click(theme))
        self.robot.press(imgui.Key.escape)
        self.robot.press(imgui.Key.escape)
        for name in ("Loaded", "Recent", "Bundled"):
            ref = f"//Controls/Model/{name}"
            self.shoot_during(f"popup-{name.lower()}", lambda ui, r=ref: ui.item_click(r))
            self.robot.press(imgui.Key.escape)
        for name, ref in (("tooltip", "Latent/##x"), ("tooltip-button", "Latent/##speed")):
            self.shoot_during(name, lambda ui, r=ref: ui.mouse_move(f"//Controls/{r}"))

    def take_notices(self) -> None:
        app = self.robot.app
        app.notices.say("saved", "Saved picture_00001.png in ~/Pictures/Latent Loupe")
        details = "\n".join(f"line {number} of what happened" for number in range(30))
        error = ErrorInfo("The file 'network-snapshot-002000.pkl' ends too early.", details)
        app.notices.error("broken", error, _nothing)
        app.models.open("/nowhere/a-model-with-a-long-name-that-does-not-fit.pkl")
        self.robot.wait(lambda: app.models.failure is not None, "the failure")
        self.shoot("notices")

    def take_presentation(self) -> None:
        show = self.robot.window.presentation
        show.toggle_panels()
        self.shoot("no-panels")
        show.toggle_panels()
        show.toggle_alone()
        self.shoot("alone")
        show.toggle_alone()
        self.shoot("back")

    # --- helpers -------------------------------------------------------------------------------

    def _show(self, window: str, panel: str) -> None:
        """Scroll to a panel."""
        self.robot.do(lambda ui: ui.scroll_to_top(f"//{window}"))
        self.robot.do(lambda ui: ui.scroll_to_item_y(f"//{window}/{panel}"))

    def _click_picture(self) -> None:
        x, y = self.robot.window.viewport.picture.center

        def body(ui: Any) -> None:
            ui.mouse_move_to_pos(imgui.ImVec2(x + 9, y + 9))
            ui.mouse_click()

        self.robot.do(body)


def _nothing(*_: object) -> None:
    pass


def main(arguments: list[str]) -> None:
    """Take the pictures of all looks, or of those named."""
    folder, names = Path(arguments[0]).resolve(), arguments[1:]
    if names[:1] == ["--here"]:
        look = next(look for look in LOOKS if look.name == names[1])
        Photographer(look, folder / look.name).take_all()
        return
    for look in LOOKS:
        if names and look.name not in names:
            continue
        size = f"{look.width}x{look.height}"
        with (
            tempfile.TemporaryDirectory() as settings,
            virtual_display(size, 96 * look.monitor) as display,
        ):
            variables = {**os.environ, "LOUPE_SETTINGS": settings, "DISPLAY": display}
            command = [sys.executable, "-m", "tests.visualizer.panel_pictures", str(folder)]
            done = subprocess.run([*command, "--here", look.name], check=False, env=variables)
            print(folder / look.name, "" if done.returncode == 0 else "failed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
