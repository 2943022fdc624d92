"""The window: Hello ImGui's runner around the app, its columns, menus and status bar."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from imgui_bundle import glfw_utils, hello_imgui, imgui
from OpenGL import GL

from visualizer import kept_window, keys, layout, measure, overlay, theme
from visualizer.actions import Actions
from visualizer.animation import is_animated
from visualizer.app import App
from visualizer.backdrop import Backdrop
from visualizer.background import Background
from visualizer.camera import Rect
from visualizer.ending import Ending
from visualizer.look import Look
from visualizer.memory import keep_freed_memory
from visualizer.menus import Menus
from visualizer.pace import Pace
from visualizer.panels import registry
from visualizer.presentation import Presentation
from visualizer.status_bar import StatusBar
from visualizer.turns import Turns
from visualizer.viewport import Viewport
from visualizer.waker import Waker

_CURSOR_KEYS = (
    imgui.Key.left_arrow,
    imgui.Key.right_arrow,
    imgui.Key.up_arrow,
    imgui.Key.down_arrow,
)
_WINDOW_PADDING = imgui.StyleVar_.window_padding.value
_FRAME_PADDING = imgui.StyleVar_.frame_padding.value
_PICTURE_FLAGS = (
    imgui.WindowFlags_.no_scrollbar.value | imgui.WindowFlags_.no_scroll_with_mouse.value
)
_OPEN = imgui.TreeNodeFlags_.default_open.value


class Window:
    """Builds every frame of the window from the app."""

    def __init__(self, app: App, waker: Waker | None = None) -> None:
        keep_freed_memory()
        self.app = app
        self.waker = waker or Waker()
        self.ending = Ending(self.waker)
        self.backdrop = Backdrop()
        self.status_bar = StatusBar(app)
        self.viewport = Viewport(app, self.backdrop)
        self.background = Background(self.waker)
        self.actions = Actions(app, self.background)
        self.menus = Menus(app, self.actions, self.viewport)
        self.presentation = Presentation(
            self.viewport,
            lambda shown: self._show_bar(hello_imgui.get_runner_params().callbacks, shown),
        )
        self.keys = keys.Keys(app, self.actions, self.viewport, self.menus, self.presentation)
        self.left = [panel(app.context) for panel in registry.LEFT]
        self.right = [panel(app.context) for panel in registry.RIGHT]
        self.turns = Turns(lambda: time.thread_time() - self._cpu_sec)
        self._bar_is_next = False  # the line below is what Hello ImGui begins first in a frame
        self.pace = Pace(app, self.waker)
        self.num_frames = 0
        self.look = Look(self._after_look)
        self._cpu_sec = self._begin_sec = 0.0  # as the frame began
        self._heights: dict[str, float] = {}  # of the open panels
        self._dropped: list[str] = []
        app.context.open_path = self._dropped.append  # in the next frame: it may change the state

    def params(self) -> hello_imgui.RunnerParams:
        """The runner's parameters."""
        params = layout.runner_params()
        params.docking_params = layout.docking(
            picture=self._build_viewport,
            left=lambda: self._build_column("Controls", self.left),
            right=lambda: self._build_column("Analysis", self.right),
        )
        self._set_callbacks(params.callbacks)
        return params

    def _set_callbacks(self, callbacks: hello_imgui.RunnerCallbacks) -> None:
        callbacks.load_additional_fonts = theme.load_fonts
        callbacks.setup_imgui_config = layout.setup_config
        callbacks.setup_imgui_style = theme.apply_style
        callbacks.post_init = self._after_init
        callbacks.before_exit = self._before_exit
        callbacks.pre_new_frame = self._begin_frame
        callbacks.post_new_frame = self._after_new_frame
        callbacks.show_menus = self.menus.build_ui
        callbacks.post_render_dockable_windows = self._build_over_all
        callbacks.before_imgui_render = self._end_frame
        callbacks.before_swap = self._before_swap
        callbacks.after_swap = self._after_swap
        self._show_bar(callbacks, True)

    def _show_bar(self, callbacks: hello_imgui.RunnerCallbacks, shown: bool) -> None:
        """Put the status bar at the lower edge, or take it away."""
        self._bar_is_next = False
        if not shown:
            callbacks.edges_toolbars = {}
            return
        options = hello_imgui.EdgeToolbarOptions()
        options.size_em = 1.9
        options.window_padding_em = imgui.ImVec2(0.7, 0.15)
        options.window_bg = theme.BAR
        callbacks.add_edge_toolbar(hello_imgui.EdgeToolbarType.bottom, self._build_status, options)

    def _after_init(self) -> None:
        import glfw

        window = glfw_utils.glfw_window_hello_imgui()
        take_drop: Any = self._take_drop  # the stubs describe the C callback
        glfw.set_drop_callback(window, take_drop)
        glfw.set_window_content_scale_callback(window, lambda *_: self.look.ask_monitor())
        name: bytes | None = GL.glGetString(GL.GL_RENDERER)
        self.pace.learn_renderer((name or b"").decode("utf-8", "replace"))
        self.waker.is_awake = True

    def _take_drop(self, _window: Any, paths: Any) -> None:
        self._dropped.extend(paths)

    def _before_exit(self) -> None:
        self.waker.is_awake = False
        self.background.close()
        self.viewport.delete()

    # --- one frame, in this order --------------------------------------------------------------

    def _begin_frame(self) -> None:
        self._cpu_sec, self._begin_sec = time.thread_time(), time.perf_counter()
        self.waker.clear()  # what comes from here on is news
        if self.ending.is_asked_for:
            hello_imgui.get_runner_params().app_shall_exit = True
        for path in self._dropped:
            self.actions.open_path(path)
        self._dropped.clear()
        self.actions.dialogs.poll()
        self.actions.begin_frame()
        self.viewport.is_plain = self.actions.is_capturing_view or self.actions.is_capturing_window
        self.background.poll()
        self.app.begin_frame()
        self.presentation.begin_frame()
        self._follow_settings()

    def _follow_settings(self) -> None:
        settings, idling = self.app.settings, hello_imgui.get_runner_params().fps_idling
        idling.fps_max = float(settings.fps_limit)
        idling.vsync_to_monitor = settings.vsync
        moving = is_animated(self.app.state) and not self.app.is_paused
        idling.enable_idling = not (moving or self.app.context.comparison.is_blinking)
        self.look.follow(settings, self.viewport.is_dragged)

    def _after_new_frame(self) -> None:
        self.turns.begin_frame(self.viewport.is_dragged and not self.viewport.is_plain)
        if self._bar_is_next and self.turns.may_keep("Status"):
            kept_window.ask()

    def _build_status(self) -> None:
        if kept_window.complete():
            return
        self._bar_is_next = kept_window.is_first()
        self.turns.note_built("Status")
        self.status_bar.build_ui()

    def _after_look(self) -> None:
        if not self.presentation.is_alone:
            self._show_bar(hello_imgui.get_runner_params().callbacks, True)

    def _build_viewport(self) -> None:
        imgui.push_style_var(_WINDOW_PADDING, imgui.ImVec2(0, 0))
        visible = self.backdrop.begin("Picture", _PICTURE_FLAGS)
        imgui.pop_style_var()
        if visible:
            self.app.state = self.viewport.build_ui(self.app.state)
            self.app.ask()  # while the rest of the window is built, the renderer begins
        imgui.end()

    def _build_column(self, label: str, panels: list[registry.Panel]) -> None:
        if self.backdrop.begin(label, keep=self.turns.may_keep(label)):
            self.turns.note_built(label)
            self._build_panels(panels)
            self.app.ask()
        imgui.end()

    def _build_panels(self, panels: list[registry.Panel]) -> None:
        padding = imgui.ImVec2(theme.px(3), theme.px(5))
        for panel in panels:
            title = panel.title
            measure.push_semibold()
            imgui.push_style_var(_FRAME_PADDING, padding)
            opened = imgui.collapsing_header(title, 0 if title in registry.SHUT else _OPEN)
            imgui.pop_style_var()
            measure.pop_font()
            if opened:
                imgui.push_id(title)
                self._build_panel(panel)
                imgui.pop_id()
                imgui.spacing()
            elif registry.is_changed(title, self.app.state):
                _mark_changed()

    def _build_panel(self, panel: registry.Panel) -> None:
        """One that is wholly out of sight only keeps its place while the picture is dragged."""
        app, title, top = self.app, panel.title, imgui.get_cursor_pos_y()
        height = self._heights.get(title, math.inf)
        if self.viewport.is_dragged and not imgui.is_rect_visible(imgui.ImVec2(1, height)):
            imgui.dummy(imgui.ImVec2(0, height))
            return
        state = panel.build_ui(app.state, app.shown)
        if state is not app.state and state != app.state:  # else it is asked for anew
            app.state = state
        gap = imgui.get_style().item_spacing.y
        self._heights[title] = max(0.0, imgui.get_cursor_pos_y() - top - gap)

    def _build_over_all(self) -> None:
        if not self.actions.is_capturing_view:
            region = self.viewport.compare.above_captions(self.viewport.region)
            overlay.build_ui(self.app.notices, region)
        keys.build_help(self.menus, self.keys.commands)
        self.keys.palette.build_ui()
        self.actions.prompt.build_ui()
        self.keys.handle()

    def _end_frame(self) -> None:
        self.app.end_frame(
            imgui.is_any_item_active()
            or imgui.is_any_mouse_down()
            or any(imgui.is_key_down(key) for key in _CURSOR_KEYS)
        )
        if self.viewport.can_exchange:
            self.pace.hold()
            self.viewport.exchange()
        self.backdrop.clear()

    def _before_swap(self) -> None:
        self.num_frames += 1
        if self.actions.is_capturing_window:
            self.actions.take_window_capture(read_window())
        if self.actions.is_capturing_view:
            self.actions.take_view_capture(read_region(self.viewport.region))
        self.app.timings.gui_ms.append((time.thread_time() - self._cpu_sec) * 1e3)

    def _after_swap(self) -> None:
        self.app.frame_on_screen()
        self.pace.rest(self._begin_sec)


