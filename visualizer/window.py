"""The window: Hello ImGui's runner around the app, its columns, menus and status bar."""

from __future__ import annotations

import time

from imgui_bundle import hello_imgui, imgui, immapp

from visualizer import theme
from visualizer.app import App
from visualizer.files import settings_folder
from visualizer.panels import registry
from visualizer.viewport import Viewport

MIN_IDLE_FPS = 2.0


class Window:
    """Builds every frame of the window from the app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.viewport = Viewport(app)
        self.left = [panel(app.context) for panel in registry.LEFT]
        self.right = [panel(app.context) for panel in registry.RIGHT]
        self._cpu_sec = 0.0
        self.num_frames = 0

    def params(self) -> hello_imgui.RunnerParams:
        """The runner's parameters."""
        params = hello_imgui.RunnerParams()
        params.app_window_params.window_title = "Latent Loupe"
        params.app_window_params.window_geometry.size = (1280, 720)
        params.app_window_params.restore_previous_geometry = True
        params.ini_folder_type = hello_imgui.IniFolderType.absolute_path
        params.ini_filename = str(settings_folder() / "layout.ini")
        params.ini_filename_use_app_window_title = False
        gl = params.renderer_backend_options.open_gl_options
        gl.anti_aliasing_samples = 0  # Dear ImGui smooths its own edges
        windows = params.imgui_window_params
        windows.default_imgui_window_type = (
            hello_imgui.DefaultImGuiWindowType.provide_full_screen_dock_space
        )
        windows.show_menu_bar = True
        windows.show_menu_app = False
        windows.show_menu_view = False
        windows.remember_theme = False
        params.fps_idling.fps_idle = MIN_IDLE_FPS
        params.fps_idling.time_active_after_last_event = 0.3
        self._set_callbacks(params.callbacks)
        params.docking_params = self._docking()
        return params

    def _set_callbacks(self, callbacks: hello_imgui.RunnerCallbacks) -> None:
        callbacks.load_additional_fonts = theme.load_fonts
        callbacks.setup_imgui_style = theme.apply_style
        callbacks.pre_new_frame = self._begin_frame
        callbacks.before_imgui_render = self._end_frame
        callbacks.before_swap = self._before_swap
        callbacks.after_swap = self.app.frame_on_screen

    def _docking(self) -> hello_imgui.DockingParams:
        docking = hello_imgui.DockingParams()
        no_bar = (
            imgui.internal.DockNodeFlagsPrivate_.no_tab_bar.value
            | imgui.internal.DockNodeFlagsPrivate_.no_window_menu_button.value
        )
        docking.main_dock_space_node_flags = no_bar
        split = hello_imgui.DockingSplit
        docking.docking_splits = [
            split("MainDockSpace", "Left", imgui.Dir.left, 0.25, no_bar),
            split("MainDockSpace", "Right", imgui.Dir.right, 0.27, no_bar),
        ]
        docking.dockable_windows = [
            hello_imgui.DockableWindow("Picture", "MainDockSpace", self._build_viewport),
            hello_imgui.DockableWindow("Controls", "Left", self._build_left),
            hello_imgui.DockableWindow("Analysis", "Right", self._build_right),
        ]
        return docking

    def _begin_frame(self) -> None:
        self._cpu_sec = time.thread_time()
        self.app.begin_frame()

    def _build_viewport(self) -> None:
        self.app.state = self.viewport.build_ui(self.app.state)

    def _build_left(self) -> None:
        self._build_panels(self.left)

    def _build_right(self) -> None:
        self._build_panels(self.right)

    def _build_panels(self, panels: list[registry.Panel]) -> None:
        for panel in panels:
            if imgui.collapsing_header(panel.title, imgui.TreeNodeFlags_.default_open.value):
                imgui.push_id(panel.title)
                self.app.state = panel.build_ui(self.app.state, self.app.shown)
                imgui.pop_id()

    def _end_frame(self) -> None:
        gesture_open = imgui.is_any_item_active() or imgui.is_any_mouse_down()
        self.app.end_frame(gesture_open)

    def _before_swap(self) -> None:
        self.num_frames += 1
        self.app.timings.gui_ms.append((time.thread_time() - self._cpu_sec) * 1e3)


def run(app: App) -> None:
    """Open the window; returns when it is closed."""
    window = Window(app)
    immapp.run(window.params(), immapp.AddOnsParams(with_implot=True))
