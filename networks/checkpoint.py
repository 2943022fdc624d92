"""Loading and saving generators. Nothing in a file is ever executed.

Formats: PyTorch pickles of StyleGAN2-ADA and StyleGAN3, TensorFlow pickles of StyleGAN2,
and our own safetensors.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

import torch

from networks.errors import CheckpointError
from networks.generator import Generator
from networks.native_file import is_native, load_native, load_native_bytes
from networks.pickle_file import read_pickle
from networks.source import read_source
from networks.tf_pickle import is_tf_pickle, load_tf_pickle
from networks.torch_pickle import load_torch_pickle


def load_generator(source: str | Path | BinaryIO, device: str | torch.device = "cpu") -> Generator:
    """Load a generator, in evaluation mode and without gradients.

    Args:
        source: path, or a binary file at its start.
        device: where to put it.

    Raises:
        CheckpointError: the file cannot be used; one sentence says why.
    """
    name, data = read_source(source)
    try:
        if not is_native(bytes(data[:16])):
            generator = _load_pickle(data)
        elif isinstance(source, (str, Path)):
            generator = load_native(Path(source))
        else:
            generator = load_native_bytes(bytes(data))
    except CheckpointError as error:
        raise CheckpointError(f"{name} cannot be loaded: {error}") from error
    except (Exception, RecursionError) as error:
        raise CheckpointError(
            f"{name} cannot be loaded: it is damaged ({type(error).__name__}); get it again"
        ) from error
    generator.sha256 = hashlib.sha256(data).hexdigest()
    return generator.to(device)


def _load_pickle(data: bytearray) -> Generator:
    content: Any = read_pickle(memoryview(data))
    if isinstance(content, dict):
        return load_torch_pickle(content, len(data))
    if is_tf_pickle(content):
        return load_tf_pickle(content, len(data))
    raise CheckpointError("it is a pickle of something else than a generator")
