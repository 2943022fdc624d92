"""Newest wins without starving, errors that leave the renderer alive, models within a budget."""

from __future__ import annotations

import errno
import mmap
import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from renderer.download import cached_path
from renderer.errors import error_info, is_out_of_memory
from renderer.frames import Frames
from renderer.loader import Loader
from renderer.messages import (
    BUNDLED,
    JobDone,
    LatentSpec,
    RenderFrame,
    RenderRequest,
    RenderResult,
    TileRef,
    View,
)
from renderer.models import Model, ModelStore, load_model
from renderer.pipeline import Pipeline
from renderer.ring import RingWriter

GOLDEN = Path(__file__).parent.parent / "golden"
MODELS = [str(GOLDEN / f"{name}.pkl") for name in ("stylegan3-r-64", "stylegan2-64")]
LIMIT_SEC = 60


class Ring:
    """Takes pictures and forgets them."""

    def write(self, picture: Any, _num_tiles: int) -> TileRef:
        return TileRef("ring", 0, *picture.shape, slot=0)

    def release(self, _ring: str, _slot: int) -> None:
        pass


@pytest.fixture
def addresses(file_server: Any) -> list[str]:
    """Of the same models."""
    for path in map(Path, MODELS):
        file_server.files[path.name] = path.read_bytes()
    return [file_server.address(Path(path).name) for path in MODELS]


class Bench:
    """Frames on a loader of its own, with everything that is sent."""

    def __init__(self, budget_bytes: int = 1 << 40) -> None:
        self.sent: list[Any] = []
        self.settled: queue.Queue[None] = queue.Queue()
        self.newer_waits: Callable[[], bool] = lambda: False
        self.store = ModelStore(budget_bytes)
        self.pipeline = Pipeline("cpu")
        self.loader = Loader(self.store, "cpu", self.sent.append, lambda: self.settled.put(None))
        self.frames = Frames(
            self.pipeline,
            self.store,
            self.loader,
            Ring(),  # type: ignore[arg-type]
            self.sent.append,
            lambda: self.newer_waits(),  # noqa: PLW0108  tests replace it
            "cpu",
        )
        self.stamp = 0

    def answer(self, *sources: str, seed: int = 0) -> bool:
        views = tuple(
            View(model=source, name=source, latents=LatentSpec(((seed, 1.0),)))
            for source in sources
        )
        self.stamp += 1
        return self.frames.answer(RenderFrame(self.stamp, RenderRequest(views)))

    def answer_when_loaded(self, *sources: str) -> RenderResult:
        """As the worker does: offer the frame again after each load."""
        while True:
            num_sent = len(self.results())
            self.answer(*sources)
            if len(self.results()) > num_sent and not self.results()[-1].waiting:
                return self.results()[-1]
            self.settled.get(timeout=LIMIT_SEC)

    def results(self) -> list[RenderResult]:
        return [message for message in list(self.sent) if isinstance(message, RenderResult)]


def test_a_stopped_frame_lets_the_next_one_finish() -> None:
    bench = Bench()
    bench.answer_when_loaded(MODELS[0])
    num_looks = 0

    def newer_waits() -> bool:
        nonlocal num_looks
        num_looks += 1
        return True

    bench.newer_waits = newer_waits
    finished = [bench.answer(MODELS[0], seed=seed) for seed in range(1, 7)]
    assert finished == [False, True, False, True, False, True]
    assert num_looks == 3  # each stopped frame stopped after its first layer
    assert [result.stamp for result in bench.results()][1:] == [
        bench.stamp - 4,
        bench.stamp - 2,
        bench.stamp,
    ]


def test_a_frame_stops_between_two_layers_and_costs_no_more_than_it_ran() -> None:
    bench = Bench()
    whole = bench.answer_when_loaded(MODELS[0])
    num_layers = len(whole.tiles[0].layers)
    num_looks = 0

    def newer_waits() -> bool:
        nonlocal num_looks
        num_looks += 1
        return num_looks == num_layers // 2

    bench.newer_waits = newer_waits
    assert not bench.answer(MODELS[0], seed=1)
    assert num_looks == num_layers // 2
    assert bench.answer(MODELS[0], seed=1)
    assert bench.results()[-1].tiles


