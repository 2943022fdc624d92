"""Messages over the picture: toasts, and errors with details, retry and dismissal."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from visualizer import controls, icons, theme
from visualizer.camera import Rect
from visualizer.notices import Notice, Notices

MOST = 3  # at once, so that the picture stays in sight; older ones wait for their turn
_WIDTH_EM = 30.0
_NARROW_EM = 24.0
_FLAGS = (
    imgui.WindowFlags_.no_decoration.value
    | imgui.WindowFlags_.no_docking.value
    | imgui.WindowFlags_.no_saved_settings.value
    | imgui.WindowFlags_.no_focus_on_appearing.value
    | imgui.WindowFlags_.no_nav.value
    | imgui.WindowFlags_.no_move.value
    | imgui.WindowFlags_.always_auto_resize.value
)


def build_ui(notices: Notices, region: Rect) -> None:
    """Stack the newest messages at the bottom of the picture's region, the newest lowest."""
    bottom = region.y + region.height - theme.px(14)
    em, view = imgui.get_font_size(), imgui.get_main_viewport()
    room = max(region.width - theme.px(28), _NARROW_EM * em)  # beyond a narrow picture's region
    width = min(_WIDTH_EM * em, room, view.work_size.x)
    left, right = view.work_pos.x + width / 2, view.work_pos.x + view.work_size.x - width / 2
    middle = min(max(region.center[0], left), right)
    for notice in reversed(notices.visible[-MOST:]):
        position = ImVec2(middle, bottom)
        imgui.set_next_window_pos(position, imgui.Cond_.always.value, ImVec2(0.5, 1.0))
        imgui.set_next_window_size(ImVec2(width, 0))
        imgui.push_style_var(imgui.StyleVar_.window_border_size.value, 1.0)
        imgui.push_style_color(imgui.Col_.window_bg.value, theme.tone(44))
        imgui.begin(f"##notice-{notice.topic}", None, _FLAGS)
        _build_notice(notices, notice, width)
        bottom -= imgui.get_window_height() + theme.px(8)
        imgui.end()
        imgui.pop_style_color()
        imgui.pop_style_var()
        if bottom < region.y + 4 * em:
            return  # a low window


def _build_notice(notices: Notices, notice: Notice, width: float) -> None:
    icon = icons.WARNING if notice.is_error else icons.INFO
    imgui.text_colored(theme.ALERT if notice.is_error else theme.TEXT_DIM, icon)
    imgui.same_line()
    close = imgui.get_frame_height()
    imgui.push_text_wrap_pos(width - close - theme.px(16))
    imgui.text_unformatted(notice.text)
    imgui.pop_text_wrap_pos()
    imgui.same_line(width - close - theme.px(6))
    imgui.push_style_color(imgui.Col_.button.value, theme.grey(0, 0.0))
    padding = ImVec2(0, imgui.get_style().frame_padding.y)  # so that the cross is in the middle
    imgui.push_style_var(imgui.StyleVar_.frame_padding.value, padding)
    if imgui.button(f"{icons.CLOSE}##close", ImVec2(close, 0)):
        notices.dismiss(notice.topic)
    imgui.pop_style_var()
    imgui.pop_style_color()
    controls.tooltip("Dismiss")
    if notice.details and controls.fold("Details"):
        imgui.push_style_color(imgui.Col_.text.value, theme.TEXT_DIM)
        if imgui.begin_child("##details", ImVec2(0, imgui.get_font_size() * 11)):
            imgui.text_wrapped(notice.details)
        imgui.end_child()
        imgui.pop_style_color()
        imgui.tree_pop()
    if notice.retry is not None and controls.button(notice.action):
        notices.dismiss(notice.topic)  # first: what the retry says must stay
        notice.retry()
