"""The menu bar."""

from __future__ import annotations

from imgui_bundle import hello_imgui, imgui

from renderer.messages import BUNDLED_SOURCES
from visualizer import theme
from visualizer.actions import Actions
from visualizer.app import App
from visualizer.camera import Camera
from visualizer.layout import COLUMNS
from visualizer.models import short_name
from visualizer.viewport import Viewport

SCALES = (0.75, 1.0, 1.25, 1.5, 2.0)


class Menus:
    """Builds the menus; everything in them is also a panel, a key or a button."""

    def __init__(self, app: App, actions: Actions, viewport: Viewport) -> None:
        self._app = app
        self._actions = actions
        self._viewport = viewport
        self.show_help = False

    def build_ui(self) -> None:
        """Draw the menu bar's content."""
        for title, build in (
            ("File", self._build_file),
            ("Edit", self._build_edit),
            ("View", self._build_view),
            ("Model", self._build_model),
            ("Help", self._build_help),
        ):
            if imgui.begin_menu(title):
                build()
                imgui.end_menu()
        self._build_title()

    def _build_title(self) -> None:
        """What is shown, at the right end of the bar."""
        shown = self._app.shown
        if shown is None:
            return
        text = f"{shown.model.label} · {shown.model.img_resolution}²"
        width = imgui.calc_text_size(text).x
        place = imgui.get_window_width() - width - theme.px(16)
        if place >= imgui.get_cursor_pos_x():
            imgui.set_cursor_pos_x(place)
            imgui.text_colored(theme.TEXT_DIM, text)

    def _build_file(self) -> None:
        actions = self._actions
        _item("Open model…", "Ctrl+O", actions.ask_model)
        _item("Open session or picture…", "", actions.ask_session)
        _item("Save session…", "Ctrl+Shift+S", actions.ask_save_session)
        imgui.separator()
        _item("Save picture", "Ctrl+S", actions.save_picture)
        _item("Save window", "", actions.request_window_capture)
        _item("Copy as command", "Ctrl+Shift+C", actions.copy_command)
        imgui.separator()
        settings = self._app.settings
        settings.restore_session = imgui.menu_item(
            "Restore the session at start", "", settings.restore_session
        )[1]
        imgui.separator()
        if imgui.menu_item("Quit", "Ctrl+Q", False)[0]:
            hello_imgui.get_runner_params().app_shall_exit = True

    def _build_edit(self) -> None:
        history = self._app.history
        undo, redo = history.undo_labels(1), history.redo_labels(1)
        name = f"Undo {undo[0]}" if undo else "Undo"
        _item(f"{name}###undo", "Ctrl+Z", self._app.undo, bool(undo))
        name = f"Redo {redo[0]}" if redo else "Redo"
        _item(f"{name}###redo", "Ctrl+Shift+Z", self._app.redo, bool(redo))
        imgui.separator()
        if undo:
            imgui.menu_item("Go back to before", "", False, False)
        for idx, label in enumerate(history.undo_labels(12)):
            if imgui.menu_item(f"{label}##step{idx}", "", False)[0]:
                self._app.go(-idx - 1)

    def _build_view(self) -> None:
        if imgui.menu_item("Fit", "F", self._viewport.camera.zoom is None)[0]:
            self._viewport.camera = Camera()
        if imgui.menu_item("One to one", "1", self._viewport.camera.zoom == 1)[0]:
            self._viewport.camera = Camera(zoom=1.0)
        imgui.separator()
        settings = self._app.settings
        if imgui.begin_menu("Theme"):
            for name in theme.THEMES:
                if imgui.menu_item(name, "", settings.theme == name)[0]:
                    settings.theme = name
            imgui.end_menu()
        if imgui.begin_menu("Surround of the picture"):
            for name in theme.SURROUNDS:
                if imgui.menu_item(name, "", settings.surround == name)[0]:
                    settings.surround = name
            imgui.end_menu()
        if imgui.begin_menu("Size of the interface"):
            for scale in SCALES:
                if imgui.menu_item(f"{scale * 100:.0f} %", "", settings.scale == scale)[0]:
                    settings.scale = scale
            imgui.end_menu()
        imgui.separator()
        params = hello_imgui.get_runner_params()
        for window in params.docking_params.dockable_windows:
            if window.label in COLUMNS:
                window.is_visible = imgui.menu_item(window.label, "", window.is_visible)[1]
        if imgui.menu_item("Reset the layout", "", False)[0]:
            params.docking_params.layout_reset = True
            settings.columns = {}

    def _build_model(self) -> None:
        models, current = self._app.models, self._app.state.model
        _item("Open…", "Ctrl+O", self._actions.ask_model)
        _item("Reload", "Ctrl+R", self._app.reload_model)
        imgui.separator()
        own = dict.fromkeys([*models.infos, *self._app.settings.recent])
        for source in [*BUNDLED_SOURCES, *(s for s in own if s not in BUNDLED_SOURCES)]:
            if imgui.menu_item(f"{short_name(source)}##{source}", "", source == current)[0]:
                models.open(source)

    def _build_help(self) -> None:
        if imgui.menu_item("Mouse and keys", "F1", self.show_help)[0]:
            self.show_help = not self.show_help


def _item(name: str, keys: str, act: object, enabled: bool = True) -> None:
    if imgui.menu_item(name, keys, False, enabled)[0] and callable(act):
        act()