def test_several_models_stay_and_going_back_reads_nothing() -> None:
    bench = Bench()
    for source in (*MODELS, BUNDLED):
        bench.answer_when_loaded(source)
    num_loads = sum(isinstance(message, JobDone) for message in bench.sent)
    assert num_loads == 3
    for source in (*MODELS, BUNDLED, *MODELS):
        assert bench.answer(source)
        result = bench.results()[-1]
        assert result.tiles[0].model.source == source
        assert result.synthesis_runs == 0
        assert {model.source for model in result.resident} == {*MODELS, BUNDLED}
        assert all(model.num_bytes > 0 for model in result.resident)
    assert sum(isinstance(message, JobDone) for message in bench.sent) == num_loads


def bench_with_slow_loads(monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, threading.Event]:
    """The first model is there; every further load waits for the event."""
    bench, go_on = Bench(), threading.Event()
    bench.answer_when_loaded(MODELS[0])
    while not bench.settled.empty():
        bench.settled.get()

    def slow_load(*arguments: Any) -> Model:
        assert go_on.wait(LIMIT_SEC)
        return load_model(*arguments)

    monkeypatch.setattr("renderer.loader.load_model", slow_load)
    return bench, go_on


def test_a_view_whose_model_is_being_loaded_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench, go_on = bench_with_slow_loads(monkeypatch)
    for seed in (1, 2):
        assert bench.answer(MODELS[0], MODELS[1], BUNDLED, seed=seed)
        result = bench.results()[-1]
        assert [tile.name for tile in result.tiles] == [MODELS[0]]
        assert result.waiting == (MODELS[1], BUNDLED)
        assert (result.error, result.failures) == (None, ())
    go_on.set()
    result = bench.answer_when_loaded(MODELS[0], MODELS[1], BUNDLED)
    assert [tile.name for tile in result.tiles] == [MODELS[0], MODELS[1], BUNDLED]
    assert sum(isinstance(message, JobDone) for message in bench.sent) == 3  # each loaded once


def test_the_model_used_longest_ago_leaves_when_the_budget_is_full() -> None:
    sources = (*MODELS, BUNDLED)
    sizes = [load_model(source, "cpu", lambda _f, _t: None).num_bytes for source in sources]
    bench = Bench(budget_bytes=sum(sizes) - 1)
    for source in MODELS:
        bench.answer_when_loaded(source)
    bench.answer(MODELS[0])  # now the other one was used longer ago
    result = bench.answer_when_loaded(BUNDLED)
    assert [model.source for model in result.resident] == [MODELS[0], BUNDLED]
    assert [model.num_bytes for model in result.resident] == [sizes[0], sizes[2]]
    assert result.models_budget_bytes == sum(sizes) - 1


def test_a_model_that_leaves_takes_what_was_computed_with_it() -> None:
    bench = Bench()
    for source in MODELS:
        bench.answer_when_loaded(source)
    cache, keys = bench.pipeline._cache, bench.store.keys()
    assert {key[0] for key in cache._entries} == keys
    bench.store.drop(MODELS[0])
    assert bench.answer(MODELS[1])
    assert bench.results()[-1].synthesis_runs == 0
    assert {key[0] for key in cache._entries} == bench.store.keys() < keys
    assert cache.num_bytes == sum(size for _, size in cache._entries.values())


def test_two_models_larger_than_the_budget_are_still_shown_side_by_side() -> None:
    bench = Bench(budget_bytes=1)
    result = bench.answer_when_loaded(MODELS[0])
    assert result.tiles
    both = bench.answer_when_loaded(*MODELS)
    assert both.error is None
    assert [tile.model.source for tile in both.tiles] == MODELS


def test_memory_that_runs_out_is_named_and_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.answer_when_loaded(MODELS[0])

    def allocate(*_args: object) -> None:
        torch.empty(1 << 50)

    monkeypatch.setattr("renderer.stages.run_synthesis", allocate)
    bench.answer(MODELS[0], seed=5)
    error = bench.results()[-1].error
    assert error is not None
    assert error.message == "Memory ran out while rendering; close other programs or models."
    monkeypatch.undo()
    assert bench.answer(MODELS[0])
    assert bench.results()[-1].synthesis_runs >= 1  # what was cached has been given back


