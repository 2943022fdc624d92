"""What "save picture" and "save window" write: numbered PNG files, whole or not at all."""

from __future__ import annotations

import io
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from renderer.state import state_to_json
from visualizer.context import Shown
from visualizer.files import write_new
from visualizer.history import paused

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
STATE_KEY = "latent-loupe-state"


def png_bytes(pixels: Pixels, text: dict[str, str] | None = None) -> bytes:
    """A PNG file of uint8 pixels [H, W, 1 or 3], with text chunks."""
    info = PngImagePlugin.PngInfo()
    for key, value in (text or {}).items():
        info.add_itxt(key, value)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=info, compress_level=4)
    return buffer.getvalue()


def picture_text(shown: Shown) -> dict[str, str]:
    """What a picture says about itself: its state, its checkpoint, versions."""
    model = shown.model
    return {
        STATE_KEY: state_to_json(paused(shown.state)),
        "checkpoint": Path(model.source).name,
        "sha256": model.sha256,
        "versions": json.dumps({"latent-loupe": metadata.version("latent-loupe")}),
    }


def save_picture(folder: Path, pixels: Pixels, shown: Shown, with_text: bool) -> Path:
    """Write the shown picture at its own resolution; returns its path.

    Raises:
        OSError: the folder cannot be written.
    """
    text = picture_text(shown) if with_text else None
    return write_new(folder, "picture", ".png", png_bytes(pixels, text))


def save_window(folder: Path, pixels: Pixels) -> Path:
    """Write the pixels of the window; returns the path."""
    return write_new(folder, "window", ".png", png_bytes(pixels))
