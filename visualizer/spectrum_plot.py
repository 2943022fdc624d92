"""A plot of power over frequency with the layer's design drawn in, by ImPlot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from imgui_bundle import ImVec2, ImVec4, imgui, implot

from renderer.messages import Profile
from visualizer import theme

KINDS = ("Radial", "Horizontal", "Vertical", "Diagonal")
DECIBEL_STEP = 20.0  # of the lower and upper end of the plot, so that it does not dance
FLOOR_DB = -140.0  # below lies rounding
# Curves that are told apart by eye although they lie on each other; muted, of like lightness.
PIN_COLORS = (
    ImVec4(0.45, 0.71, 0.86, 1.0),
    ImVec4(0.60, 0.78, 0.47, 1.0),
    ImVec4(0.80, 0.58, 0.84, 1.0),
    ImVec4(0.86, 0.56, 0.50, 1.0),
    ImVec4(0.52, 0.76, 0.72, 1.0),
    ImVec4(0.84, 0.77, 0.47, 1.0),
)

Values = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of the plot."""

    name: str
    frequencies: Values  # cycles per image width
    power_db: Values
    color: ImVec4
    weight: float = 1.4


@dataclass(frozen=True)
class Mark:
    """A frequency of the layer's design."""

    name: str
    frequency: float
    color: ImVec4


@dataclass(frozen=True)
class Reading:
    """What the mouse points at."""

    frequency: float
    power_db: tuple[float, ...]  # of each curve, nan where it has no such frequency


def on_theme(color: ImVec4) -> ImVec4:
    """A curve's colour as it is seen well on the present theme."""
    factor = 0.62 if theme.TEXT.x < 0.5 and color != theme.TEXT else 1.0
    return ImVec4(color.x * factor, color.y * factor, color.z * factor, color.w)


def ensure_context() -> None:
    """ImPlot keeps its own context beside that of Dear ImGui."""
    if implot.get_current_context() is None:
        implot.create_context()


def curves_of(profile: Profile, kind: str) -> tuple[Values, Values]:
    """Frequencies and power of one kind of curve."""
    frequencies: tuple[float, ...] = profile.frequencies
    power_db = {
        "Radial": profile.radial_db,
        "Horizontal": profile.horizontal_db,
        "Vertical": profile.vertical_db,
        "Diagonal": profile.diagonal_db,
    }[kind]
    if kind == "Diagonal":
        frequencies = profile.diagonal_frequencies
    return np.asarray(frequencies, np.float64), np.asarray(power_db, np.float64)


def marks_of(profile: Profile) -> tuple[Mark, ...]:
    """Cutoff, stopband and Nyquist as far as the layer has them."""
    marks = [Mark("Nyquist", profile.nyquist, theme.TEXT_FAINT)]
    if profile.stopband is not None:
        marks.insert(0, Mark("stopband", profile.stopband, theme.TEXT_DIM))
    if profile.cutoff is not None:
        marks.insert(0, Mark("cutoff", profile.cutoff, theme.ACCENT))
    return tuple(marks)


def limits_of(curves: list[Curve]) -> tuple[float, float]:
    """Lowest and highest power to show, in whole steps."""
    parts = [curve.power_db[1:] for curve in curves]  # the mean is removed: nothing at zero
    values = np.concatenate(parts) if parts else np.zeros(0)
    values = values[np.isfinite(values) & (values > FLOOR_DB)]
    if not values.size:
        return -DECIBEL_STEP, DECIBEL_STEP
    low = math.floor(float(values.min()) / DECIBEL_STEP) * DECIBEL_STEP
    high = math.ceil(float(values.max()) / DECIBEL_STEP) * DECIBEL_STEP
    return low, max(high, low + DECIBEL_STEP)


def read_at(curves: list[Curve], frequency: float) -> Reading:
    """The power of every curve at the bin nearest to a frequency of the first curve."""
    if not curves:
        return Reading(frequency, ())
    first = curves[0].frequencies
    frequency = float(first[np.abs(first - frequency).argmin()])
    powers = [
        float(np.interp(frequency, c.frequencies, c.power_db, left=math.nan, right=math.nan))
        for c in curves
    ]
    return Reading(frequency, tuple(powers))


