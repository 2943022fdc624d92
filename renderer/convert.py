"""`loupe convert`: write a checkpoint as safetensors, the format with nothing to execute."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from networks import CheckpointError, load_generator, newest_snapshot, save_generator
from renderer.models import read_ahead

SUFFIX = ".safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="loupe convert",
        description="Write the generator of a checkpoint as safetensors; pictures stay the same.",
    )
    add = parser.add_argument
    add("model", metavar="IN", help="checkpoint, or a folder: its newest network-snapshot-*.pkl")
    add("output", nargs="?", metavar="OUT",
        help="file or folder to write; default: beside IN, ending in .safetensors")  # fmt: skip
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
    source = Path(model).expanduser()
    source = newest_snapshot(source) if source.is_dir() else source
    target = _target(source, output)
    if target.exists():
        if source.exists() and target.samefile(source):
            raise CheckpointError(f"{str(target)!r} is the checkpoint itself; name another file")
        if not force:
            raise CheckpointError(f"{str(target)!r} exists; choose another name or add --force")
    if not target.parent.is_dir():
        raise CheckpointError(f"{str(target.parent)!r} is not a folder; create it first")
    with _bar(f"Reading {source.name}") as show:
        read_ahead(source, show)  # what takes long when the file comes from a disk
        generator = load_generator(source)
    with _bar(f"Writing {target.name}") as show:
        save_generator(generator, target, report=show)
    return target


@contextmanager
def _bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of bytes: how many are done, and of how many."""
    with tqdm(
        desc=text, unit="B", unit_scale=True, file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _target(source: Path, output: str | None) -> Path:
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
