"""Loaded generators: several stay resident within a byte budget, the longest unused goes first."""

from __future__ import annotations

import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import networks
from renderer.download import cached_path, fetch, forget
from renderer.errors import RenderError
from renderer.messages import BUNDLED_SOURCES, UNTRAINED, ModelInfo, ResidentModel, is_address
from renderer.preparation import prepare_kernels

BUDGET_BYTES = 4 << 30
_CHUNK_BYTES = 1 << 20
_READING_SHARE = 0.4  # of the progress bar; the rest is building
_DOWNLOAD_SHARE = 0.8  # of the whole bar, where there is an address to fetch from

Report = Callable[[float, str], None]
_GENERATORS = Path(__file__).resolve().parent.parent / "assets" / "generators"
_key_numbers = itertools.count()


class Canceled(Exception):
    """The person does not want this model any more."""


@dataclass(frozen=True)
class Model:
    """A resident generator."""

    key: int  # differs for every load, so that caches never mix two files of one name
    generator: networks.Generator
    info: ModelInfo
    stamp: tuple[int, ...]  # of the file it came from: it changes when the file does
    device: str = "cpu"

    @property
    def num_bytes(self) -> int:
        tensors = itertools.chain(self.generator.parameters(), self.generator.buffers())
        return sum(tensor.nbytes for tensor in tensors)


class ModelStore:
    """Resident models by source. Safe to use from the render and the load thread."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._pinned: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def get(self, source: str) -> Model | None:
        """The resident model of a source, which becomes the most recently used."""
        with self._lock:
            if source in self._models:
                self._models.move_to_end(source)
            return self._models.get(source)

    def pin(self, sources: Iterable[str]) -> None:
        """These are on the screen now: they stay, whatever the budget, until the next `pin`."""
        with self._lock:
            self._pinned = frozenset(sources)

    def add(self, model: Model) -> None:
        """Keep a model; older ones leave until the budget holds. The newest always stays."""
        with self._lock:
            newest = model.info.source
            self._models.pop(newest, None)
            self._models[newest] = model
            self._make_room()

    def set_budget(self, num_bytes: int) -> None:
        """Another budget; older models leave until it holds."""
        with self._lock:
            self.budget_bytes = num_bytes
            self._make_room()

    def drop(self, source: str) -> None:
        """Let a model go, unless it is on the screen."""
        with self._lock:
            if source not in self._pinned:
                self._models.pop(source, None)

    def keys(self) -> frozenset[int]:
        """Of the resident models."""
        with self._lock:
            return frozenset(model.key for model in self._models.values())

    def _make_room(self) -> None:
        for source in list(self._models)[:-1]:
            if self._num_bytes() <= self.budget_bytes:
                return
            if source not in self._pinned:
                del self._models[source]

    def resident(self) -> tuple[ResidentModel, ...]:
        """What is in memory, used longest ago first."""
        with self._lock:
            return tuple(
                ResidentModel(source, model.num_bytes) for source, model in self._models.items()
            )

    def _num_bytes(self) -> int:
        return sum(model.num_bytes for model in self._models.values())


def source_stamp(source: str) -> tuple[int, ...]:
    """Changes when the file behind a source changes; () where there is no file."""
    if source.startswith("bundled:"):
        return ()
    try:
        status = _resolve(source).stat()
    except (OSError, ValueError, networks.CheckpointError):
        return ()
    return (status.st_mtime_ns, status.st_size)


def refresh(source: str, report: Report) -> None:
    """Look behind an address for a newer file, which takes the place of the copy on disk.

    Raises:
        networks.CheckpointError: the server does not answer, or not with a file.
        Canceled: `report` said so.
    """
    fetch(source, lambda done, text: report(_DOWNLOAD_SHARE * done, text), again=True)


def load_model(source: str, device: str, report: Report) -> Model:
    """Read a checkpoint, or build a bundled generator, and move it to the device.

    Args:
        source: a file, a folder (its newest network-snapshot-*.pkl), bundled:<name>, or an
            address, whose file is downloaded first or taken from the disk's copy.
        report: told the fraction done and what is being done; may raise `Canceled`.

    Raises:
        networks.CheckpointError: there is no such file, or it is not a usable checkpoint.
        RenderError: there is no such bundled generator.
        Canceled: `report` said so.
    """
    if is_address(source):
        fetch(source, lambda done, text: report(_DOWNLOAD_SHARE * done, text))
        rest = 1 - _DOWNLOAD_SHARE
        return _load(source, device, lambda d, text: report(_DOWNLOAD_SHARE + rest * d, text))
    return _load(source, device, report)


def _load(source: str, device: str, report: Report) -> Model:
    stamp = source_stamp(source)
    if source.startswith("bundled:"):
        generator, label = _build_bundled(source, report)
    else:
        path = _resolve(source)
        report(0.0, f"Reading {path.name}")
        share = _READING_SHARE
        read_ahead(path, lambda done, of: report(share * done / of, f"Reading {path.name}"))
        report(_READING_SHARE, f"Building {path.name}")
        generator, label = _read(source, path), path.stem
    report(0.9, f"Moving {label} to {device}")
    generator = generator.to(device).eval().requires_grad_(False)
    prepare_kernels(generator, device, lambda sentence: report(0.95, sentence))
    generator.reduced_on_cpu = True  # a request says which precision it wants
    report(1.0, f"Loaded {label}")
    info = _describe(source, label, generator)
    return Model(next(_key_numbers), generator, info, stamp, device)


def _build_bundled(source: str, report: Report) -> tuple[networks.Generator, str]:
    if source not in BUNDLED_SOURCES:
        names = ", ".join(BUNDLED_SOURCES)
        raise RenderError(f"There is no bundled generator {source!r}; this version has {names}.")
    label = source.removeprefix("bundled:")
    report(0.0, f"Building {label}")
    if source == UNTRAINED:
        return networks.untrained_generator(), label
    return networks.load_generator(_GENERATORS / f"{label}.safetensors"), label


def _read(source: str, path: Path) -> networks.Generator:
    try:
        return networks.load_generator(str(path))
    except networks.CheckpointError as error:
        if not is_address(source):
            raise
        if not isinstance(error.__cause__, MemoryError):
            forget(source)  # the server may have something better the next time
        message = str(error).replace(repr(str(path)), repr(source))
        raise networks.CheckpointError(message) from error


def _resolve(source: str) -> Path:
    if is_address(source):
        return cached_path(source)
    path = Path(os.path.expanduser(source))
    return networks.newest_snapshot(path) if os.path.isdir(path) else path  # neither ever raises


def read_ahead(path: Path, report: Callable[[int, int], None]) -> None:
    """Bring the file into the system's cache, where the slow part can be seen and canceled.

    Args:
        report: told how many bytes are read and how many there are; may raise.
    """
    with networks.open_regular(path, repr(str(path))) as file:
        total = os.fstat(file.fileno()).st_size
        done = 0
        while chunk := file.read(_CHUNK_BYTES):
            done += len(chunk)
            report(done, max(total, done))


def _describe(source: str, label: str, generator: networks.Generator) -> ModelInfo:
    return ModelInfo(
        source=source,
        label=label,
        family=generator.family,
        img_resolution=generator.img_resolution,
        img_channels=generator.img_channels,
        z_dim=generator.z_dim,
        c_dim=generator.c_dim,
        w_dim=generator.w_dim,
        num_ws=generator.num_ws,
        has_input_transform=generator.has_input_transform,
        has_noise=generator.has_noise,
        num_parameters=generator.num_parameters,
        untrained=generator.untrained,
        sha256=generator.sha256,
    )