def build_plot(
    curves: list[Curve], marks: tuple[Mark, ...], is_log: bool, height: float
) -> Reading | None:
    """Draw the plot; returns what the mouse points at, if it is over it."""
    ensure_context()
    top = max([mark.frequency for mark in marks[-1:]], default=1.0)
    top = max([top, *(float(c.frequencies[-1]) for c in curves)])
    low_db, high_db = limits_of(curves)
    _push_style()
    reading = None
    flags = implot.Flags_.canvas_only.value | implot.Flags_.no_inputs.value
    if implot.begin_plot("##spectrum", ImVec2(-1, height), flags):
        implot.setup_axes("", "", implot.AxisFlags_.no_highlight.value)
        lowest = _lowest(curves) if is_log else 0.0
        always = implot.Cond_.always.value
        implot.setup_axes_limits(lowest, top * 1.01, low_db, high_db, always)
        if is_log:
            implot.setup_axis_scale(implot.ImAxis_.x1, implot.Scale_.log10.value)
        implot.setup_axis_format(implot.ImAxis_.x1, "%g")
        implot.setup_finish()
        for mark in marks:
            _draw_mark(mark)
        for number, curve in reversed(list(enumerate(curves))):
            _draw_curve(curve, number, is_log)
        if _is_hovered():
            reading = read_at(curves, implot.get_plot_mouse_pos().x)
            _draw_mark(Mark("##cursor", reading.frequency, theme.TEXT))
        implot.end_plot()
    _pop_style()
    return reading


def _is_hovered() -> bool:
    """ImPlot itself gets no input: the wheel scrolls the panel."""
    low, size, mouse = implot.get_plot_pos(), implot.get_plot_size(), imgui.get_mouse_pos()
    inside = low.x <= mouse.x < low.x + size.x and low.y <= mouse.y < low.y + size.y
    return bool(inside and imgui.is_window_hovered())


def _lowest(curves: list[Curve]) -> float:
    """The lower end of a logarithmic axis: the first bin that is not zero."""
    return min((float(c.frequencies[1]) for c in curves if len(c.frequencies) > 1), default=1.0)


def _draw_curve(curve: Curve, number: int, is_log: bool) -> None:
    first = 1 if is_log else 0
    x = np.ascontiguousarray(curve.frequencies[first:])
    y = np.ascontiguousarray(np.clip(curve.power_db[first:], FLOOR_DB * 2, None))
    spec: Any = implot.Spec(line_color=on_theme(curve.color), line_weight=theme.px(curve.weight))
    implot.plot_line(f"{curve.name}##{number}", x, y, spec)


def _draw_mark(mark: Mark) -> None:
    spec: Any = implot.Spec(line_color=mark.color, line_weight=theme.px(1.0))
    implot.plot_inf_lines(f"##{mark.name}", np.array([mark.frequency]), spec)


def _push_style() -> None:
    implot.push_style_color(implot.Col_.frame_bg.value, ImVec4(0, 0, 0, 0))
    implot.push_style_color(implot.Col_.plot_bg.value, theme.BAR)
    implot.push_style_color(implot.Col_.plot_border.value, ImVec4(0, 0, 0, 0))
    implot.push_style_color(implot.Col_.axis_text.value, theme.TEXT_FAINT)
    implot.push_style_color(implot.Col_.axis_grid.value, theme.FIELD)
    implot.push_style_var(implot.StyleVar_.plot_padding.value, ImVec2(0, theme.px(4)))
    implot.push_style_var(implot.StyleVar_.label_padding.value, ImVec2(theme.px(4), theme.px(2)))
    em = imgui.get_font_size()
    implot.push_style_var(implot.StyleVar_.plot_min_size.value, ImVec2(em * 4, em * 4))


def _pop_style() -> None:
    implot.pop_style_var(3)
    implot.pop_style_color(5)
