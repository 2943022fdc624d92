"""A window that looks as in the frame before: Dear ImGui draws once more what it has of it.

That is an experiment of Dear ImGui, made for windows that are not docked. For docked ones, done
here is what `imgui.begin` leaves out: they belong to the window of the dock, which is begun anew
in every frame, and their scroll bars are drawn into that.
"""

from __future__ import annotations

from imgui_bundle import imgui

internal = imgui.internal
_REFRESH = internal.WindowRefreshFlags_
_FLAGS = _REFRESH.try_to_avoid_refresh.value | _REFRESH.refresh_on_hover.value


def ask() -> None:
    """The next window is to be kept; it is not if it has just appeared, or the mouse is on it."""
    internal.set_next_window_refresh_policy(_FLAGS)


def complete() -> bool:
    """Whether the window just begun is kept; then nothing must be built into it."""
    window = internal.get_current_window_read()
    if not window.skip_refresh:
        return False
    if imgui.is_window_docked():
        siblings = window.parent_window.dc.child_windows
        window.begin_order_within_parent = siblings.size()
        siblings.push_back(window)
        if window.scrollbar_y:
            _draw_scrollbar(window)
    return True


def is_first() -> bool:
    """Whether nobody has begun a window in this frame before the present one."""
    return int(internal.get_current_window_read().begin_order_within_context) == 1


def _draw_scrollbar(window: internal.Window) -> None:
    axis, inner = internal.Axis.y, window.inner_rect
    place = internal.get_window_scrollbar_rect(window, axis)
    scrollbar_id = internal.get_window_scrollbar_id(window, axis)
    seen = int(inner.max.y - inner.min.y)
    whole = int(window.content_size.y + 2 * window.window_padding.y)
    imgui.begin(window.parent_window.name)
    internal.scrollbar_ex(place, scrollbar_id, axis, int(window.scroll.y), seen, whole)
    imgui.end()
