"""Answers frames: every view of a request to a tile in shared memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from renderer.errors import RenderError, Superseded, error_info, is_out_of_memory
from renderer.loader import Loader
from renderer.messages import ErrorInfo, RenderFrame, RenderRequest, RenderResult, Tile
from renderer.models import Model, ModelStore
from renderer.pipeline import Pipeline, RenderedView
from renderer.ring import RingWriter
from renderer.work import Work


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
        """
        begin_sec = time.perf_counter()
        work = Work()
        may_stop, self._may_stop = self._may_stop, True
        try:
            models = self._models(frame.request)
            if models is None:
                return True  # offered again when the model has arrived
            tiles = self._tiles(frame.request, models, work, may_stop)
        except Superseded:
            self._may_stop = False
            return False
        except BrokenPipeError:
            raise
        except Exception as error:  # told to the person; the renderer lives on
            if is_out_of_memory(error):
                self._pipeline.forget()
            self._send_result(frame, begin_sec, work, error=_frame_error(error))
            return True
        self._send_result(frame, begin_sec, work, tiles)
        return True

    def _tiles(
        self, request: RenderRequest, models: dict[str, Model], work: Work, may_stop: bool
    ) -> tuple[Tile, ...]:
        def should_stop() -> bool:
            return may_stop and self._newer_waits()

        rendered = [
            self._pipeline.render(view, models[view.model], work, should_stop)
            for view in request.views
        ]
        spec = request.difference
        if spec is not None:
            named = {view.view.name: view for view in rendered}
            pair = (named[spec.a], named[spec.b])
            difference = self._pipeline.render_difference(pair, spec, work, should_stop)
            rendered += [difference] if difference is not None else []
        return self._written(rendered)

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

    def _models(self, request: RenderRequest) -> dict[str, Model] | None:
        """The models of a request; None while one of them is still being loaded.

        Raises:
            LoadFailed: one of them cannot be loaded.
        """
        models = {}
        sources = tuple(dict.fromkeys(view.model for view in request.views))
        self._store.pin(sources)
        for source in sources:
            model = self._store.get(source)
            if model is not None:
                models[source] = model
            elif (error := self._loader.need(source)) is not None:
                raise LoadFailed(error)
            else:
                return None
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
        tiles: tuple[Tile, ...] = (),
        error: ErrorInfo | None = None,
    ) -> None:
        self._num_finished += 1
        result = RenderResult(
            stamp=frame.stamp,
            request=frame.request,
            tiles=tiles,
            error=error,
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


def _frame_error(error: Exception) -> ErrorInfo:
    return error.error if isinstance(error, LoadFailed) else error_info(error, "rendering")
