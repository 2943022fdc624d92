"""How often each value occurs in the shown channels, with the displayable range marked."""

from __future__ import annotations

from typing import Any

import numpy as np
from imgui_bundle import ImVec2, ImVec4, implot

from renderer.messages import Sheet
from visualizer import theme
from visualizer.spectrum_plot import ensure_context, on_theme

HEIGHT_EM = 5.5
# Three shown channels are red, green and blue in the picture too.
COLORS = (
    ImVec4(0.90, 0.45, 0.42, 1.0),
    ImVec4(0.52, 0.80, 0.48, 1.0),
    ImVec4(0.47, 0.65, 0.95, 1.0),
)

Floats = np.ndarray[Any, np.dtype[np.float64]]


def histogram_of(sheet: Sheet, channel: int) -> tuple[Floats, Floats]:
    """Middles of the bins in raw values, and the share of the channel's values in each."""
    counts = np.frombuffer(sheet.histograms, "<u4").reshape(-1, sheet.num_bins)[channel]
    top = sheet.max_abs[channel]
    edges = np.linspace(-top, top, sheet.num_bins + 1)
    return (edges[1:] + edges[:-1]) / 2, counts / max(1, int(counts.sum()))


def build_histogram(sheet: Sheet, channels: range, scale_db: float, height: float) -> None:
    """Draw the histograms of some channels.

    Args:
        scale_db: of the display; what is shown as black and as white is marked.
    """
    ensure_context()
    curves = [histogram_of(sheet, channel) for channel in channels]
    top = max([float(sheet.max_abs[channel]) for channel in channels], default=1.0) or 1.0
    highest = max([float(shares.max()) for _, shares in curves], default=1.0) or 1.0
    implot.push_style_color(implot.Col_.frame_bg.value, ImVec4(0, 0, 0, 0))
    implot.push_style_color(implot.Col_.plot_bg.value, theme.BAR)
    implot.push_style_color(implot.Col_.plot_border.value, ImVec4(0, 0, 0, 0))
    implot.push_style_color(implot.Col_.axis_text.value, theme.TEXT_FAINT)
    implot.push_style_color(implot.Col_.axis_grid.value, theme.FIELD)
    implot.push_style_var(implot.StyleVar_.plot_padding.value, ImVec2(0, theme.px(4)))
    flags = implot.Flags_.canvas_only.value | implot.Flags_.no_inputs.value
    if implot.begin_plot("##histogram", ImVec2(-1, height), flags):
        implot.setup_axes("", "", 0, implot.AxisFlags_.no_decorations.value)
        always = implot.Cond_.always.value
        implot.setup_axes_limits(-top, top, 0, highest * 1.08, always)
        implot.setup_finish()
        limit = 10 ** (-scale_db / 20)
        spec: Any = implot.Spec(line_color=theme.TEXT_FAINT, line_weight=theme.px(1.0))
        implot.plot_inf_lines("##range", np.array([-limit, limit]), spec)
        for idx, (middles, shares) in enumerate(curves):
            _draw(idx, middles, shares, theme.TEXT if len(curves) == 1 else COLORS[idx])
        implot.end_plot()
    implot.pop_style_var()
    implot.pop_style_color(5)


def _draw(idx: int, middles: Floats, shares: Floats, color: ImVec4) -> None:
    fill: Any = implot.Spec(fill_color=color, fill_alpha=0.25)
    implot.plot_shaded(f"##shade{idx}", middles, shares, 0.0, fill)
    line: Any = implot.Spec(line_color=on_theme(color), line_weight=theme.px(1.2))
    implot.plot_line(f"##line{idx}", middles, shares, line)
