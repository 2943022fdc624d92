"""Keys: one table, from which the help is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from imgui_bundle import hello_imgui, imgui

from visualizer import theme
from visualizer.actions import Actions
from visualizer.app import App
from visualizer.camera import Camera
from visualizer.layer_choice import shown_layer, step_channel, step_layer
from visualizer.menus import SCALES, Menus
from visualizer.viewport import Viewport

STEP = 0.1  # of the lattice, per press of a cursor key
_CTRL = imgui.Key.mod_ctrl
_SHIFT = imgui.Key.mod_shift

MOUSE_HELP = (
    ("Drag", "move through the latent space"),
    ("Shift + drag", "translate"),
    ("Ctrl + drag (Cmd on macOS)", "rotate"),
    ("Wheel", "zoom about the cursor"),
    ("Middle or Space + drag", "pan"),
    ("Double click", "fit"),
    ("Right click on a value", "reset it"),
    ("Ctrl + click on a value", "type it"),
)
KEY_HELP = (
    ("Cursor keys", "step the latent by 0.1 (with Shift: 1)"),
    ("Space", "pause or continue all animations"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Shift+Z, Ctrl+Y", "redo"),
    ("Ctrl+O", "open a model"),
    ("Ctrl+S", "save the picture"),
    ("Ctrl+Shift+S", "save the session"),
    ("Ctrl+Shift+C", "copy as command"),
    ("F, 1", "fit, one to one"),
    ("C", "all channels of the layer"),
    (", and .", "channel before, next channel"),
    ("Page up, Page down", "layer before, next layer"),
    ("Ctrl + and Ctrl −", "size of the interface"),
    ("F1", "this list"),
)


class Keys:
    """Acts on the keys pressed in this frame."""

    def __init__(self, app: App, actions: Actions, viewport: Viewport, menus: Menus) -> None:
        self._app = app
        self._viewport = viewport
        self._menus = menus
        self._chords: tuple[tuple[int, Callable[[], None], bool], ...] = (
            (_CTRL | imgui.Key.z, app.undo, True),
            (_CTRL | _SHIFT | imgui.Key.z, app.redo, True),
            (_CTRL | imgui.Key.y, app.redo, True),
            (_CTRL | imgui.Key.o, actions.ask_model, False),
            (_CTRL | imgui.Key.s, actions.save_picture, False),
            (_CTRL | _SHIFT | imgui.Key.s, actions.ask_save_session, False),
            (_CTRL | _SHIFT | imgui.Key.c, actions.copy_command, False),
            (_CTRL | imgui.Key.q, _quit, False),
            (_CTRL | imgui.Key.equal, lambda: self._scale(1), True),
            (_CTRL | imgui.Key.keypad_add, lambda: self._scale(1), True),
            (_CTRL | imgui.Key.minus, lambda: self._scale(-1), True),
            (_CTRL | imgui.Key.keypad_subtract, lambda: self._scale(-1), True),
            (imgui.Key.f, lambda: self._look(None), False),
            (imgui.Key._1, lambda: self._look(1.0), False),
            (imgui.Key.f1, self._toggle_help, False),
            (imgui.Key.c, viewport.toggle_sheet, False),
            (imgui.Key.comma, lambda: self._step_channel(-1), True),
            (imgui.Key.period, lambda: self._step_channel(1), True),
            (imgui.Key.page_up, lambda: self._step_layer(-1), True),
            (imgui.Key.page_down, lambda: self._step_layer(1), True),
        )

    def handle(self) -> None:
        """Call once per frame, after the widgets."""
        if imgui.get_io().want_text_input:
            return
        for chord, act, repeats in self._chords:
            if _chord_pressed(chord, repeats):
                act()
        self._handle_cursor_keys()
        if imgui.is_key_released(imgui.Key.space):
            if not self._viewport.space_was_used:
                self._app.toggle_pause()
            self._viewport.space_was_used = False

    def _handle_cursor_keys(self) -> None:
        io = imgui.get_io()
        if io.key_ctrl or io.key_alt:
            return
        size = 1.0 if io.key_shift else STEP
        right = _pressed(imgui.Key.right_arrow) - _pressed(imgui.Key.left_arrow)
        down = _pressed(imgui.Key.down_arrow) - _pressed(imgui.Key.up_arrow)
        if right or down:
            state = self._app.state
            latent = state.latent
            # rounded, so that ten steps of 0.1 are exactly one
            x, y = round(latent.x + right * size, 6), round(latent.y + down * size, 6)
            self._app.state = replace(state, latent=replace(latent, x=x, y=y))

    def _look(self, zoom: float | None) -> None:
        self._viewport.camera = Camera(zoom=zoom)

    def _step_channel(self, step: int) -> None:
        shown, state = self._app.shown, self._app.state
        if shown is not None:
            info = shown_layer(shown.layers, state.layer.name)
            self._app.state = replace(state, layer=step_channel(state.layer, info, step))

    def _step_layer(self, step: int) -> None:
        shown, state = self._app.shown, self._app.state
        if shown is not None:
            layer = step_layer(state.layer, shown.layers, step)
            self._app.state = replace(state, layer=layer)

    def _toggle_help(self) -> None:
        self._menus.show_help = not self._menus.show_help

    def _scale(self, direction: int) -> None:
        settings = self._app.settings
        nearest = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - settings.scale))
        settings.scale = SCALES[min(max(nearest + direction, 0), len(SCALES) - 1)]


def build_help(menus: Menus) -> None:
    """The list of mouse gestures and keys, while it is wanted."""
    if not menus.show_help:
        return
    center = imgui.get_main_viewport().get_center()
    imgui.set_next_window_pos(center, imgui.Cond_.appearing.value, imgui.ImVec2(0.5, 0.5))
    flags = (
        imgui.WindowFlags_.always_auto_resize.value
        | imgui.WindowFlags_.no_docking.value
        | imgui.WindowFlags_.no_collapse.value
        | imgui.WindowFlags_.no_saved_settings.value
    )
    _, stays = imgui.begin("Mouse and keys", True, flags)
    menus.show_help = bool(stays)
    for rows in (MOUSE_HELP, KEY_HELP):
        for keys, meaning in rows:
            imgui.text_unformatted(keys)
            imgui.same_line(imgui.get_font_size() * 14)
            imgui.text_colored(theme.TEXT_DIM, meaning)
        imgui.spacing()
    imgui.end()


def _pressed(key: imgui.Key) -> int:
    return int(imgui.is_key_pressed(key, True))


def _chord_pressed(chord: int, repeats: bool) -> bool:
    """The key with exactly these modifiers; held down, it acts again and again."""
    modifiers = chord & imgui.Key.mod_mask_.value
    key = imgui.Key(chord & ~imgui.Key.mod_mask_.value)
    return imgui.get_io().key_mods == modifiers and imgui.is_key_pressed(key, repeats)


def _quit() -> None:
    hello_imgui.get_runner_params().app_shall_exit = True
