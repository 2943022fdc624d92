"""Colours that can be read, in both themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imgui_bundle import ImVec4

from visualizer import theme
from visualizer.histogram_plot import COLORS
from visualizer.spectrum_plot import PIN_COLORS, on_theme

# By the sum of W3C's Web Content Accessibility Guidelines: 4.5 for text, 3 for what is large or
# says nothing that is not said elsewhere.
TEXT_CONTRAST = 4.5
FAINT_CONTRAST = 3.0


@pytest.fixture(params=theme.THEMES)
def surfaces(request: pytest.FixtureRequest) -> Iterator[dict[str, ImVec4]]:
    """What text stands on in a theme."""
    theme.choose(request.param)
    colors = theme._colors()
    names = ("window_bg", "menu_bar_bg", "popup_bg", "frame_bg", "button", "header")
    yield {name: colors[name] for name in names}
    theme.choose("Dark")


def luminance(color: ImVec4) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (
        color.x, color.y, color.z)]  # fmt: skip
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first: ImVec4, second: ImVec4) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_text_and_values_can_be_read_on_every_surface(surfaces: dict[str, ImVec4]) -> None:
    for surface in surfaces.values():
        assert contrast(theme.TEXT, surface) > 7
        assert contrast(theme.TEXT_DIM, surface) > TEXT_CONTRAST
        assert contrast(theme.ACCENT, surface) > TEXT_CONTRAST
        assert contrast(theme.TEXT_FAINT, surface) > FAINT_CONTRAST
    for name in ("window_bg", "popup_bg"):
        assert contrast(theme.ALERT, surfaces[name]) > TEXT_CONTRAST
    assert contrast(theme.ON_ACCENT, theme.ACCENT) > TEXT_CONTRAST


def test_curves_stand_out_from_their_plot(surfaces: dict[str, ImVec4]) -> None:
    for color in (*PIN_COLORS, *COLORS):
        assert contrast(on_theme(color), theme.BAR) > FAINT_CONTRAST


def test_greys_are_neutral_in_both_themes(surfaces: dict[str, ImVec4]) -> None:
    for surface in surfaces.values():
        assert surface.x == surface.y == surface.z
