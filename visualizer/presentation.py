"""What of the window is to be seen: panels, bars, the whole screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgui_bundle import glfw_utils, hello_imgui

from visualizer.layout import COLUMNS
from visualizer.viewport import Viewport


class Presentation:
    """Hides and brings back what stands around the picture."""

    def __init__(self, viewport: Viewport, show_bar: Callable[[bool], None]) -> None:
        self._viewport = viewport
        self._show_bar = show_bar  # the line below
        self.is_alone = False  # nothing but the picture is drawn
        self._hidden: list[str] = []
        self._place: tuple[int, int, int, int] | None = None  # before the full screen

    def toggle_panels(self) -> None:
        """Hide both columns, or bring back those that were hidden."""
        columns = _columns()
        visible = [label for label, column in columns.items() if column.is_visible]
        wanted = [] if visible else (self._hidden or list(columns))
        self._hidden = visible
        for label, column in columns.items():
            column.is_visible = label in wanted

    def toggle_alone(self) -> None:
        """The picture alone, without panels, bars and buttons; or everything again."""
        self.is_alone = not self.is_alone

    def begin_frame(self) -> None:
        """Do what was asked for in the last frame, which was still being drawn then."""
        if self._viewport.is_bare == self.is_alone:
            return
        self._viewport.is_bare = self.is_alone
        has_columns = any(column.is_visible for column in _columns().values())
        if has_columns == self.is_alone:
            self.toggle_panels()
        hello_imgui.get_runner_params().imgui_window_params.show_menu_bar = not self.is_alone
        self._show_bar(not self.is_alone)

    def leave(self) -> None:
        """Back from the picture alone and from the full screen."""
        if self.is_alone:
            self.toggle_alone()
        if self._place is not None:
            self.toggle_full_screen()

    def toggle_full_screen(self) -> None:
        """The whole screen of the monitor under the window, or the window as it was."""
        import glfw

        window = glfw_utils.glfw_window_hello_imgui()
        no_monitor: Any = None  # the stubs leave it out
        if self._place is not None:
            glfw.set_window_monitor(window, no_monitor, *self._place, glfw.DONT_CARE)
            self._place = None
            return
        x, y = glfw.get_window_pos(window)
        width, height = glfw.get_window_size(window)
        self._place = (x, y, width, height)
        monitor = _monitor_at(x + width // 2, y + height // 2)
        mode = glfw.get_video_mode(monitor)
        glfw.set_window_monitor(
            window, monitor, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate
        )


def _columns() -> dict[str, hello_imgui.DockableWindow]:
    windows = hello_imgui.get_runner_params().docking_params.dockable_windows
    return {window.label: window for window in windows if window.label in COLUMNS}


def _monitor_at(x: int, y: int) -> Any:
    """The monitor that shows a point of the desktop."""
    import glfw

    for monitor in glfw.get_monitors():
        left, top, width, height = glfw.get_monitor_workarea(monitor)
        if left <= x < left + width and top <= y < top + height:
            return monitor
    return glfw.get_primary_monitor()
