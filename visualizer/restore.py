"""Reading the state back that a captured picture carries."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from renderer.state import StateError, state_from_json
from visualizer.capture import STATE_KEY
from visualizer.session import Restored


def read_picture(path: Path) -> Restored:
    """The state inside a PNG.

    Raises:
        StateError: it carries none, or one that cannot be used; the sentence names the file.
        OSError: it cannot be read.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            text = dict(getattr(image, "text", {}))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise StateError(f"{path.name} is not a PNG picture that can be read") from error
    if STATE_KEY not in text:
        raise StateError(f"{path.name} carries no state: it was not saved by this program")
    try:
        return Restored(state_from_json(text[STATE_KEY]), text.get("sha256", ""))
    except StateError as error:
        raise StateError(f"the state in {path.name} cannot be used: {error}") from error
