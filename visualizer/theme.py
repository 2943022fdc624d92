"""The look of the window: neutral greys, one accent colour, one font with tabular figures.

Greys are exactly neutral (r = g = b), because artists judge colour against them.
"""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import ImVec2, ImVec4, imgui

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FONT_SIZE_PX = 15.0

Rgb = tuple[float, float, float]


def grey(level: float, alpha: float = 1.0) -> ImVec4:
    """A neutral grey of 0…255."""
    value = level / 255
    return ImVec4(value, value, value, alpha)


ACCENT = ImVec4(0.96, 0.64, 0.22, 1.0)  # active, or changed from its default
ACCENT_DIM = ImVec4(0.96, 0.64, 0.22, 0.35)
ALERT = ImVec4(0.93, 0.43, 0.38, 1.0)  # errors only
TEXT = grey(222)
TEXT_DIM = grey(146)
TEXT_FAINT = grey(104)
PANEL = grey(34)
BAR = grey(27)
FIELD = grey(48)
FIELD_HOVER = grey(58)
FIELD_ACTIVE = grey(68)
LINE = grey(20)
SURROUNDS = {"Dark": 24.0, "Middle": 64.0, "Light": 150.0}  # grey around the picture


class Fonts:
    """The loaded fonts; filled once by `load_fonts`."""

    regular: imgui.ImFont
    semibold: imgui.ImFont


def load_fonts() -> None:
    """Load the interface font and merge the icons into it."""
    atlas = imgui.get_io().fonts
    atlas.clear()
    folder = ASSETS / "fonts"
    Fonts.regular = atlas.add_font_from_file_ttf(
        str(folder / "LoupeSans-Regular.otf"), FONT_SIZE_PX
    )
    _merge_icons()
    Fonts.semibold = atlas.add_font_from_file_ttf(
        str(folder / "LoupeSans-SemiBold.otf"), FONT_SIZE_PX
    )
    _merge_icons()


def _merge_icons() -> None:
    config = imgui.ImFontConfig()
    config.merge_mode = True
    config.glyph_min_advance_x = FONT_SIZE_PX + 2  # icons of one width stand in one column
    config.glyph_offset = ImVec2(0.0, 1.0)
    imgui.get_io().fonts.add_font_from_file_ttf(
        str(ASSETS / "icons" / "LoupeIcons.otf"), FONT_SIZE_PX - 2, config
    )


def apply_style() -> None:
    """Set sizes and colours of the current Dear ImGui context."""
    style = imgui.get_style()
    _apply_sizes(style)
    for idx in range(imgui.Col_.count.value):  # no colour of the stock theme shines through
        color = style.color_(idx)
        luminance = 0.3 * color.x + 0.59 * color.y + 0.11 * color.z
        style.set_color_(idx, ImVec4(luminance, luminance, luminance, color.w))
    for name, value in _colors().items():
        style.set_color_(getattr(imgui.Col_, name).value, value)


def _apply_sizes(style: imgui.Style) -> None:
    style.window_padding = ImVec2(12, 10)
    style.frame_padding = ImVec2(8, 4)
    style.item_spacing = ImVec2(8, 6)
    style.item_inner_spacing = ImVec2(6, 4)
    style.indent_spacing = 12
    style.scrollbar_size = 10
    style.grab_min_size = 8
    style.window_border_size = 0
    style.frame_border_size = 0
    style.popup_border_size = 1
    style.child_border_size = 0
    style.window_rounding = 4
    style.frame_rounding = 3
    style.popup_rounding = 4
    style.scrollbar_rounding = 5
    style.grab_rounding = 3
    style.tab_rounding = 3
    style.tab_bar_border_size = 0
    style.tab_bar_overline_size = 0
    style.docking_separator_size = 2
    style.disabled_alpha = 0.45
    style.window_menu_button_position = imgui.Dir.none
    style.hover_delay_normal = 0.55
    style.separator_text_border_size = 1


def _colors() -> dict[str, ImVec4]:
    clear = grey(0, 0.0)
    return {
        "text": TEXT,
        "text_disabled": TEXT_FAINT,
        "window_bg": PANEL,
        "child_bg": clear,
        "popup_bg": grey(42),
        "border": grey(62),
        "frame_bg": FIELD,
        "frame_bg_hovered": FIELD_HOVER,
        "frame_bg_active": FIELD_ACTIVE,
        "title_bg": BAR,
        "title_bg_active": BAR,
        "title_bg_collapsed": BAR,
        "menu_bar_bg": BAR,
        "scrollbar_bg": clear,
        "scrollbar_grab": grey(70),
        "scrollbar_grab_hovered": grey(90),
        "scrollbar_grab_active": grey(110),
        "check_mark": ACCENT,
        "slider_grab": grey(120),
        "slider_grab_active": ACCENT,
        "button": grey(56),
        "button_hovered": grey(70),
        "button_active": grey(84),
        "header": grey(44),
        "header_hovered": grey(54),
        "header_active": grey(62),
        "separator": LINE,
        "separator_hovered": grey(90),
        "separator_active": ACCENT,
        "resize_grip": clear,
        "tab": BAR,
        "tab_hovered": grey(58),
        "tab_selected": PANEL,
        "tab_dimmed": BAR,
        "tab_dimmed_selected": PANEL,
        "tab_selected_overline": clear,
        "tab_dimmed_selected_overline": clear,
        "docking_preview": ACCENT_DIM,
        "docking_empty_bg": grey(24),
        "text_selected_bg": ACCENT_DIM,
        "nav_cursor": ACCENT,
        "drag_drop_target": ACCENT,
        "plot_lines": grey(170),
        "plot_histogram": ACCENT,
        "modal_window_dim_bg": grey(0, 0.45),
    }
