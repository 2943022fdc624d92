"""`loupe convert`: write a checkpoint as safetensors, the format with nothing to execute."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from networks import CheckpointError, load_generator, newest_snapshot, save_generator
from renderer.download import fetch
from renderer.messages import is_address
from renderer.models import read_ahead
from renderer.progress import byte_bar, percent_bar

SUFFIX = ".safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="loupe convert",
        description="Write the generator of a checkpoint as safetensors; pictures stay the same.",
    )
    add = parser.add_argument
    add(
        "model",
        metavar="IN",
        help="checkpoint, a folder (its newest network-snapshot-*.pkl), or an address",
    )
    add("output", nargs="?", metavar="OUT",
        help="file or folder to write; default: beside IN, or here for an address")  # fmt: skip
    add("--force", action="store_true", help="replace OUT where it exists")
    options = parser.parse_args(arguments)
    try:
        written = convert(options.model, options.output, options.force)
    except CheckpointError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped; nothing was written", file=sys.stderr)
        return 130
    print(written)
    return 0


def convert(model: str, output: str | None = None, force: bool = False) -> Path:
    """Write `model` as safetensors; returns the path written.

    Raises:
        CheckpointError: the checkpoint cannot be read, or the file not written.
    """
    source = _source(model)
    target = _target(source.name if is_address(model) else source, output)
    if target.exists():
        if source.exists() and target.samefile(source):
            raise CheckpointError(f"{str(target)!r} is the checkpoint itself; name another file")
        if not force:
            raise CheckpointError(f"{str(target)!r} exists; choose another name or add --force")
    if not target.parent.is_dir():
        raise CheckpointError(f"{str(target.parent)!r} is not a folder; create it first")
    with byte_bar(f"Reading {source.name}") as show:
        read_ahead(source, show)  # what takes long when the file comes from a disk
        generator = load_generator(source)
    with byte_bar(f"Writing {target.name}") as show:
        save_generator(generator, target, report=show)
    return target


def _source(model: str) -> Path:
    if is_address(model):
        with percent_bar() as report:
            return fetch(model, report)
    path = Path(model).expanduser()
    return newest_snapshot(path) if path.is_dir() else path


def _target(source: str | Path, output: str | None) -> Path:
    """Where to write; beside the source, or in the current folder where that is a mere name."""
    source = Path(source)
    if output is None:
        return source.with_name(source.stem + SUFFIX)
    target = Path(output).expanduser()
    if target.is_dir():
        return target / (source.stem + SUFFIX)
    if target.suffix.lower() != SUFFIX:
        raise CheckpointError(f"{output!r} does not end in {SUFFIX}, the format it will have")
    return target


if __name__ == "__main__":
    sys.exit(main())
