"""Picture files: written whole or not at all, and carrying the state that makes them again.

Without torch: the window and the headless commands share it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import secrets
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

from renderer.messages import ModelInfo, address_name, is_address
from renderer.state import StateError, ViewState, state_from_json, state_to_json

_STATE_KEY = "Latent Loupe state"
_CHECKPOINT_KEY = "Latent Loupe checkpoint"
_SHA256_KEY = "Latent Loupe SHA-256"
_VERSIONS_KEY = "Latent Loupe versions"


@dataclass(frozen=True)
class PictureMetadata:
    """What a picture says about how it was made."""

    state: ViewState
    checkpoint: str  # name of the file, for people
    sha256: str  # of the checkpoint; "" for a built-in generator
    versions: str


def describe_picture(state: ViewState, model: ModelInfo) -> PictureMetadata:
    """The metadata of a picture made from `state` with `model`."""
    name = model.source
    if is_address(name):
        name = address_name(name)
    elif not name.startswith("bundled:"):
        name = Path(name).name
    name = name.encode("utf-8", "replace").decode("utf-8")  # file names need not be text
    versions = ", ".join(f"{name} {_version(name)}" for name in ("latent-loupe", "torch", "numpy"))
    return PictureMetadata(state, name, model.sha256, versions)


def save_png(
    path: Path, pixels: npt.NDArray[np.uint8], metadata: PictureMetadata | None = None
) -> None:
    """Write a uint8 [H, W, 1 or 3 or 4] picture; an existing file is replaced at once or not.

    Raises:
        OSError: it cannot be written.
    """
    with _unfinished(path) as part:
        _write_png(part, pixels, metadata)
        os.replace(part, path)


def save_numbered_png(
    folder: Path,
    stem: str,
    pixels: npt.NDArray[np.uint8],
    metadata: PictureMetadata | None = None,
) -> Path:
    """Write folder/stem_00000.png under the next free number; never replaces a file.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = _next_number(folder, stem)
    with _unfinished(folder / f"{stem}.png") as part:
        _write_png(part, pixels, metadata)
        while True:
            path = folder / f"{stem}_{number:05d}.png"
            if _rename_to_new(part, path):
                return path
            number += 1


def read_metadata(path: Path) -> PictureMetadata | None:
    """What a picture carries; None when it carries no state.

    Raises:
        StateError: it is not a picture, or its state cannot be used; one sentence.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # never decoded here
            with Image.open(path) as image:
                texts = {key: text for key, text in image.info.items() if isinstance(text, str)}
    except OSError as error:
        reason = error.strerror or "it is not a picture that can be read"
        raise StateError(f"{path.name} cannot be opened: {reason}") from error
    except Exception as error:  # a damaged picture makes the decoder raise all kinds of things
        raise StateError(f"{path.name} is damaged: {error}") from error
    if _STATE_KEY not in texts:
        return None
    return PictureMetadata(
        state=state_from_json(texts[_STATE_KEY]),
        checkpoint=texts.get(_CHECKPOINT_KEY, ""),
        sha256=texts.get(_SHA256_KEY, ""),
        versions=texts.get(_VERSIONS_KEY, ""),
    )


def _write_png(path: Path, pixels: npt.NDArray[np.uint8], metadata: PictureMetadata | None) -> None:
    texts = PngImagePlugin.PngInfo()
    if metadata is not None:
        texts.add_itxt(_STATE_KEY, state_to_json(metadata.state))
        texts.add_itxt(_CHECKPOINT_KEY, metadata.checkpoint)
        texts.add_itxt(_SHA256_KEY, metadata.sha256)
        texts.add_itxt(_VERSIONS_KEY, metadata.versions)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.save(path, format="PNG", pnginfo=texts)


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A name beside `path` to write under; removed if the body does not rename it."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _next_number(folder: Path, stem: str) -> int:
    numbers = [path.stem.removeprefix(f"{stem}_") for path in folder.glob(f"{stem}_*.png")]
    return max((int(n) for n in numbers if n.isascii() and n.isdigit()), default=-1) + 1


def _rename_to_new(part: Path, path: Path) -> bool:
    """Rename unless `path` exists, in one step where the file system can do that."""
    if os.name == "nt":
        try:
            part.rename(path)  # fails when the name is taken
        except FileExistsError:
            return False
        return True
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # no hard links here (exFAT, some network drives)
        if path.exists():
            return False
        part.rename(path)
    return True


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
