"""What the window costs, and how fast a change is on the screen.

`python -m tests.benchmarks window`, or `… window latency kills --kills 5`. Real windows with a
real renderer, at the pace of the settings (60 frames per second at most), on a virtual display
where there is none: OpenGL is software there, and the swap is not counted. Beside other work the
figures of an idle machine are come near to with real-time priority (`chrt -f 5 …` on Linux).
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from renderer.ring import RingReader, RingWriter
from renderer.shared_memory import SharedMemory
from renderer.state import LayerState, SpectrumState, ViewState
from tests.visualizer.virtual_display import virtual_display
from visualizer.comparison import pin
from visualizer.context import percentile
from visualizer.layout import IDLE_FPS

LIMITS = {  # what must not be exceeded, as far as it is a fixed number
    "gui_ms_p95": 4.0,
    "upload_1024_ms": 8.0,
    "longest_gap_ms": 250.0,
    **{f"idle_{what}window_percent": 3.0 for what in ("", "layer_", "spectrum_", "compare_")},
    **{f"idle_{what}renderer_percent": 0.5 for what in ("", "layer_", "spectrum_", "compare_")},
}
SLOW_MODEL = """
import sys
from networks import save_generator
from networks.stylegan3 import StyleGAN3
from networks.stylegan3_design import StyleGAN3Config
config = StyleGAN3Config(
    img_resolution=256, z_dim=64, w_dim=64, channel_base=16384, channel_max=256
)
save_generator(StyleGAN3(config, seed=1).eval(), sys.argv[1])
"""


def main(argv: list[str]) -> dict[str, float]:
    """Run the parts that are named, or all; print and return the figures."""
    parser = argparse.ArgumentParser(prog="window", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--kills", type=int, default=20, help="of the renderer (default: 20)")
    options = parser.parse_args(argv)
    figures: dict[str, float] = {}
    with _surroundings() as folder:
        for name in options.parts or PARTS:
            for key, value in PARTS[name](folder, options).items():
                figures[key] = value
                _print(key, value, figures)
    return figures


def _print(key: str, value: float, figures: dict[str, float]) -> None:
    limit = LIMITS.get(key)
    if key in ("latency_ms_median", "latency_ms_p95"):
        limit = figures["render_ms_median"] + 2 * 1e3 / 60  # the picture and two frames
    if key == "last_change_on_screen_ms":
        limit = 2 * figures["slow_render_ms"] + 100  # two renders of the slow model and 100 ms
    verdict = "" if limit is None else f"   at most {limit:g}: {'ok' if value <= limit else 'OVER'}"
    print(f"{key:32}{value:10.2f}{verdict}", flush=True)


@contextlib.contextmanager
def _surroundings() -> Iterator[Path]:
    """A display and settings that are nobody's."""
    before = dict(os.environ)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["LOUPE_SETTINGS"] = str(folder / "settings")
        if sys.platform.startswith("linux"):
            os.environ["DISPLAY"] = stack.enter_context(virtual_display())
        try:
            yield folder
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextlib.contextmanager
def _window(state: ViewState | None = None, idle_fps: float = 120.0) -> Iterator[Any]:
    from tests.visualizer.robot import Robot
    from visualizer.settings import Settings

    robot = Robot(state, settings=Settings(vsync=False), idle_fps=idle_fps, has_engine=False)
    try:
        robot.settle(limit_sec=120.0)
        yield robot
    finally:
        robot.close()


def _drag(robot: Any, move: Callable[[float, float], None], seconds: float) -> int:
    """Lead the mouse, which holds the picture, in circles; returns the number of frames."""
    num_frames = 0
    end_sec = time.perf_counter() + seconds
    while time.perf_counter() < end_sec:
        before = robot.app.state
        move(5 * math.cos(num_frames / 20), 5 * math.sin(num_frames / 20))
        robot.frame()
        assert robot.app.state != before, "the mouse has lost the picture"
        num_frames += 1
    return num_frames


def _move(robot: Any) -> None:
    latent = robot.app.state.latent
    robot.app.state = replace(robot.app.state, latent=replace(latent, x=latent.x + 0.01))


