"""`loupe info`: what is in a checkpoint, without building it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from networks import CheckpointError, Description, describe_checkpoint, newest_snapshot
from renderer.download import fetch
from renderer.messages import is_address
from renderer.progress import percent_bar

FAMILIES = {"stylegan2": "StyleGAN2", "stylegan3": "StyleGAN3"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="loupe info", description="Say what is in a checkpoint, without building it."
    )
    add = parser.add_argument
    add("model", nargs="+", metavar="MODEL",
        help="checkpoint, a folder (its newest network-snapshot-*.pkl), or an address")  # fmt: skip
    add("--tensors", action="store_true", help="also list every tensor")
    add("--json", action="store_true", help="one JSON object per checkpoint, tensors included")
    options = parser.parse_args(arguments)
    status = 0
    for i, name in enumerate(options.model):
        try:
            found = describe(name)
        except KeyboardInterrupt:
            print(f"{parser.prog}: stopped", file=sys.stderr)
            return 130
        except CheckpointError as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            status = 1
            continue
        if options.json:
            print(json.dumps(to_json(found)))
        else:
            print("\n".join([""] * (i > 0) + list(to_lines(found, options.tensors))))
    return status


def describe(name: str) -> Description:
    """The description of a file, of a folder's newest snapshot, or of what is at an address.

    Raises:
        CheckpointError: it cannot be used.
    """
    if is_address(name):
        with percent_bar() as report:
            return describe_checkpoint(fetch(name, report))
    path = Path(name).expanduser()
    return describe_checkpoint(newest_snapshot(path) if path.is_dir() else path)


def to_json(found: Description) -> dict[str, object]:
    """Plain values, for programs."""
    values = dataclasses.asdict(found)
    values["num_tensors"], values["num_values"] = len(found.tensors), found.num_values
    return values


def to_lines(found: Description, with_tensors: bool = False) -> Iterator[str]:
    """Lines for people: a name, then its value."""
    used = f"{found.format}, {found.network} used" if found.network else found.format
    others = f"; also holds {', '.join(found.other_networks)}" if found.other_networks else ""
    untrained = ", untrained" if found.untrained else ""
    res = found.img_resolution
    rows = {
        "file": found.path,
        "size": f"{found.file_bytes / 2**20:.1f} MiB",
        "sha256": found.sha256,
        "format": used + others,
        "generator": FAMILIES[found.family] + untrained,
        "picture": f"{res}×{res}, {_count(found.img_channels, 'channel')}",
        "latents": f"z {found.z_dim}, w {found.w_dim}, {found.num_ws} rows of ws",
        "classes": str(found.c_dim) if found.c_dim else "none",
        "transform": "yes" if found.has_input_transform else "no (learned constant input)",
        "noise": "yes" if found.has_noise else "no",
        "layers": ", ".join(found.layers),
        "parameters": f"{found.num_parameters:,}",
        "tensors": f"{len(found.tensors)} with {found.num_values:,} values",
    }
    if found.training:
        rows["training"] = ", ".join(f"{key} {value}" for key, value in found.training.items())
    for key, value in rows.items():
        yield f"{key:<11} {value}"
    if with_tensors:
        width = max(len(name) for name in found.tensors)
        for name, tensor in found.tensors.items():
            shape = "×".join(map(str, tensor.shape)) or "one"
            yield f"  {name:<{width}}  {tensor.dtype:<8} {shape}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        status = 0
    sys.exit(status)
