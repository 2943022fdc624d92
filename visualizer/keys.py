"""Commands and their keys: one table, from which the help and the palette are made."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from imgui_bundle import hello_imgui, imgui

from renderer.state import CompareMode
from visualizer import comparison, measure, theme
from visualizer.actions import Actions
from visualizer.app import App
from visualizer.camera import Camera
from visualizer.layer_choice import shown_layer, step_channel, step_layer
from visualizer.menus import SCALES, Menus
from visualizer.palette import Palette
from visualizer.presentation import Presentation
from visualizer.viewport import Viewport

_KEYS_EM = 12.5
_HELP_EM = 62.0  # width of the list in two columns
STEP = 0.1  # of the lattice, per press of a cursor key
_CTRL = imgui.Key.mod_ctrl
_SHIFT = imgui.Key.mod_shift
_MODIFIERS = {key: key.value for key in (_CTRL, _SHIFT, imgui.Key.mod_alt, imgui.Key.mod_super)}
_CTRL_OR_ALT = imgui.Key.mod_ctrl.value | imgui.Key.mod_alt.value
_TAB, _SPACE, _ESCAPE = imgui.Key.tab, imgui.Key.space, imgui.Key.escape
_LEFT, _RIGHT = imgui.Key.left_arrow, imgui.Key.right_arrow
_UP, _DOWN = imgui.Key.up_arrow, imgui.Key.down_arrow
_ANY_POPUP = imgui.PopupFlags_.any_popup.value

MOUSE_HELP = (
    ("Drag", "Move through the latent space"),
    ("Shift + drag", "Translate"),
    ("Ctrl + drag (Cmd on macOS)", "Rotate"),
    ("Wheel", "Zoom about the cursor"),
    ("Middle or Space + drag", "Pan"),
    ("Double click", "Fit"),
    ("Right click on a value", "Reset it"),
    ("Ctrl + click on a value", "Type it"),
)
KEY_HELP = (  # keys that are no command
    ("Cursor keys", "Step the latent by 0.1 (with Shift: 1)"),
    ("Space", "Pause or continue all animations"),
    ("Ctrl+Y", "Redo"),
    ("Escape", "Leave the full screen and the picture alone"),
)


@dataclass(frozen=True)
class Command:
    """Something the palette, a key or both can do."""

    name: str
    act: Callable[[], None]
    keys: str = ""  # as people write them
    chord: int = 0
    repeats: bool = False  # while the key is held


class Keys:
    """Acts on the keys pressed in this frame."""

    def __init__(
        self,
        app: App,
        actions: Actions,
        viewport: Viewport,
        menus: Menus,
        presentation: Presentation,
    ) -> None:
        self._app = app
        self._viewport = viewport
        self._menus = menus
        self.presentation = presentation
        self.palette = Palette(self.commands)
        self._actions = actions
        also = (  # second keys of commands above
            Command("Redo", app.redo, "", _CTRL | imgui.Key.y, True),
            Command("", lambda: self._scale(1), "", _CTRL | imgui.Key.keypad_add, True),
            Command("", lambda: self._scale(-1), "", _CTRL | imgui.Key.keypad_subtract, True),
        )
        keyed = (*(command for command in self.commands() if command.chord), *also)
        self._table: dict[int, list[tuple[imgui.Key, Command]]] = {}  # by the modifiers
        for command in keyed:
            modifiers, key = _split(command.chord)
            self._table.setdefault(modifiers, []).append((key, command))
        self._held = 0  # modifiers in the last frame

    def commands(self) -> tuple[Command, ...]:
        """Everything that has a name, in the order of the palette and of the list of keys."""
        key, app, actions, view = imgui.Key, self._app, self._actions, self._viewport
        show = self.presentation
        named = (
            Command("Undo", app.undo, "Ctrl+Z", _CTRL | key.z, True),
            Command("Redo", app.redo, "Ctrl+Shift+Z", _CTRL | _SHIFT | key.z, True),
            Command("Open model…", actions.ask_model, "Ctrl+O", _CTRL | key.o),
            Command("Reload the model", app.reload_model, "Ctrl+R", _CTRL | key.r),
            Command("Save picture", actions.save_picture, "Ctrl+S", _CTRL | key.s),
            Command(
                "Save session…", actions.ask_save_session, "Ctrl+Shift+S", _CTRL | _SHIFT | key.s
            ),
            Command("Copy as command", actions.copy_command, "Ctrl+Shift+C",
                    _CTRL | _SHIFT | key.c),
            Command("Fit the picture", lambda: self._look(None), "F", key.f),
            Command("One picture pixel per screen pixel", lambda: self._look(1.0), "1", key._1),
            Command("Compare: pin, then flip A and B", self._flip, "P", key.p),
            Command("Compare: unpin", self._unpin, "Shift+P", _SHIFT | key.p),
            Command("All channels of the layer", view.toggle_sheet, "C", key.c),
            Command("Channel before", lambda: self._step_channel(-1), "Comma", key.comma, True),
            Command("Next channel", lambda: self._step_channel(1), "Period", key.period, True),
            Command("Layer before", lambda: self._step_layer(-1), "Page up", key.page_up, True),
            Command("Next layer", lambda: self._step_layer(1), "Page down", key.page_down, True),
            Command("Hide or show the panels", show.toggle_panels, "Tab", key.tab),
            Command("The picture alone", show.toggle_alone, "Shift+Tab", _SHIFT | key.tab),
            Command("Full screen", show.toggle_full_screen, "F11", key.f11),
            Command("Larger interface", lambda: self._scale(1), "Ctrl +", _CTRL | key.equal, True),
            Command("Smaller interface", lambda: self._scale(-1), "Ctrl −",
                    _CTRL | key.minus, True),
            Command("All commands", self._open_palette, "Ctrl+P", _CTRL | key.p),
            Command("Mouse and keys", self._toggle_help, "F1", key.f1),
            Command("Quit", _quit, "Ctrl+Q", _CTRL | key.q),
        )  # fmt: skip
        known = {command.name for command in named}
        others = [Command(name, act) for name, act in app.actions.items() if name not in known]
        return (*named, *self._comparing(), *self._themes(), *others)

    def _themes(self) -> list[Command]:
        settings = self._app.settings
        return [
            Command(f"Theme: {name.lower()}", functools.partial(setattr, settings, "theme", name))
            for name in theme.THEMES
        ]

    def _comparing(self) -> list[Command]:
        """The ways of the Compare panel."""
        return [
            Command(f"Compare: {mode.lower()}", functools.partial(self._compare, mode))
            for mode in comparison.MODES
            if mode not in ("A", "B")
        ]

    def handle(self) -> None:
        """Call once per frame, after the widgets."""
        modifiers = self._modifiers()
        if measure.is_typing:
            return
        if imgui.is_popup_open("", _ANY_POPUP):  # a menu: keys are its own
            if imgui.is_key_pressed(_ESCAPE):
                imgui.internal.close_popup_to_level(0, True)
            return
        # else Dear ImGui would take Tab for a step to the next field
        imgui.internal.set_key_owner(_TAB, imgui.get_id("panels"))
        for key, command in self._table.get(modifiers, ()):
            if imgui.is_key_pressed(key, command.repeats):
                command.act()
        if imgui.is_key_pressed(_ESCAPE):
            self.presentation.leave()
        self._handle_cursor_keys(modifiers)
        if imgui.is_key_released(_SPACE):
            if not self._viewport.space_was_used:
                self._app.toggle_pause()
            self._viewport.space_was_used = False

    def _modifiers(self) -> int:
        """The modifiers held in this frame, also those let go in it.

        Who types fast lets Ctrl go before the frame that sees the other key.
        """
        before, self._held = self._held, imgui.get_io().key_mods
        modifiers = self._held
        if before != modifiers:
            modifiers |= sum(m for key, m in _MODIFIERS.items() if imgui.is_key_released(key))
        return modifiers

    def _handle_cursor_keys(self, modifiers: int) -> None:
        if modifiers & _CTRL_OR_ALT:
            return
        size = 1.0 if modifiers & _SHIFT.value else STEP
        right = _pressed(_RIGHT) - _pressed(_LEFT)
        down = _pressed(_DOWN) - _pressed(_UP)
        if right or down:
            state = self._app.state
            latent = state.latent
            # rounded, so that ten steps of 0.1 are exactly one
            x, y = round(latent.x + right * size, 6), round(latent.y + down * size, 6)
            self._app.state = replace(state, latent=replace(latent, x=x, y=y))

    def _look(self, zoom: float | None) -> None:
        self._viewport.camera = Camera(zoom=zoom)

    def _flip(self) -> None:
        app = self._app
        if app.state.comparison.pinned is None:
            app.state = comparison.pin(app.state, "A")
            app.notices.say("compare", "Pinned. P flips between this picture and the next.")
        else:
            app.state = comparison.flip(app.state)

    def _compare(self, mode: CompareMode) -> None:
        """Show A and B in this way; without a B, this picture becomes one."""
        state = self._app.state
        if state.comparison.pinned is None:
            self._app.state = comparison.pin(state, mode)
        else:
            self._app.state = replace(state, comparison=replace(state.comparison, mode=mode))

    def _unpin(self) -> None:
        self._app.state = comparison.unpin(self._app.state)

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

    def _open_palette(self) -> None:
        self._menus.show_help = False
        self.palette.open()

    def _toggle_help(self) -> None:
        self._menus.show_help = not self._menus.show_help

    def _scale(self, direction: int) -> None:
        settings = self._app.settings
        nearest = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - settings.scale))
        settings.scale = SCALES[min(max(nearest + direction, 0), len(SCALES) - 1)]


def build_help(menus: Menus, commands: Callable[[], Sequence[Command]]) -> None:
    """The list of mouse gestures and keys, while it is wanted."""
    if not menus.show_help:
        return
    view = imgui.get_main_viewport()
    center = view.get_center()
    is_narrow = view.work_size.x < _HELP_EM * imgui.get_font_size()
    most = imgui.ImVec2(view.work_size.x * 0.98, view.work_size.y * 0.98)
    imgui.set_next_window_size_constraints(imgui.ImVec2(0, 0), most)
    # always: as it appears it has the size of the last time, maybe at another scale
    imgui.set_next_window_pos(center, imgui.Cond_.always.value, imgui.ImVec2(0.5, 0.5))
    flags = (
        imgui.WindowFlags_.always_auto_resize.value
        | imgui.WindowFlags_.no_docking.value
        | imgui.WindowFlags_.no_collapse.value
        | imgui.WindowFlags_.no_saved_settings.value
    )
    imgui.push_style_var(imgui.StyleVar_.window_border_size.value, 1.0)
    # as a menu has it: on the columns it would be grey on the same grey
    ground = imgui.get_style_color_vec4(imgui.Col_.popup_bg.value)
    imgui.push_style_color(imgui.Col_.window_bg.value, ground)
    _, stays = imgui.begin("Mouse and keys", True, flags)
    imgui.pop_style_color()
    imgui.pop_style_var()
    menus.show_help = bool(stays)
    keyed = [(command.keys, command.name) for command in commands() if command.keys]
    columns = ((*MOUSE_HELP, *KEY_HELP), keyed)
    if imgui.begin_table("##keys", 1 if is_narrow else 2, imgui.TableFlags_.sizing_fixed_fit.value):
        for rows in columns:
            imgui.table_next_column()
            for keys, meaning in rows:
                start = imgui.get_cursor_pos_x()
                imgui.text_unformatted(keys)
                imgui.same_line()
                imgui.set_cursor_pos_x(start + imgui.get_font_size() * _KEYS_EM)
                imgui.text_colored(theme.TEXT_DIM, f"{meaning}   ")
        imgui.end_table()
    imgui.end()


def _pressed(key: imgui.Key) -> int:
    return int(imgui.is_key_pressed(key, True))


def _split(chord: int) -> tuple[int, imgui.Key]:
    """A chord as its modifiers and its key."""
    mask = imgui.Key.mod_mask_.value
    return chord & mask, imgui.Key(chord & ~mask)


def _quit() -> None:
    hello_imgui.get_runner_params().app_shall_exit = True
