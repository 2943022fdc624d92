"""Where things are: the docked columns, the window's size, files of the layout."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import hello_imgui, imgui

from visualizer.files import settings_folder, why_not_writable
from visualizer.settings import Settings

IDLE_FPS = 1.0
ACTIVE_SEC = 0.8  # after the last input: longer than the delay of a tooltip
WIDTHS = {"Controls": 300.0, "Analysis": 270.0}  # of the columns, of 1280
COLUMNS = tuple(WIDTHS)
MAX_COLUMN = 0.34  # of the window's width


def runner_params() -> hello_imgui.RunnerParams:
    """Parameters of the runner, without callbacks and docked windows."""
    params = hello_imgui.RunnerParams()
    params.app_window_params.window_title = "Latent Loupe"
    params.app_window_params.window_geometry.size = (1280, 720)
    params.app_window_params.restore_previous_geometry = True
    params.ini_disable = bool(why_not_writable(settings_folder()))
    params.ini_folder_type = hello_imgui.IniFolderType.absolute_path
    params.ini_filename = str(settings_folder() / "layout.ini")
    params.ini_filename_use_app_window_title = False
    # Dear ImGui smooths its own edges; multisampling would only cost time
    params.renderer_backend_options.open_gl_options.anti_aliasing_samples = 0
    windows = params.imgui_window_params
    windows.default_imgui_window_type = (
        hello_imgui.DefaultImGuiWindowType.provide_full_screen_dock_space
    )
    windows.show_menu_bar = True
    windows.show_menu_app = False
    windows.show_menu_view = False
    windows.remember_theme = False
    params.fps_idling.fps_idle = IDLE_FPS
    params.fps_idling.time_active_after_last_event = ACTIVE_SEC
    return params


def setup_config() -> None:
    """Dear ImGui's switches."""
    io = imgui.get_io()
    io.config_flags |= imgui.ConfigFlags_.docking_enable.value
    io.config_input_text_cursor_blink = False  # a blinking cursor would keep the window busy
    io.config_windows_move_from_title_bar_only = True
    io.config_drag_click_to_input_text = True  # a click without a drag types the value


class Columns:
    """Keeps the width that each column was given, in the units of the interface.

    A column takes at most a third of the window, so that the picture keeps its place; it has its
    width again when the window is large enough.
    """

    def __init__(self) -> None:
        self._given: dict[str, float] = {}  # screen units, as set in the last frame

    def follow(self, settings: Settings, scale: float) -> None:
        """Take over what the mouse has dragged, then set the widths for this window and scale."""
        most = imgui.get_main_viewport().size.x * MAX_COLUMN
        for name in COLUMNS:
            window = imgui.internal.find_window_by_name(name)
            if window is None or not window.dock_id or not window.active:
                self._given.pop(name, None)
                continue
            width = window.size.x
            before = self._given.get(name, width)
            if abs(width - before) > 1 and imgui.is_mouse_down(imgui.MouseButton_.left.value):
                settings.columns = {**settings.columns, name: width / scale}
            wanted = round(min(settings.columns.get(name, WIDTHS[name]) * scale, most))
            if abs(wanted - width) > 1:
                size = imgui.ImVec2(max(1, wanted), max(1, window.size.y))  # of a tiny window
                imgui.internal.dock_builder_set_node_size(window.dock_id, size)
            self._given[name] = wanted


def docking(
    picture: Callable[[], None], left: Callable[[], None], right: Callable[[], None]
) -> hello_imgui.DockingParams:
    """Left: what the picture is. Centre: the picture. Right: how one looks at it."""
    params = hello_imgui.DockingParams()
    # no triangle in the corner of the picture, as a hidden one would have
    no_bar = imgui.internal.DockNodeFlagsPrivate_.no_tab_bar.value
    params.main_dock_space_node_flags = no_bar
    split = hello_imgui.DockingSplit
    left_share = WIDTHS["Controls"] / 1280
    right_share = WIDTHS["Analysis"] / (1280 - WIDTHS["Controls"])
    params.docking_splits = [
        split("MainDockSpace", "Left", imgui.Dir.left, left_share, no_bar),
        split("MainDockSpace", "Right", imgui.Dir.right, right_share, no_bar),
    ]
    params.dockable_windows = [
        hello_imgui.DockableWindow("Picture", "MainDockSpace", picture, True, False),
        hello_imgui.DockableWindow("Controls", "Left", left, True, False),
        hello_imgui.DockableWindow("Analysis", "Right", right, True, False),
    ]
    for window in params.dockable_windows:
        window.call_begin_end = False  # their grounds are the backdrop's
    return params
