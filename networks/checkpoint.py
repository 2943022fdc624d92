"""Loading generators. Nothing in a file is ever executed.

Formats: PyTorch pickles of StyleGAN2-ADA and StyleGAN3, TensorFlow pickles of StyleGAN2,
and our own safetensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import torch

from networks.build import StoredGenerator
from networks.errors import CheckpointError, one_line
from networks.generator import Generator
from networks.native_file import is_native, open_native, parse_native
from networks.pickle_file import read_pickle
from networks.source import Source, open_source
from networks.tf_pickle import is_tf_pickle, stored_tf_generator
from networks.torch_pickle import stored_torch_generator


def load_generator(source: str | Path | BinaryIO, device: str | torch.device = "cpu") -> Generator:
    """Load a generator, in evaluation mode and without gradients.

    Args:
        source: path, or a binary file at its start.
        device: where to put it.

    Raises:
        CheckpointError: the file cannot be used; one sentence says why.
    """
    content = open_source(source)
    with explained(content.name):
        generator = read_stored(content).build()
    generator.sha256 = content.sha256()
    return generator.to(device)


def read_stored(content: Source) -> StoredGenerator:
    """What is in a source, before anything is built."""
    if is_native(content.head):
        return open_native(content.path) if content.path else parse_native(bytes(content.read()))
    if content.suffix == ".safetensors" and not content.head.startswith(b"\x80"):  # no pickle
        raise CheckpointError(
            "it is damaged or incomplete (it does not begin as safetensors files do); get it again"
        )
    data = content.read()
    value: Any = read_pickle(memoryview(data))
    if isinstance(value, dict):
        return stored_torch_generator(value, len(data))
    if is_tf_pickle(value):
        return stored_tf_generator(value, len(data))
    raise CheckpointError("it is a pickle of something else than a generator")


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Whatever goes wrong with a file becomes one sentence that names it."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{name} cannot be loaded: {error}") from error
    except MemoryError as error:
        raise CheckpointError(
            f"{name} cannot be loaded: there is not enough memory for it; close other programs"
        ) from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(
            f"{name} cannot be loaded: it is damaged or incomplete "
            f"({one_line(error)}); get it again"
        ) from error
    except (Exception, RecursionError) as error:
        raise CheckpointError(
            f"{name} cannot be loaded: it is damaged ({type(error).__name__}); get it again"
        ) from error
