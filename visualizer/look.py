"""Keeps theme, scale and columns as the settings, the monitor and the window's size want them."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import glfw_utils, hello_imgui, imgui

from visualizer import theme
from visualizer.layout import Columns
from visualizer.settings import Settings

MONITOR_FRAMES = 30  # between two questions for the monitor's scale where nothing tells of it


class Look:
    """Applies what has changed since the last frame."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` rebuilds what keeps a colour of its own."""
        self._on_change = on_change
        self._applied = ("", 0.0)  # theme and scale
        self._padding = 0.0  # as the style had it then
        self._monitor = 0.0  # its scale, as last asked for; 0: ask
        self._num_frames = 0  # since then
        self.columns = Columns()

    def follow(self, settings: Settings, is_dragged: bool = False) -> None:
        """Call once per frame, before Dear ImGui begins it.

        Args:
            is_dragged: the mouse holds the picture, so that nobody gives a column another width.
        """
        self._num_frames += 1
        if self._num_frames >= MONITOR_FRAMES or not self._monitor:
            self._monitor, self._num_frames = monitor_scale(), 0
        monitor = self._monitor
        wanted = settings.theme, settings.scale * monitor
        style = imgui.get_style()
        # Hello ImGui scales the style a second time, in its second frame
        if wanted != self._applied or style.frame_padding.x != self._padding:
            self._applied = wanted
            theme.choose(settings.theme)
            theme.apply_style(wanted[1])
            style.font_scale_main = settings.scale
            style.font_scale_dpi = monitor
            self._padding = style.frame_padding.x
            hello_imgui.get_runner_params().imgui_window_params.background_color = theme.PANEL
            self._on_change()
        if not is_dragged:
            self.columns.follow(settings, wanted[1])

    def ask_monitor(self) -> None:
        """Its scale may have changed: ask in the next frame."""
        self._monitor = 0.0


def monitor_scale() -> float:
    """Units of Dear ImGui per 1/96 inch on the monitor under the window.

    Where the system scales the window itself (macOS, Wayland) its size is in those already.
    """
    import glfw

    scale = float(glfw.get_window_content_scale(glfw_utils.glfw_window_hello_imgui())[0])
    pixels = pixels_per_unit()
    return scale / pixels if scale > 0 and pixels > 0 else 1.0


def pixels_per_unit() -> float:
    """Physical pixels per unit of the window's size."""
    import glfw

    if imgui.get_frame_count() > 0:  # as the last frame found it: asking X takes a round trip
        return imgui.get_io().display_framebuffer_scale.x
    window = glfw_utils.glfw_window_hello_imgui()
    width, pixels = glfw.get_window_size(window)[0], glfw.get_framebuffer_size(window)[0]
    return float(pixels / width) if width else 1.0
