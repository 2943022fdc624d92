"""Makes the README's pictures of the window: `python -m tests.visualizer.readme_pictures [MODEL]`.

They are of a real window with a real renderer on a virtual display, 1280×720.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from imgui_bundle import imgui
from PIL import Image

from renderer.messages import BUNDLED
from renderer.state import ViewState
from tests.visualizer.robot import Robot
from tests.visualizer.virtual_display import virtual_display
from visualizer.settings import Settings

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "readme"
ROTATED_SEEDS = (4, 11, 23)
PANELS = {  # by column; those that are shut at the start are opened where a picture needs them
    "Controls": ("Style mixing", "Class", "Capture"),
    "Analysis": ("Layers", "Spectrum", "Pixel", "Compare", "Performance"),
}


def main(arguments: list[str]) -> None:
    """Take the pictures."""
    model = arguments[0] if arguments else BUNDLED
    with tempfile.TemporaryDirectory() as settings, virtual_display() as display:
        os.environ["LOUPE_SETTINGS"] = settings
        os.environ["DISPLAY"] = display or os.environ.get("DISPLAY", "")
        robot = Robot(ViewState(model=model), settings=Settings())
        robot.settle()
        take_walk(robot)
        take_mixing(robot)
        take_inside(robot)
        robot.close()
    draw_rotated()


def take_walk(robot: Any) -> None:
    """Found while dragging: the history beside the picture."""
    for seed in (42, 23, 4, 11):
        set_value(robot, "Latent/##seed", seed)
    robot.drag_picture(40, 10)
    set_value(robot, "Truncation & noise/##psi", 0.9)
    save(robot, "window", open_panels=("Performance",))


def take_mixing(robot: Any) -> None:
    """Late rows from another seed, and the picture turned."""
    robot.open_panel("Style mixing")
    robot.click("//Controls/Style mixing/All")
    for row in range(robot.app.context.model.num_ws // 2):
        robot.click(f"//Controls/Style mixing/{row}##row")
    set_value(robot, "Transform/##angle", 20)
    save(robot, "mixing", open_panels=("Style mixing", "Layers"), theme="Light")


def take_inside(robot: Any) -> None:
    """A layer and its spectrum."""
    layers = robot.app.shown.layers
    robot.open_panel("Layers", "Analysis")
    name = layers[len(layers) // 2].name
    state = robot.app.state
    robot.app.change(replace(state, layer=replace(state.layer, name=name, normalize=True)))
    robot.settle()
    save(robot, "layers", open_panels=("Layers", "Spectrum"), scroll_px=330)


def draw_rotated() -> None:
    """The same people by the three bundled architectures, upright and turned by 30°."""
    size, gap, shown = 128, 4, 2  # shown: screen pixels per sample
    names = ("portraits-r", "portraits-t", "portraits-sg2")
    step = size * shown + gap
    sheet = Image.new(
        "RGB", (step * 2 * len(ROTATED_SEEDS) - gap, step * len(names) - gap), "white"
    )
    for y, name in enumerate(names):
        for turned, degrees in enumerate((0, 30)):
            for x, path in enumerate(rendered(name, degrees)):
                image = Image.open(path).resize((size * shown,) * 2, Image.Resampling.BICUBIC)
                sheet.paste(image, (step * (2 * x + turned), step * y))
    sheet.save(FOLDER / "rotated.png", optimize=True)
    print(FOLDER / "rotated.png", flush=True)


def rendered(name: str, degrees: float) -> list[Path]:
    """Pictures of ROTATED_SEEDS by a bundled generator."""
    folder = Path(tempfile.mkdtemp())
    seeds = ",".join(map(str, ROTATED_SEEDS))
    command = [sys.executable, "-m", "visualizer", "images", f"bundled:{name}", "--seeds", seeds]
    options = ["--rotate", str(degrees), "--outdir", str(folder)]
    subprocess.run([*command, *options], check=True, cwd=FOLDER.parents[1])
    return sorted(folder.glob("*.png"))


def set_value(robot: Any, ref: str, value: float) -> None:
    robot.type_value(f"//Controls/{ref}", value)
    robot.settle()
    robot.frame()


def save(
    robot: Any, name: str, open_panels: tuple[str, ...], theme: str = "Dark", scroll_px: float = 0.0
) -> None:
    """Only these panels are open; the mouse is out of the way; the right column is scrolled."""
    for window, titles in PANELS.items():
        for title in titles:
            wanted = title in open_panels
            ref = f"//{window}/{title}"
            robot.do(lambda ui, r=ref, w=wanted: ui.item_open(r) if w else ui.item_close(r))
        robot.do(lambda ui, w=window: ui.scroll_to_top(f"//{w}"))
    robot.do(lambda ui: ui.scroll_to_y("//Analysis", scroll_px))
    robot.do(lambda ui: ui.mouse_move_to_pos(imgui.ImVec2(640, 705)))
    robot.app.settings.theme = theme
    robot.settle()
    for _ in range(60):  # profiles and plots arrive
        robot.frame()
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(robot.screenshot())
    image.save(FOLDER / f"{name}.png", optimize=True)
    print(FOLDER / f"{name}.png", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
