"""Where things are: the docked columns, the window's size, files of the layout."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import hello_imgui, imgui

from visualizer.files import settings_folder, why_not_writable

IDLE_FPS = 1.0
ACTIVE_SEC = 0.8  # after the last input: longer than the delay of a tooltip
COLUMNS = ("Controls", "Analysis")
MAX_COLUMN = 0.34  # of the window's width
LEFT_WIDTH = 300  # of 1280
RIGHT_WIDTH = 270


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


def scale_columns(before: float, after: float) -> bool:
    """Give both columns the width for another scale; False while they are not docked yet.

    A column takes at most a third of the window, so that the picture keeps its place.
    """
    most = imgui.get_main_viewport().size.x * MAX_COLUMN
    least = {"Controls": LEFT_WIDTH * after, "Analysis": RIGHT_WIDTH * after}
    windows = [imgui.internal.find_window_by_name(name) for name in COLUMNS]
    if not all(window is not None and window.dock_id for window in windows):
        return False
    for window in windows:
        wanted = max(window.size.x * after / before, least[window.name])
        size = imgui.ImVec2(min(wanted, most), window.size.y)
        imgui.internal.dock_builder_set_node_size(window.dock_id, size)
    return True


def docking(
    picture: Callable[[], None], left: Callable[[], None], right: Callable[[], None]
) -> hello_imgui.DockingParams:
    """Left: what the picture is. Centre: the picture. Right: how one looks at it."""
    params = hello_imgui.DockingParams()
    hidden_bar = imgui.DockNodeFlags_.auto_hide_tab_bar.value
    params.main_dock_space_node_flags = hidden_bar
    split = hello_imgui.DockingSplit
    params.docking_splits = [
        split("MainDockSpace", "Left", imgui.Dir.left, LEFT_WIDTH / 1280, hidden_bar),
        split(
            "MainDockSpace", "Right", imgui.Dir.right, RIGHT_WIDTH / (1280 - LEFT_WIDTH), hidden_bar
        ),
    ]
    center = hello_imgui.DockableWindow("Picture", "MainDockSpace", picture, True, False)
    center.call_begin_end = False  # it has no padding of its own
    params.dockable_windows = [
        center,
        hello_imgui.DockableWindow("Controls", "Left", left),
        hello_imgui.DockableWindow("Analysis", "Right", right),
    ]
    return params
