"""How fast a change of what is shown of a layer is on the screen, and what the sheet costs.

`python -m tests.benchmarks layers`, or `… layers display`. A real window with a real renderer on
a virtual display; models of random weights in their true sizes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from renderer.state import LayerState, SpectrumState, ViewState
from tests.benchmarks.bench_window import _surroundings, _window
from visualizer.context import percentile

LIMITS = {
    "gain_ms": 30.0,
    "channel_ms": 30.0,
    "range_ms": 30.0,
    "beta_rgb_ms": 150.0,
    "beta_all_ms": 1500.0,
    "network_runs": 0.0,
    "sheet_scroll_gui_ms_p95": 6.0,
    "sheet_sort_gui_ms_p95": 6.0,
    "big_sheet_scroll_gui_ms_p95": 6.0,
    "big_sheet_sort_gui_ms_p95": 6.0,
}
BUILD = """
import sys
from networks import save_generator
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import StyleGAN3Config
config = dict(
    large=dict(img_resolution=1024, channel_base=32768, channel_max=512),
    radial=dict(
        img_resolution=1024, channel_base=65536, channel_max=1024, conv_kernel=1,
        use_radial_filters=True,
    ),
    wide=dict(img_resolution=64, channel_base=65536, channel_max=1024, conv_kernel=1),
)[sys.argv[1]]
save_generator(StyleGAN3(StyleGAN3Config(**config), seed=1).eval(), sys.argv[2])
"""
NUM_CHANGES = 12


def main(argv: list[str]) -> dict[str, float]:
    """Run the parts that are named, or all; print and return the figures."""
    parser = argparse.ArgumentParser(prog="layers", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    options = parser.parse_args(argv)
    figures: dict[str, float] = {}
    with _surroundings() as folder:
        for name in options.parts or PARTS:
            for key, value in PARTS[name](folder).items():
                figures[key] = value
                limit = LIMITS.get(key)
                verdict = f"   at most {limit:g}: " if limit is not None else ""
                verdict += "" if limit is None else "ok" if value <= limit else "OVER"
                print(f"{key:32}{value:10.2f}{verdict}", flush=True)
    return figures


def _model(folder: Path, kind: str) -> str:
    path = folder / f"{kind}.safetensors"
    if not path.exists():
        root = str(Path(__file__).resolve().parents[2])
        subprocess.run([sys.executable, "-c", BUILD, kind, str(path)], check=True, cwd=root)
    return str(path)


def _largest(robot: Any) -> str:
    """The largest layer that is not the picture, at its fullest."""
    layers = [layer for layer in robot.app.shown.layers if layer.channels > 3]
    return str(max(layers, key=lambda x: x.channels * x.height * x.width).name)


def _times(robot: Any, change: Callable[[ViewState, int], ViewState]) -> tuple[float, int]:
    """Median of input to screen in ms, and networks run."""
    app, runs = robot.app, 0
    app.timings.latency_ms.clear()
    for number in range(NUM_CHANGES):
        app.state = change(app.state, number)
        robot.settle(limit_sec=60.0)
        runs += app.shown.result.synthesis_runs
    return percentile(app.timings.latency_ms, 0.5), runs


def _change_layer(name: str) -> Callable[[ViewState, Any], ViewState]:
    return lambda state, value: replace(state, layer=replace(state.layer, **{name: value}))


def _change_spectrum(name: str) -> Callable[[ViewState, Any], ViewState]:
    return lambda state, value: replace(state, spectrum=replace(state.spectrum, **{name: value}))


def measure_display(folder: Path) -> dict[str, float]:
    """Gain, channel, range and window of a 1024² model's largest layer."""
    gain, channel = _change_layer("scale_db"), _change_layer("base_channel")
    span, beta = _change_spectrum("range_db"), _change_spectrum("beta")
    figures: dict[str, float] = {}
    with _window(ViewState(model=_model(folder, "large"))) as robot:
        app = robot.app
        app.settings.fps_limit = 1000
        app.state = replace(app.state, layer=LayerState(_largest(robot)))
        robot.settle(limit_sec=120.0)
        shown = app.shown.tile.ref
        figures["layer_size"] = float(shown.height)
        runs = 0
        for key, change in (
            ("gain_ms", lambda s, i: gain(s, i * 0.5 + 0.5)),
            ("channel_ms", lambda s, i: channel(s, 3 * i + 3)),
        ):
            figures[key], more = _times(robot, change)
            runs += more
        app.state = replace(app.state, spectrum=SpectrumState(show=True))
        robot.settle(limit_sec=60.0)
        for key, change in (
            ("range_ms", lambda s, i: span(s, 20.0 + i)),
            ("beta_rgb_ms", lambda s, i: beta(s, 1.0 + i)),
        ):
            figures[key], more = _times(robot, change)
            runs += more
        app.state = _change_spectrum("all_channels")(app.state, True)
        robot.settle(limit_sec=60.0)
        figures["beta_all_ms"], more = _times(robot, lambda s, i: beta(s, 20.0 + i))
        figures["network_runs"] = float(runs + more)
    return figures


def measure_sheet(folder: Path) -> dict[str, float]:
    """The window's own thread while 1,024 small and 161 large channels are scrolled and sorted."""
    figures: dict[str, float] = {}
    for kind, prefix in (("wide", ""), ("radial", "big_")):
        with _window(ViewState(model=_model(folder, kind))) as robot:
            app, sheet = robot.app, robot.window.viewport.sheet
            name = app.shown.layers[1].name if kind == "wide" else _largest(robot)
            app.state = replace(app.state, layer=LayerState(name))
            robot.settle(limit_sec=120.0)
            begin_sec = time.perf_counter()
            sheet.is_open = True
            robot.wait(lambda s=sheet, n=name: s.data and s.data.sheet.layer.name == n, "the sheet")
            figures[f"{prefix}sheet_sec"] = time.perf_counter() - begin_sec
            figures[f"{prefix}sheet_channels"] = float(len(sheet.channels))
            figures[f"{prefix}sheet_layer_size"] = float(sheet.data.sheet.layer.height)
            figures[f"{prefix}sheet_scroll_gui_ms_p95"] = _scroll(robot)
            figures[f"{prefix}sheet_sort_gui_ms_p95"] = _sort(robot)
    return figures


def _scroll(robot: Any) -> float:
    sheet, timings = robot.window.viewport.sheet, robot.app.timings
    robot.frame()
    timings.gui_ms.clear()
    for number in range(120):
        sheet.scroll_to = number * 25.0
        robot.frame()
    return percentile(timings.gui_ms, 0.95)


def _sort(robot: Any) -> float:
    sheet, timings = robot.window.viewport.sheet, robot.app.timings
    timings.gui_ms.clear()
    for number in range(60):
        sheet.order = sheet.data.orders[number % len(sheet.data.orders)]
        robot.frame()
    return percentile(timings.gui_ms, 0.95)


PARTS: dict[str, Callable[[Path], dict[str, float]]] = {
    "display": measure_display,
    "sheet": measure_sheet,
}
