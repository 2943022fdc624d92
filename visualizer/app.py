"""The instrument without its widgets: state, history, renderer, and what arrives from it.

Nothing here waits. A frame of the window is `begin_frame`, widgets that change `state`,
`end_frame`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from renderer.client import ClientStatus, Event
from renderer.messages import (
    BUNDLED,
    ErrorInfo,
    Job,
    JobDone,
    JobProgress,
    ModelInfo,
    ModelsKept,
    RenderRequest,
    RenderResult,
    Tile,
)
from renderer.state import ViewState, to_request
from visualizer import comparison
from visualizer.animation import Animator, is_animated
from visualizer.context import Context, Shown, Timings
from visualizer.history import History
from visualizer.inquiry import Inquiries
from visualizer.models import Failure, Models, resolve_source
from visualizer.notices import Notices
from visualizer.settings import Settings
from visualizer.step_pictures import StepPictures

IDLE_SEC = 1.0
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Renderer(Protocol):
    """What the window needs of `renderer.client.RendererClient`."""

    @property
    def status(self) -> ClientStatus: ...
    def submit(self, request: RenderRequest) -> int: ...
    def poll(self) -> tuple[Event, ...]: ...
    def pixels(self, tile: Tile) -> Pixels: ...
    def release(self, tile: Tile) -> None: ...
    def start_job(self, job: Job) -> int: ...
    def cancel_job(self, job_id: int) -> None: ...
    def set_models_budget(self, num_bytes: int) -> None: ...
    def drop_model(self, source: str) -> None: ...
    def retry(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Owed:
    """A picture that was asked for and has not come."""

    since_sec: float  # when the renderer could begin with it, or with one before it
    newest_sec: float  # when the newest one was asked for


class App:
    """State of the instrument, and its dealings with the renderer."""

    def __init__(self, renderer: Renderer, settings: Settings, state: ViewState) -> None:
        self.renderer = renderer
        self.settings = settings
        self.state = state
        self.history = History(state)
        self.models = Models(renderer)
        self.notices = Notices()
        self.timings = Timings()
        self.actions: dict[str, Callable[[], None]] = {}
        self.inquiries = Inquiries(renderer)
        self.context = Context(
            self.models,
            settings,
            self.notices,
            self.timings,
            self.history,
            self.actions,
            self.go,
            self.inquiries,
            self.models.open,
        )
        self.steps = StepPictures(self.context.thumbnails)
        self.animator = Animator()
        self.is_paused = False
        self.shown: Shown | None = None
        self.pixels: Pixels | None = None  # of the shown picture: a copy, for capture
        self.status = renderer.status
        self._request: RenderRequest | None = None
        self._asked_state: ViewState | None = None  # whose request that is
        self._submitted: dict[int, tuple[float | None, ViewState]] = {}  # stamp → input at, state
        self._expected_sha256: dict[str, str] = {}
        self._num_restarts = 0
        self._models_budget_gb = 0.0  # as sent
        self._said_failures: dict[str, Failure] = {}
        self._frame_sec = time.perf_counter()
        self._active_sec = self._frame_sec  # when something was rendered or animated last
        self._awaiting_screen: float | None = None
        self.fresh_pixels = False  # a picture has come that is not in the texture yet
        self.owed: Owed | None = None

    def open_at_start(self, sources: Sequence[str]) -> None:
        """Show the first model named on the command line; load the others behind it."""
        if sources:
            first = resolve_source(sources[0])
            self.state = replace(self.state, model=first)
            self.history.restart(self.state)
            self.models.open(first)
            self.models.open_later(list(sources[1:]))
        elif self.state.model != BUNDLED:
            self.models.open(self.state.model)

    # --- one frame -----------------------------------------------------------------------------

    def begin_frame(self) -> None:
        """Take what the renderer sent; move the animations on."""
        now = time.perf_counter()
        dt_sec, self._frame_sec = now - self._frame_sec, now
        self.timings.frame_ms.append(dt_sec * 1e3)
        self.take_events()
        self._follow_status(self.renderer.status)
        self._say_failure()
        ready = self.models.take_ready()
        if ready is not None:
            self.settings.add_recent(ready)
            self._request = None  # the same numbers mean another picture once a file was read again
            self.change(replace(self.state, model=ready))
        self._compare_sha256()
        self.context.model = self.models.infos.get(self.state.model)
        if not self.is_paused and is_animated(self.state):
            self._active_sec = now
            self.state = self.animator.advance(self.state, dt_sec)
            self.history.amend(self.state)

    def take_events(self) -> None:
        """Take what the renderer sent; also in the middle of a frame."""
        if self.settings.models_budget_gb != self._models_budget_gb:
            self._models_budget_gb = self.settings.models_budget_gb
            self.renderer.set_models_budget(round(self._models_budget_gb * 2**30))
        for event in self.renderer.poll():
            self._handle(event)

    def end_frame(self, gesture_open: bool) -> None:
        """Record the state and ask for its picture when it is another one."""
        canceled = self.models.take_canceled()
        if canceled == self.state.model and canceled not in self.models.infos:
            self._fall_back()
        self.history.record(self.state, gesture_open)
        self.context.comparison.follow(self.state)
        is_new = self.ask()
        if not is_new and not gesture_open and (self.is_paused or not is_animated(self.state)):
            self._keep_thumbnail()
            self._ask_for_step()
        self.context.thumbnails.missing.clear()

    def ask(self) -> bool:
        """Ask for the picture of the state if it is another one, also in the middle of a frame."""
        if self.state is self._asked_state and self._request is not None:
            return False
        loading = self.models.loading
        if self.shown is None and loading is not None and loading.source == self.state.model:
            return False  # its job reads it already
        request = comparison.extend(to_request(self.state), self.state)
        self._asked_state = self.state
        if request == self._request:
            return False
        self._request = request
        self._active_sec = self._frame_sec
        stamp = self.renderer.submit(request)
        now_sec = time.perf_counter()
        self.owed = Owed(self.owed.since_sec if self.owed else now_sec, now_sec)
        is_up = self.status.state in ("ready", "busy")  # its start is no latency
        self._submitted[stamp] = (self._frame_sec if is_up else None, self.state)
        return True

    def _keep_thumbnail(self) -> None:
        """A small picture of the state for the history, once its true picture is there."""
        thumbnails = self.context.thumbnails
        if self.is_current and self.pixels is not None and self.state not in thumbnails:
            thumbnails.take(self.state, self.pixels)

    def _ask_for_step(self) -> None:
        """The picture of a step that was passed by too quickly, while nobody waits for another."""
        if not self.is_current or self._request is None or self.owed is not None:
            return
        request = self.steps.extend(self._request, self.state)
        if request is not None:
            self._request = request
            self._submitted[self.renderer.submit(request)] = (None, self.state)

    @property
    def wanted(self) -> RenderRequest | None:
        """What was asked for last."""
        return self._request

    @property
    def is_idle(self) -> bool:
        """Whether nothing was rendered or animated lately, and nothing is under way."""
        is_working = self.owed is not None and self.status.state in ("ready", "busy")
        return not is_working and self._frame_sec - self._active_sec > IDLE_SEC

    @property
    def is_current(self) -> bool:
        """Whether the picture shown answers what was asked for last."""
        result = self.shown.result if self.shown is not None else None
        return result is not None and result.request == self._request and not result.waiting

    def change(self, state: ViewState) -> None:
        """Make a change that is a step of its own."""
        self.history.record(self.state, gesture_open=False)
        self.state = state
        self.history.record(self.state, gesture_open=False)

    def frame_on_screen(self) -> None:
        """Called after the swap: the picture uploaded in this frame is visible now."""
        if self._awaiting_screen is not None and not self.fresh_pixels:
            latency_sec = time.perf_counter() - self._awaiting_screen
            self.timings.latency_ms.append(latency_sec * 1e3)
            self._awaiting_screen = None

    def expect_sha256(self, source: str, sha256: str) -> None:
        """Say so when the checkpoint turns out to be another than a restored picture's."""
        if sha256:
            self._expected_sha256[source] = sha256

    def _compare_sha256(self) -> None:
        for source in [s for s in self._expected_sha256 if s in self.models.infos]:
            expected, found = self._expected_sha256.pop(source), self.models.infos[source].sha256
            if found and found != expected:
                message = (
                    f"The picture was made with another checkpoint of this name "
                    f"(SHA-256 {expected[:12]}…, here {found[:12]}…)."
                )
                self.notices.error("checkpoint", ErrorInfo(message))

    # --- undo ----------------------------------------------------------------------------------

    def undo(self) -> None:
        self.state = self.history.undo()

    def redo(self) -> None:
        self.state = self.history.redo()

    def go(self, num_steps: int) -> None:
        """Go several steps forward (+) or back (−)."""
        for _ in range(abs(num_steps)):
            self.redo() if num_steps > 0 else self.undo()

    def toggle_pause(self) -> None:
        """Stop or continue all animations."""
        self.is_paused = not self.is_paused and is_animated(self.state)

    def reload_model(self) -> None:
        """Read the model's file again if it has changed, such as during training."""
        self.models.open(self.state.model, again=True)

    def close(self) -> None:
        self.renderer.close()

    # --- what the renderer sends ---------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        if isinstance(event, RenderResult):
            self._take_result(event)
        elif isinstance(event, ModelsKept):
            self.models.keep(event.resident)
        elif isinstance(event, (JobProgress, JobDone)) and not self.inquiries.handle(event):
            self.models.handle(event)
            self._say_failure()
            if self.state.model in self.models.failures:
                self._fall_back()

    def _say_failure(self) -> None:
        """Models that could not be loaded, over the picture too: their panel may be hidden."""
        failures, said = self.models.failures, self._said_failures
        for source in said:
            if failures.get(source) is not said[source]:
                self.notices.clear(f"model {source}")
        for source, failure in failures.items():
            if said.get(source) is not failure:
                retry = functools.partial(self.models.retry, source)
                topic = f"model {source}"
                self.notices.error(topic, failure.error, retry, in_line=False)
        self._said_failures = dict(failures)

    def _take_result(self, result: RenderResult) -> None:
        input_sec, state = self._submitted.get(result.stamp, (None, self.state))
        newer = {s: v for s, v in self._submitted.items() if s > result.stamp}
        # It may be answered again (a model has arrived or left), too late to tell a latency.
        self._submitted = {result.stamp: (None, state), **newer}
        if self.owed is not None:
            since_sec = time.perf_counter()  # it has begun with the newest just now
            is_owed = newer or result.waiting
            self.owed = replace(self.owed, since_sec=since_sec) if is_owed else None
        if result.error is not None and not any(tile.name == "main" for tile in result.tiles):
            self._say_render_error(result)
        if result.resident:
            self.models.keep(result.resident)
        shown: dict[str, Shown] = {}
        for tile in result.tiles:
            pixels = np.array(self.renderer.pixels(tile))
            shown[tile.name] = Shown(result, tile, state, pixels)
            self.models.learn(tile.model)
            self.renderer.release(tile)
        self._active_sec = self._frame_sec
        self.context.comparison.take(result, shown)
        self.steps.take(result, shown)
        if "main" in shown:
            self.shown = shown["main"]
            self.pixels, self.fresh_pixels = self.shown.pixels, True
            self.inquiries.retry_failed()
            self.notices.clear("render")
            self.timings.render_ms.append(result.render_ms)
            self._awaiting_screen = input_sec

    def _say_render_error(self, result: RenderResult) -> None:
        assert result.error is not None
        if result.request.views[0].model in self.models.failures:
            return  # the Model panel says so already
        self.notices.error("render", result.error)

    def _fall_back(self) -> None:
        """The model asked for at the start cannot be shown: use one that can."""
        known: list[ModelInfo] = list(self.models.infos.values())
        shown = self.shown.model.source if self.shown else None
        source = shown or (known[0].source if known else BUNDLED)
        if source != self.state.model:
            self.change(replace(self.state, model=source))

    def _follow_status(self, status: ClientStatus) -> None:
        """Say what happened to the renderer, once per event."""
        if status == self.status:
            return
        if status.reason and status.num_restarts > self._num_restarts:
            self._num_restarts = status.num_restarts
            self._submitted = {s: (None, state) for s, (_, state) in self._submitted.items()}
            self.notices.say("renderer", f"{status.reason} It is started again.")
        if status.state == "given up" and self.status.state != "given up":
            error = ErrorInfo(f"{status.reason} It stays off until you retry.", status.details)
            self.notices.error("renderer", error, retry=self.renderer.retry)
        elif self.status.state == "given up":
            self.notices.clear("renderer")
        self.status = status
