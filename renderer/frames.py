"""Answers frames: every view of a request to a tile in shared memory."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import psutil

from renderer.errors import RenderError, Superseded, error_info, is_out_of_memory
from renderer.loader import Loader
from renderer.messages import (
    ErrorInfo,
    RenderFrame,
    RenderRequest,
    RenderResult,
    Tile,
    ViewFailure,
)
from renderer.models import Model, ModelStore
from renderer.pipeline import DIFFERENCE, Pipeline, RenderedView
from renderer.ring import RingWriter
from renderer.work import Work

ShouldStop = Callable[[], bool]


class Frames:
    """Renders requests one after the other."""

    def __init__(
        self,
        pipeline: Pipeline,
        store: ModelStore,
        loader: Loader,
        ring: RingWriter,
        send: Callable[[object], None],
        newer_waits: Callable[[], bool],
        device: str,
    ) -> None:
        self._pipeline = pipeline
        self._store = store
        self._loader = loader
        self._ring = ring
        self._send = send
        self._newer_waits = newer_waits
        self._device = device
        self._num_finished = 0
        self._may_stop = True

    def answer(self, frame: RenderFrame) -> bool:
        """Render and send; returns False when a newer request stopped it.

        A frame that was stopped lets the next one finish: the screen must not starve.
        A view that fails leaves the others theirs.
        """
        begin_sec = time.perf_counter()
        work, failures = Work(), Failures()
        tiles: tuple[Tile, ...] = ()
        may_stop, self._may_stop = self._may_stop, True
        try:
            models = self._models(frame.request, failures)
            is_waiting = len(models) + len(failures.by_name) < len(frame.request.views)
            if is_waiting and not models:
                return True  # offered again when the model has arrived
            should_stop: ShouldStop = lambda: may_stop and self._newer_waits()  # noqa: E731
            rendered = self._rendered(frame.request, models, work, should_stop, failures)
            tiles = self._written(rendered)
        except Superseded:
            self._may_stop = False
            return False
        except BrokenPipeError:
            raise
        except Exception as error:  # told to the person; the renderer lives on
            for view in frame.request.views:
                failures.by_name[view.name] = error
        if failures.of_memory:
            self._pipeline.forget()
        self._send_result(frame, begin_sec, work, tiles, failures)
        return True

    def _rendered(
        self,
        request: RenderRequest,
        models: dict[str, Model],
        work: Work,
        should_stop: ShouldStop,
        failures: Failures,
    ) -> list[RenderedView]:
        rendered: dict[str, RenderedView] = {}
        for view in request.views:
            if view.name in models:
                with failures.noted(view.name):
                    model = models[view.name]
                    rendered[view.name] = self._pipeline.render(view, model, work, should_stop)
        spec = request.difference
        if spec is not None and spec.a in rendered and spec.b in rendered:
            with failures.noted(DIFFERENCE):
                pair = (rendered[spec.a], rendered[spec.b])
                difference = self._pipeline.render_difference(pair, spec, work, should_stop)
                if difference is not None:
                    rendered[DIFFERENCE] = difference
        return list(rendered.values())

    def _written(self, rendered: list[RenderedView]) -> tuple[Tile, ...]:
        """All of them as tiles, or none: what was written goes back when a later one fails."""
        tiles: list[Tile] = []
        try:
            for view in rendered:
                tiles.append(self._tile(view, len(rendered)))
        except BaseException:
            for tile in tiles:
                self._ring.release(tile.ref.ring, tile.ref.slot)
            raise
        return tuple(tiles)

    def _models(self, request: RenderRequest, failures: Failures) -> dict[str, Model]:
        """The models by the names of their views, without those still being loaded."""
        models, is_loading = {}, False
        self._store.pin(view.model for view in request.views)
        self._pipeline.keep(self._store.keys())
        for view in request.views:
            model = self._store.get(view.model)
            if model is not None:
                models[view.name] = model
            elif not is_loading:  # one at a time: the loader would drop the one before
                error = self._loader.need(view.model)
                is_loading = error is None
                if error is not None:
                    failures.by_name[view.name] = LoadFailed(error)
        return models

    def _tile(self, rendered: RenderedView, num_views: int) -> Tile:
        picture = rendered.picture
        return Tile(
            name=rendered.view.name,
            ref=self._ring.write(picture.pixels, num_views),
            model=rendered.model.info,
            layers=rendered.layers,
            stats=picture.stats,
            num_shown_channels=picture.num_shown_channels,
            base_channel=picture.base_channel,
        )

    def _send_result(
        self,
        frame: RenderFrame,
        begin_sec: float,
        work: Work,
        tiles: tuple[Tile, ...],
        failures: Failures,
    ) -> None:
        self._num_finished += 1
        told = failures.told()
        settled = {tile.name for tile in tiles} | {failure.name for failure in told}
        result = RenderResult(
            stamp=frame.stamp,
            request=frame.request,
            tiles=tiles,
            error=told[0].error if told else None,
            failures=told,
            waiting=tuple(v.name for v in frame.request.views if v.name not in settled),
            render_ms=(time.perf_counter() - begin_sec) * 1000,
            stage_ms=tuple(work.stage_ms.items()),
            synthesis_runs=work.synthesis_runs,
            device=self._device,
            memory_bytes=psutil.Process().memory_info().rss,
            num_finished=self._num_finished,
            resident=self._store.resident(),
            models_budget_bytes=self._store.budget_bytes,
        )
        self._send(result)


class LoadFailed(RenderError):
    """A model that cannot be loaded; `error` is what the window is told."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.message)
        self.error = error


class Failures:
    """What went wrong in a frame, by the names of its views."""

    def __init__(self) -> None:
        self.by_name: dict[str, Exception] = {}

    @property
    def of_memory(self) -> bool:
        return any(is_out_of_memory(error) for error in self.by_name.values())

    @contextlib.contextmanager
    def noted(self, name: str) -> Iterator[None]:
        """An error of the body is this view's; what stops the whole frame goes on."""
        try:
            yield
        except (Superseded, BrokenPipeError):
            raise
        except Exception as error:
            self.by_name[name] = error

    def told(self) -> tuple[ViewFailure, ...]:
        return tuple(ViewFailure(name, _info(error)) for name, error in self.by_name.items())


def _info(error: Exception) -> ErrorInfo:
    return error.error if isinstance(error, LoadFailed) else error_info(error, "rendering")