def test_shared_memory_that_is_full_is_an_error_and_the_next_picture_comes() -> None:
    class Memory:
        is_full = True

        def reserve(self, _num_bytes: int) -> None:
            if self.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")

        def map_block(self, _name: str, _base: int, num_bytes: int) -> mmap.mmap:
            return mmap.mmap(-1, num_bytes)

    bench, memory = Bench(), Memory()
    ring = RingWriter(memory, bench.sent.append)  # type: ignore[arg-type]
    bench.frames._ring = ring
    error = bench.answer_when_loaded(MODELS[0]).error
    assert error is not None
    assert error.message.startswith("Memory ran out while rendering")
    memory.is_full = False
    assert bench.answer_when_loaded(MODELS[0]).tiles


def test_a_tile_that_cannot_be_written_gives_back_those_before_it() -> None:
    class FullRing(Ring):
        def __init__(self) -> None:
            self.released: list[tuple[str, int]] = []
            self.num_written = 0

        def write(self, picture: Any, _num_tiles: int) -> TileRef:
            self.num_written += 1
            if self.num_written == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return TileRef("ring", 0, *picture.shape, slot=5)

        def release(self, ring: str, slot: int) -> None:
            self.released.append((ring, slot))

    bench, ring = Bench(), FullRing()
    bench.answer_when_loaded(*MODELS)
    bench.frames._ring = ring  # type: ignore[assignment]
    bench.answer(*MODELS)
    result = bench.results()[-1]
    assert result.error is not None
    assert [failure.name for failure in result.failures] == MODELS
    assert result.tiles == ()
    assert ring.released == [("ring", 5)]


def test_pictures_go_on_during_a_load_and_a_canceled_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench, go_on = bench_with_slow_loads(monkeypatch)
    bench.loader.start(11, MODELS[1])
    bench.loader.start(12, BUNDLED)
    bench.loader.cancel(12)
    assert bench.answer(MODELS[0], seed=1)
    assert bench.results()[-1].tiles
    assert bench.loader.is_busy
    go_on.set()
    for _ in range(2):
        bench.settled.get(timeout=LIMIT_SEC)
    loaded, canceled = [event for event in bench.sent if isinstance(event, JobDone)][-2:]
    assert (loaded.job_id, canceled.job_id) == (11, 12)
    assert loaded.outcome is not None
    assert canceled.canceled
    assert canceled.outcome is None


def test_errors_of_every_kind_are_one_sentence() -> None:
    for error in (MemoryError(), RuntimeError("CUDA out of memory. Tried…\n…")):
        assert is_out_of_memory(error)
        assert error_info(error, "rendering").message.startswith("Memory ran out while rendering")
    for other in (
        KeyError("x"),
        RuntimeError("first\nsecond"),
        RuntimeError(""),
        OSError(5, "I/O"),
    ):
        message = error_info(other, "rendering").message
        assert "rendering" in message
        assert "\n" not in message


def test_the_newest_snapshot_of_a_folder_is_the_model(tmp_path: Path) -> None:
    for name, source in (("000200", MODELS[0]), ("000040", MODELS[1]), ("001000", MODELS[1])):
        path = tmp_path / f"network-snapshot-{name}.pkl"
        path.write_bytes(Path(source).read_bytes())
    info = load_model(str(tmp_path), "cpu", lambda _f, _t: None).info
    assert (info.family, info.label, info.source) == (
        "stylegan2",
        "network-snapshot-001000",
        str(tmp_path),
    )
    assert replace(info, label="") != info


def test_a_model_in_memory_is_not_downloaded_again_when_its_copy_made_room(
    file_server: Any, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_CACHE_LIMIT", "0")
    bench = Bench()
    for address in addresses:
        bench.answer_when_loaded(address)
    assert [cached_path(address).exists() for address in addresses] == [False, True]
    bench.loader.start(1, addresses[0])
    bench.settled.get(timeout=LIMIT_SEC)
    assert bench.sent[-1].error is None
    assert len(file_server.ranges) == 2


def test_a_server_without_a_newer_file_leaves_the_copy_to_frames(
    file_server: Any, addresses: list[str]
) -> None:
    bench = Bench()
    for address in addresses:
        bench.answer_when_loaded(address)
    file_server.files.clear()
    bench.loader.start(1, addresses[0], again=True)
    bench.settled.get(timeout=LIMIT_SEC)
    assert "404" in bench.sent[-1].error.message
    bench.store.drop(addresses[0])
    assert bench.store.get(addresses[0]) is None
    assert bench.answer_when_loaded(addresses[0]).error is None
