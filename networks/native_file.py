"""Our own format: safetensors, with the design as JSON in the metadata. Nothing to execute."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import safetensors.torch
import torch

from networks.build import StoredGenerator, StoredTensor
from networks.design_json import design_from_json, design_to_json
from networks.errors import CheckpointError, one_line
from networks.generator import Generator

FORMAT, FORMAT_VERSION = "loupe-generator", "1"
_PROVENANCE = "provenance."  # begins the names of its entries
MAX_HEADER = 100 * 2**20  # what the safetensors library accepts


def is_native(head: bytes) -> bool:
    """Whether the first bytes of a file are those of safetensors: header length, then JSON."""
    if head[8:9] != b"{":
        return False
    is_pickle = head[0] == 0x80 and head[1] <= 5  # a length that small in a pickle is chance
    return not is_pickle or int.from_bytes(head[:8], "little") < MAX_HEADER


def save_generator(
    generator: Generator,
    path: str | Path,
    provenance: Mapping[str, str] | None = None,
    report: Callable[[int, int], None] | None = None,
) -> None:
    """Write a generator as safetensors, completely or not at all.

    Args:
        generator: what to write.
        path: of the file, replaced if it exists.
        provenance: how the weights came about, for people; kept in the file's header. None: what
            the generator's own file said.
        report: told how many bytes are written and how many there are; may raise.

    Raises:
        CheckpointError: the file cannot be written.
    """
    path = Path(path)
    provenance = generator.provenance if provenance is None else provenance
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "family": generator.family,
        "design": design_to_json(generator.design),
        "untrained": "yes" if generator.untrained else "no",
        **{_PROVENANCE + name: text for name, text in provenance.items()},
    }
    # A killed program leaves a half temporary file, never a half checkpoint.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "xb") as file:
            _write(file, metadata, generator.state_dict(), report or (lambda _done, _of: None))
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise CheckpointError(
            f"{str(path)!r} cannot be written: {reason}; choose another place or make room"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write(
    file: BinaryIO,
    metadata: Mapping[str, str],
    state: Mapping[str, torch.Tensor],
    report: Callable[[int, int], None],
) -> None:
    """Length of the header, header, then every tensor as float32, one in memory at a time."""
    header: dict[str, Any] = {"__metadata__": metadata}
    total = 0
    for name, value in state.items():
        begin, total = total, total + 4 * value.numel()
        shape = list(value.shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, total]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the values are aligned
    file.write(len(text).to_bytes(8, "little") + text)
    done = 0
    for value in state.values():
        values = value.detach().float().cpu().contiguous().numpy().astype("<f4", copy=False)
        file.write(values.tobytes() if values.ndim == 0 else values.data.cast("B"))
        done += values.nbytes
        report(done, total)


def open_native(path: Path) -> StoredGenerator:
    """The generator that `save_generator` wrote; its weights stay memory-mapped.

    Raises:
        CheckpointError: not a generator of ours, or damaged.
    """
    file = safetensors.safe_open(path, framework="pt")
    slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
    tensors = {
        name: StoredTensor(tuple(part.get_shape()), _dtype_name(str(part.get_dtype())))
        for name, part in slices.items()
    }
    return _stored(file.metadata(), tensors, lambda name: _read(file, name))


def parse_native(data: bytes) -> StoredGenerator:
    """The same from bytes in memory."""
    metadata = check_metadata(read_metadata(data))
    values = safetensors.torch.load(data)
    tensors = {
        name: StoredTensor(tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for name, value in values.items()
    }
    return _stored(metadata, tensors, lambda name: values[name].float())


def _stored(
    metadata: Any, tensors: dict[str, StoredTensor], read: Callable[[str], torch.Tensor]
) -> StoredGenerator:
    metadata = check_metadata(metadata)
    return StoredGenerator(
        format="safetensors",
        design=design_from_json(metadata["family"], metadata["design"]),
        tensors=tensors,
        read=read,
        untrained=metadata.get("untrained") == "yes",
        provenance={
            name.removeprefix(_PROVENANCE): text
            for name, text in metadata.items()
            if name.startswith(_PROVENANCE)
        },
    )


def read_metadata(data: bytes | memoryview) -> Any:
    """The `__metadata__` of a safetensors header; None if there is none."""
    size = int.from_bytes(data[:8], "little")
    if size > min(len(data) - 8, MAX_HEADER):
        raise CheckpointError("it is incomplete: its header is longer than the file")
    try:
        header = json.loads(bytes(data[8 : 8 + size]))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its header is damaged: {one_line(error)}") from error
    return header.get("__metadata__") if isinstance(header, dict) else None


def check_metadata(metadata: Any) -> dict[str, str]:
    """The metadata of one of our files.

    Raises:
        CheckpointError: of another program, or of a later version of ours.
    """
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(
            "it is a safetensors file of another program: it does not say what generator it holds"
        )
    version = metadata.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"it has version {str(version)[:20]!r} of our format, this program reads "
            f"{FORMAT_VERSION}; update the program"
        )
    if not isinstance(metadata.get("family"), str) or not isinstance(metadata.get("design"), str):
        raise CheckpointError("it does not describe its generator")
    return metadata


def _dtype_name(code: str) -> str:
    """F32 → float32, as torch and numpy call it."""
    words = {"F": "float", "BF": "bfloat", "I": "int", "U": "uint"}
    kind = code.rstrip("0123456789")
    return words[kind] + code[len(kind) :] if kind in words else code.lower()


def _read(file: Any, name: str) -> torch.Tensor:
    tensor: torch.Tensor = file.get_tensor(name)
    return tensor.float().contiguous()