def _mark_changed() -> None:
    """A dot at the right end of the title just drawn: something in it differs from its default."""
    low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
    place = imgui.ImVec2(high.x - theme.px(12), (low.y + high.y) / 2)
    color = imgui.get_color_u32(theme.ACCENT)
    imgui.get_window_draw_list().add_circle_filled(place, theme.px(3.5), color)


def read_window() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of the frame being drawn, uint8 [H, W, 3]."""
    _, _, width, height = (int(v) for v in GL.glGetIntegerv(GL.GL_VIEWPORT))
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    data = GL.glReadPixels(0, 0, width, height, GL.GL_RGB, GL.GL_UNSIGNED_BYTE)
    rows = np.frombuffer(data, np.uint8).reshape(height, width, 3)
    return np.ascontiguousarray(rows[::-1])  # OpenGL's first row is the lowest


def read_region(region: Rect) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of a part of the window, uint8 [H, W, 3]."""
    scale = imgui.get_io().display_framebuffer_scale
    left, top = round(region.x * scale.x), round(region.y * scale.y)
    width, height = round(region.width * scale.x), round(region.height * scale.y)
    return read_window()[top : top + height, left : left + width].copy()


def run(window: Window) -> None:
    """Open the window; returns when it is closed."""
    window.ending.listen()
    hello_imgui.run(window.params())
