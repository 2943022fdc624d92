"""Drives a real window, with a real renderer, through Dear ImGui's test engine.

The window is drawn frame by frame by the test itself, so that a test can wait for what it expects
and look at the app between two frames. What a body given to `do` does with the test engine's
context arrives as mouse and keyboard input.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import itertools
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import glfw
import numpy as np
from imgui_bundle import glfw_utils, hello_imgui, imgui

from renderer.client import RendererClient
from renderer.messages import UNTRAINED
from renderer.state import ViewState
from visualizer.app import App
from visualizer.camera import Camera
from visualizer.panels.contact_sheet import ORDERS
from visualizer.settings import Settings
from visualizer.waker import Waker
from visualizer.window import Window, read_window

LIMIT_SEC = 60.0
engine_api = imgui.test_engine
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


class Robot:
    """A window of its own and a hand on its mouse and keyboard."""

    def __init__(
        self,
        state: ViewState | None = None,
        size: tuple[int, int] = (1280, 720),
        settings: Settings | None = None,
        idle_fps: float = 120.0,
        has_engine: bool = True,
    ) -> None:
        """Open the window; without `settings` nothing but the machine sets its pace.

        Without the test engine it costs what a person's costs, and has no `do`.
        """
        waker = Waker()
        self.first_state = state or ViewState(model=UNTRAINED)
        settings = settings or Settings(fps_limit=1000, vsync=False)
        self._first_settings = copy.deepcopy(settings)
        self.app = App(RendererClient(on_event=waker), settings, self.first_state)
        self.window = Window(self.app, waker)
        params = self.window.params()
        params.use_imgui_test_engine = has_engine
        params.app_window_params.window_geometry.size = size
        params.app_window_params.restore_previous_geometry = False
        params.fps_idling.fps_idle = idle_fps
        self.params = params
        hello_imgui.manual_render.setup_from_runner_params(params)
        if has_engine:
            self._engine = hello_imgui.get_imgui_test_engine()
            ignore_broken_pipes()
            engine_api.get_io(self._engine).config_run_speed = engine_api.TestRunSpeed.fast
        self._names = (f"body{number}" for number in itertools.count())
        self._grab: Pixels | None = None

    def close(self) -> None:
        self.app.close()
        hello_imgui.manual_render.tear_down()

    # --- frames --------------------------------------------------------------------------------

    def frame(self) -> None:
        """Draw one frame."""
        hello_imgui.manual_render.render()

    def wait(self, holds: Callable[[], object], what: str, limit_sec: float = LIMIT_SEC) -> None:
        """Draw frames until something holds."""
        deadline_sec = time.monotonic() + limit_sec
        while not holds():
            assert time.monotonic() < deadline_sec, f"waited in vain for {what}: {self.explain()}"
            self.frame()

    def explain(self) -> str:
        """What a failed wait should say."""
        app = self.app
        return f"{app.status.state}, last message {app.notices.last_text!r}, {app.models.failure}"

    # --- input ---------------------------------------------------------------------------------

    def do(self, body: Callable[[Any], None], limit_sec: float = LIMIT_SEC) -> None:
        """Let the test engine act as a person would; raises what `body` raises."""
        caught: list[BaseException] = []

        def guarded(context: Any) -> None:
            try:
                body(context)
            except Exception as error:
                caught.append(error)

        test = engine_api.register_test(self._engine, "robot", next(self._names))
        test.test_func = guarded
        engine_api.queue_test(self._engine, test)
        self.wait(
            lambda: engine_api.is_test_queue_empty(self._engine), "the test engine", limit_sec
        )
        if caught:
            raise caught[0]
        succeeded = test.output.status == engine_api.TestStatus.success
        assert succeeded, f"the test engine says: {test.output.log.get_text()[-1500:]}"

    def type_value(self, ref: str, value: float | str) -> None:
        """Click a field twice, type into it and press Enter."""
        self.do(lambda ui: ui.item_input_value(ref, value))

    def click(self, ref: str) -> None:
        self.do(lambda ui: ui.item_click(ref))

    def right_click(self, ref: str) -> None:
        self.do(lambda ui: ui.item_click(ref, 1))

    def open_panel(self, title: str, window: str = "Controls") -> None:
        self.do(lambda ui: ui.item_open(f"//{window}/{title}"))

    def press(self, chord: int, count: int = 1) -> None:
        self.do(lambda ui: ui.key_press(chord, count))

    def drag_picture(self, dx_px: float, dy_px: float, key: int = 0, button: int = 0) -> None:
        """Drag on the picture, from right of its middle, with a key held."""
        x, y = self.window.viewport.picture.center
        start = imgui.ImVec2(x + self.window.viewport.picture.width / 4, y)

        def body(ui: Any) -> None:
            ui.mouse_move_to_pos(start)
            if key:
                ui.key_down(key)
            ui.mouse_drag_with_delta(imgui.ImVec2(dx_px, dy_px), button)
            if key:
                ui.key_up(key)

        self.do(body)

    @contextlib.contextmanager
    def held_picture(self) -> Iterator[Callable[[float, float], None]]:
        """The mouse holds the picture; what is given moves it by that much in the next frame.

        Between the frames the test goes on, unlike in `do`.
        """
        io = imgui.get_io()
        x, y = self.window.viewport.picture.center
        window = glfw_utils.glfw_window_hello_imgui()
        glfw.set_cursor_pos(window, x, y)  # else the backend puts the mouse back to where it is

        def move(dx: float, dy: float) -> None:
            nonlocal x, y
            x, y = x + dx, y + dy
            io.add_mouse_pos_event(x, y)

        for _ in range(3):
            move(0, 0)
            self.frame()
        io.add_mouse_button_event(0, True)
        self.frame()
        try:
            yield move
        finally:
            io.add_mouse_button_event(0, False)

    # --- pictures ------------------------------------------------------------------------------

    def settle(self, limit_sec: float = LIMIT_SEC) -> Pixels:
        """Wait until the picture of the present state is in its place; returns its pixels."""
        app = self.app
        self.frame()
        self.wait(
            lambda: app.models.loading is None and app.is_current,
            "the picture of the state",
            limit_sec,
        )
        self.frame()  # it may have come into a frame that was built for the one before it
        assert app.pixels is not None
        return np.array(app.pixels)

    def changed_by(self, act: Callable[[], object]) -> Pixels:
        """Act; a new picture of the real renderer must come and differ. Returns it."""
        before = self.settle()
        assert self.app.shown is not None
        stamp = self.app.shown.result.stamp
        act()
        after = self.settle()
        assert self.app.shown.result.stamp > stamp, "no new picture came"
        assert self.app.shown.result.error is None
        same = after.shape == before.shape and np.array_equal(after, before)
        assert not same, "the new picture is the old one"
        return after

    def open_model(self, path: object) -> None:
        """Type a path into the Model panel."""
        self.type_value("//Controls/Model/##path", str(path))

    def screenshot(self) -> Pixels:
        """The pixels of the window, uint8 [H, W, 3]."""
        shots: list[Pixels] = []
        swap = self.params.callbacks.before_swap

        def take() -> None:
            shots.append(read_window())
            if swap is not None:
                swap()

        self.params.callbacks.before_swap = take
        self.frame()
        self.params.callbacks.before_swap = swap
        return shots[0]

    def reset(self) -> None:
        """Back to the first state and settings, nothing in the history, panels as at the start."""
        app = self.app
        app.models.cancel()
        app.models.failures.clear()
        app.is_paused = False
        for topic in [notice.topic for notice in app.notices.visible]:
            app.notices.dismiss(topic)
        for field in dataclasses.fields(Settings):
            value = copy.deepcopy(getattr(self._first_settings, field.name))
            setattr(app.settings, field.name, value)
        app.state = replace(self.first_state)
        app.history.restart(app.state)
        self._reset_window()
        self.do(_scroll_to_top)
        self.settle()

    def _reset_window(self) -> None:
        """What the window knows beside the state: which panels are open, and their choices."""
        window, context = self.window, self.app.context
        window.viewport.camera = Camera()
        window.viewport.sheet.is_open, window.viewport.sheet.order = False, ORDERS[0]
        context.pointer.place = context.pointer.pinned = None
        window.menus.show_help = False
        window.presentation.leave()
        for column in self.params.docking_params.dockable_windows:
            column.is_visible = True
        for panels in (window.left, window.right):
            panels[:] = [type(panel)(context) for panel in panels]
        self.frame()
        for name in ("Controls", "Analysis"):
            imgui.internal.find_window_by_name(name).state_storage.clear()


def ignore_broken_pipes() -> None:
    """The test engine takes SIGPIPE for a crash: a renderer that dies while it is written to."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python has it


def _scroll_to_top(ui: Any) -> None:
    """What is scrolled out of sight cannot be found by its name."""
    for window in ("//Controls", "//Analysis"):
        ui.scroll_to_top(window)
