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


def tone(level: float, alpha: float = 1.0) -> ImVec4:
    """A grey of the interface, named by its level in the dark theme; mirrored in the light one.

    There, what is a surface in the dark theme (up to 100) lies closer together and to white.
    """
    if not _is_light:
        return grey(level, alpha)
    return grey(255 - 0.8 * level if level <= 100 else 175 * (255 - level) / 155, alpha)


def px(size: float) -> float:
    """Screen units of a length that was drawn for scale 1."""
    return size * _scale


THEMES = ("Dark", "Light")
SURROUNDS = {"Dark": 24.0, "Middle": 64.0, "Light": 150.0}  # grey around the picture

_is_light = False
_scale = 1.0
ACCENT: ImVec4  # active, or changed from its default
ACCENT_DIM: ImVec4
ON_ACCENT: ImVec4  # text on the accent colour
ALERT: ImVec4  # errors only
TEXT: ImVec4
TEXT_DIM: ImVec4
TEXT_FAINT: ImVec4
PANEL: ImVec4
BAR: ImVec4
FIELD: ImVec4
FIELD_HOVER: ImVec4
FIELD_ACTIVE: ImVec4
VALUE_BAR: ImVec4  # the place of a value between its limits
LINE: ImVec4


def choose(name: str) -> None:
    """Set the colours of this module to a theme of `THEMES`; `apply_style` makes them seen."""
    global _is_light, ACCENT, ACCENT_DIM, ON_ACCENT, ALERT, TEXT, TEXT_DIM, TEXT_FAINT
    global PANEL, BAR, FIELD, FIELD_HOVER, FIELD_ACTIVE, VALUE_BAR, LINE
    _is_light = name == "Light"
    red, green, blue = (0.56, 0.26, 0.0) if _is_light else (0.96, 0.64, 0.22)
    ACCENT = ImVec4(red, green, blue, 1.0)
    ACCENT_DIM = ImVec4(red, green, blue, 0.35)
    ALERT = ImVec4(0.70, 0.13, 0.10, 1.0) if _is_light else ImVec4(0.93, 0.43, 0.38, 1.0)
    ON_ACCENT = tone(20)
    TEXT = tone(222)
    TEXT_DIM, TEXT_FAINT = (grey(86), grey(110)) if _is_light else (grey(162), grey(130))
    PANEL, BAR, LINE = tone(34), tone(27), tone(20)
    FIELD, FIELD_HOVER, FIELD_ACTIVE = tone(48), tone(58), tone(68)
    VALUE_BAR = tone(104)


choose("Dark")


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


def apply_style(scale: float = 1.0) -> None:
    """Set sizes, for this scale of the interface, and colours of the Dear ImGui context."""
    global _scale
    style = imgui.get_style()
    _forget_sizes(style)
    _apply_sizes(style)
    style.scale_all_sizes(scale)
    _scale = scale
    for idx in range(imgui.Col_.count.value):  # no colour of the stock theme shines through
        color = style.color_(idx)
        luminance = 0.3 * color.x + 0.59 * color.y + 0.11 * color.z
        style.set_color_(idx, ImVec4(luminance, luminance, luminance, color.w))
    for name, value in _colors().items():
        style.set_color_(getattr(imgui.Col_, name).value, value)


def _forget_sizes(style: imgui.Style) -> None:
    """Sizes as Dear ImGui has them at the start: those not set below would be scaled each time."""
    fresh = imgui.Style()
    for name in dir(fresh):
        value = getattr(fresh, name)
        if isinstance(value, (float, ImVec2)) and not name.startswith(("_", "font_")):
            setattr(style, name, value)
    style._main_scale = 1.0  # multiplied by every scaling: the thickness of crosses and arrows


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
    clear = tone(0, 0.0)
    return {
        "text": TEXT,
        "text_disabled": TEXT_FAINT,
        "window_bg": PANEL,
        "child_bg": clear,
        "popup_bg": tone(42),
        "border": tone(80 if _is_light else 62),
        "frame_bg": FIELD,
        "frame_bg_hovered": FIELD_HOVER,
        "frame_bg_active": FIELD_ACTIVE,
        "title_bg": BAR,
        "title_bg_active": BAR,
        "title_bg_collapsed": BAR,
        "menu_bar_bg": BAR,
        "scrollbar_bg": clear,
        "scrollbar_grab": tone(70),
        "scrollbar_grab_hovered": tone(90),
        "scrollbar_grab_active": tone(110),
        "check_mark": ACCENT,
        "checkbox_selected_bg": FIELD,
        "slider_grab": tone(120),
        "slider_grab_active": ACCENT,
        "button": tone(56),
        "button_hovered": tone(70),
        "button_active": tone(84),
        "header": tone(44),
        "header_hovered": tone(54),
        "header_active": tone(62),
        "separator": LINE,
        "separator_hovered": tone(90),
        "separator_active": ACCENT,
        "resize_grip": clear,
        "tab": BAR,
        "tab_hovered": tone(58),
        "tab_selected": PANEL,
        "tab_dimmed": BAR,
        "tab_dimmed_selected": PANEL,
        "tab_selected_overline": clear,
        "tab_dimmed_selected_overline": clear,
        "docking_preview": ACCENT_DIM,
        "docking_empty_bg": tone(24),
        "text_selected_bg": ACCENT_DIM,
        "nav_cursor": ACCENT,
        "drag_drop_target": ACCENT,
        "plot_lines": tone(170),
        "plot_histogram": ACCENT,
        "modal_window_dim_bg": grey(0, 0.4),
    }