def measure_drag(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """A drag with the default generator: the window's own time, and input to screen."""
    with _window() as robot, robot.held_picture() as move:
        timings = robot.app.timings
        _drag(robot, move, 1.0)
        for values in (timings.gui_ms, timings.latency_ms, timings.render_ms):
            values.clear()
        num_frames = _drag(robot, move, 4.0)
        return {
            "gui_ms_median": percentile(timings.gui_ms, 0.5),
            "gui_ms_p95": percentile(timings.gui_ms, 0.95),
            "frames_per_sec": num_frames / 4.0,
            "pictures_per_sec": len(timings.latency_ms) / 4.0,
            "render_ms_median": percentile(timings.render_ms, 0.5),
            "latency_ms_median": percentile(timings.latency_ms, 0.5),
            "latency_ms_p95": percentile(timings.latency_ms, 0.95),
        }


def measure_upload(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """One 1024² tile: out of the ring, into the texture, until OpenGL says it is there."""
    from OpenGL import GL

    from visualizer.texture import PictureTexture

    memory = SharedMemory.create()
    reader = RingReader()
    writer = RingWriter(memory, lambda ring: reader.open(ring, memory))
    picture = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    times_ms = []
    with _window():
        texture = PictureTexture()
        for _ in range(40):
            ref = writer.write(picture)
            begin_sec = time.perf_counter()
            texture.upload(np.array(reader.pixels(ref)))
            texture.prepare(zoom=1.0, exact=True)
            GL.glFinish()
            times_ms.append((time.perf_counter() - begin_sec) * 1e3)
            writer.release(ref.ring, ref.slot)
        texture.delete()
    memory.close()
    return {
        "upload_1024_ms": percentile(times_ms, 0.5),
        "upload_1024_ms_p95": percentile(times_ms, 0.95),
    }


def measure_newest_wins(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """200 changes in a second on a slow model: few renders, the last change soon on screen."""
    path = folder / "slow.safetensors"
    root = str(Path(__file__).resolve().parents[2])
    subprocess.run([sys.executable, "-c", SLOW_MODEL, str(path)], check=True, cwd=root)
    with _window(ViewState(model=str(path))) as robot:
        app = robot.app
        finished = app.shown.result.num_finished
        robot.params.fps_idling.fps_max = 1000.0
        app.settings.fps_limit = 1000
        begin_sec, num_changes = time.perf_counter(), 0
        while num_changes < 200:
            due = min(200, 1 + int((time.perf_counter() - begin_sec) * 200))
            for _ in range(due - num_changes):
                _move(robot)
                app.end_frame(gesture_open=True)  # more of them than frames are drawn
            num_changes = due
            robot.frame()
        last_sec = time.perf_counter()
        robot.settle()
        waited_ms = (time.perf_counter() - last_sec) * 1e3
        render_ms = app.shown.result.render_ms
        return {
            "burst_sec": last_sec - begin_sec,
            "slow_render_ms": render_ms,
            "burst_renders_finished": float(app.shown.result.num_finished - finished),
            "last_change_on_screen_ms": waited_ms,
        }


def measure_kills(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """SIGKILL to the renderer during a drag, again and again: the longest gap between frames."""
    gaps_ms: list[float] = []
    with _window() as robot:
        last_sec = time.perf_counter()

        def note_gap() -> None:
            nonlocal last_sec
            now_sec = time.perf_counter()
            gaps_ms.append((now_sec - last_sec) * 1e3)
            last_sec = now_sec

        for _ in range(300):
            _move(robot)
            robot.frame()
            note_gap()
        quiet_ms, gaps_ms = max(gaps_ms), []
        for _ in range(options.kills):
            restarts = robot.app.status.num_restarts
            os.kill(robot.app.status.pid, signal.SIGKILL)
            last_sec = time.perf_counter()
            for _ in range(60):
                _move(robot)
                robot.frame()
                note_gap()
            while robot.app.status.num_restarts == restarts or not robot.app.is_current:
                robot.frame()
                note_gap()
    return {
        "kills": float(options.kills),
        "frames_during_kills": float(len(gaps_ms)),
        "longest_gap_without_kills_ms": quiet_ms,
        "longest_gap_ms": max(gaps_ms),
        "gap_ms_p99": percentile(gaps_ms, 0.99),
    }


def measure_idle(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """No input, no animation: what the two processes use of one core, whatever is shown."""
    figures = {}
    with _window(idle_fps=IDLE_FPS) as robot:
        plain = robot.app.state
        layer = LayerState(robot.app.shown.layers[-3].name)
        other = replace(plain, latent=replace(plain.latent, x=1.0))
        for what, state in (
            ("", plain),
            ("layer_", replace(plain, layer=layer)),
            ("spectrum_", replace(plain, spectrum=SpectrumState(show=True))),
            ("compare_", replace(other, comparison=pin(plain, "Side by side").comparison)),
        ):
            robot.app.state = state
            robot.settle()
            _frames_for(robot, 2.0)
            for key, value in _idle(robot, 6.0).items():
                figures[f"idle_{what}{key}"] = value
    return figures


def _idle(robot: Any, seconds: float) -> dict[str, float]:
    processes = [psutil.Process(), psutil.Process(robot.app.status.pid)]
    before = [sum(process.cpu_times()[:2]) for process in processes]
    begin_sec, begin_frames = time.perf_counter(), robot.window.num_frames
    finished = robot.app.shown.result.num_finished
    _frames_for(robot, seconds)
    wall_sec = time.perf_counter() - begin_sec
    used = [sum(p.cpu_times()[:2]) - b for p, b in zip(processes, before, strict=True)]
    return {
        "window_percent": 100 * used[0] / wall_sec,
        "renderer_percent": 100 * used[1] / wall_sec,
        "frames_per_sec": (robot.window.num_frames - begin_frames) / wall_sec,
        "pictures": float(robot.app.shown.result.num_finished - finished),
    }


def _frames_for(robot: Any, seconds: float) -> None:
    end_sec = time.perf_counter() + seconds
    while time.perf_counter() < end_sec:
        robot.frame()


PARTS: dict[str, Callable[[Path, argparse.Namespace], dict[str, float]]] = {
    "latency": measure_drag,
    "upload": measure_upload,
    "newest": measure_newest_wins,
    "kills": measure_kills,
    "idle": measure_idle,
}

if __name__ == "__main__":
    main(sys.argv[1:])
