"""What menus, buttons and keys do, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imgui_bundle import imgui

from renderer.messages import ErrorInfo, is_address
from renderer.picture import PictureMetadata, describe_picture, read_metadata, save_numbered_png
from renderer.state import StateError, ViewState
from visualizer import command, dialogs, session
from visualizer.app import App, Pixels
from visualizer.background import Background
from visualizer.comparison import b_state
from visualizer.dialogs import Dialogs
from visualizer.files import describe_place, settings_folder
from visualizer.history import paused
from visualizer.models import short_name
from visualizer.path_prompt import PathPrompt
from visualizer.shown import Shown


class Actions:
    """Binds the actions of the window to the app."""

    def __init__(self, app: App, background: Background) -> None:
        self._app = app
        self.background = background
        self.dialogs = Dialogs()
        self.prompt = PathPrompt()
        self._wants_window_capture = False
        self.is_capturing_window = False  # in this frame
        self.is_capturing_view = False  # in this frame, which shows no messages
        self._wants_view_capture = False
        app.actions.update(
            {
                "Open model…": self.ask_model,
                "Open session or picture…": self.ask_session,
                "Save session…": self.ask_save_session,
                "Choose capture folder…": self.ask_capture_folder,
                "Save picture": self.save_picture,
                "Save picture A": self.save_a,
                "Save picture B": self.save_b,
                "Save the difference": self.save_difference,
                "Save the view": self.request_view_capture,
                "Save window": self.request_window_capture,
                "Copy as command": self.copy_command,
            }
        )

    # --- files ---------------------------------------------------------------------------------

    def open_path(self, text: str) -> None:
        """Open what was dropped or chosen: a checkpoint, a session, or a picture with a state."""
        path = Path(text).expanduser()
        is_model = is_address(text) or path.is_dir()
        kind = "checkpoint" if is_model else session.kind_of(path)
        if kind == "checkpoint":
            self._app.models.open(text)
        else:
            self._try("open", lambda: self._restore(path, kind))

    def _restore(self, path: Path, kind: str) -> None:
        app = self._app
        if kind == "session":
            restored = session.Restored(session.load_session(path))
        else:
            found = read_metadata(path)
            if found is None:
                raise StateError(f"{path.name} carries no state: it was not saved with one")
            restored = session.Restored(found.state, found.sha256)
        state = restored.state
        if addresses := self._new_addresses(state):
            self._ask_to_download(path, kind, addresses)
            return
        if state.model != app.state.model and state.model not in app.models.infos:
            self._restore_with_model(path, state, restored.sha256)
            return
        app.change(state)
        app.notices.say("open", f"{path.name} restored.")
        app.expect_sha256(state.model, restored.sha256)

    def _new_addresses(self, state: ViewState) -> list[str]:
        """Addresses of models that the person has never opened: a file must not fetch them."""
        pinned = state.comparison.pinned
        sources = [state.model, *([pinned.model] if pinned is not None else [])]
        known = {*self._app.settings.recent, *self._app.models.infos}
        return [source for source in sources if is_address(source) and source not in known]

    def _ask_to_download(self, path: Path, kind: str, addresses: list[str]) -> None:
        def agree() -> None:
            for address in reversed(addresses):
                self._app.settings.add_recent(address)
            self._try("open", lambda: self._restore(path, kind))

        error = ErrorInfo(
            f"{path.name} was made with {' and '.join(addresses)}, which was never opened here. "
            "Download it only if you know where the file comes from."
        )
        self._app.notices.error("open", error, agree, "Download")

    def _restore_with_model(self, path: Path, state: ViewState, sha256: str) -> None:
        """The state needs a model that is not loaded: show all else now, the model when it is."""
        app = self._app
        is_file = not (state.model.startswith("bundled:") or is_address(state.model))
        missing = is_file and not Path(state.model).exists()
        app.change(replace(state, model=app.state.model))
        if missing:
            name = short_name(state.model)
            error = ErrorInfo(
                f"{path.name} was made with {name}, which is not at {state.model}; "
                "the rest of it is restored on the present model."
            )
            app.notices.error("open", error)
            return
        app.expect_sha256(state.model, sha256)
        app.models.open(state.model)

    def ask_model(self) -> None:
        self._ask_file("Open a model", dialogs.CHECKPOINTS, (".pkl", ".safetensors"))

    def ask_session(self) -> None:
        self._ask_file("Open a session or a picture", dialogs.SESSIONS, (".json", ".png"))

    def _ask_file(self, title: str, filters: list[str], suffixes: tuple[str, ...]) -> None:
        if not self.dialogs.open_file(title, filters, self.open_path):
            self.prompt.ask(title, str(Path.cwd()), suffixes, self.open_path)

    def ask_save_session(self) -> None:
        if not self.dialogs.save_file("Save the session", "session.json", self.save_session):
            start = str(Path.cwd() / "session.json")
            self.prompt.ask("Save the session as", start, (".json",), self.save_session)

    def save_session(self, text: str) -> None:
        path = Path(text).expanduser()
        path = path if path.suffix else path.with_suffix(".json")

        def save() -> None:
            session.save_session(path, self._app.state)
            self._app.notices.say("session", f"Saved {describe_place(path)}")

        self._try("session", save)

    def ask_capture_folder(self) -> None:
        def take(folder: str) -> None:
            self._app.settings.capture_folder = folder

        if not self.dialogs.select_folder("Folder for pictures", take):
            start = str(self._app.settings.capture_path)
            self.prompt.ask("Folder for pictures", start, (), take)

    # --- capture -------------------------------------------------------------------------------

    def save_picture(self) -> None:
        """Write what is seen at its own resolution: A, B or their difference."""
        comparison = self._app.context.comparison
        mode = comparison.state.mode if comparison.is_on else "A"
        {"B": self.save_b, "Difference": self.save_difference}.get(mode, self.save_a)()

    def save_a(self) -> None:
        """Write the present picture, under the next number."""
        app = self._app
        if app.shown is None or app.pixels is None:
            app.notices.say("capture", "There is no picture to save yet.")
            return
        self._save_png("picture", app.pixels, self._describe(app.shown.state, app.shown))

    def save_b(self) -> None:
        """Write the picture that is compared with, and the state that makes it alone."""
        shown = self._app.context.comparison.shown
        if shown is None or shown.pixels is None or shown.state.comparison.pinned is None:
            self._app.notices.say("capture", "There is no B to save: pin a picture and look at it.")
            return
        self._save_png("b", shown.pixels, self._describe(b_state(shown.state), shown))

    def save_difference(self) -> None:
        """Write the difference as it is coloured, and the state that shows it."""
        shown = self._app.context.comparison.shown_difference
        if shown is None or shown.pixels is None:
            self._app.notices.say("capture", "There is no difference to save: choose Diff first.")
            return
        self._save_png("difference", shown.pixels, self._describe(shown.state, shown))

    def _describe(self, state: ViewState, shown: Shown) -> PictureMetadata | None:
        if not self._app.settings.save_metadata:
            return None
        return describe_picture(paused(state), shown.model)

    def request_view_capture(self) -> None:
        """The picture's part of the window is written at the end of the next frame."""
        self._wants_view_capture = True

    def begin_frame(self) -> None:
        """What was asked for in the last frame is done in this one."""
        self.is_capturing_view, self._wants_view_capture = self._wants_view_capture, False
        self.is_capturing_window = self._wants_window_capture
        self._wants_window_capture = False

    def take_view_capture(self, pixels: Pixels) -> None:
        """Write the pixels of the picture's part of the window."""
        shown = self._app.shown
        metadata = self._describe(shown.state, shown) if shown is not None else None
        self._save_png("view", pixels, metadata)

    def request_window_capture(self) -> None:
        """The window is written at the end of the next frame."""
        self._wants_window_capture = True

    def take_window_capture(self, pixels: Pixels) -> None:
        """Write the pixels of the window."""
        self._save_png("window", pixels, None)

    def _save_png(self, stem: str, pixels: Pixels, metadata: PictureMetadata | None) -> None:
        folder, notices = self._app.settings.capture_path, self._app.notices
        notices.clear("capture")

        def save() -> Callable[[], None]:
            try:
                path = save_numbered_png(folder, stem, pixels, metadata)
            except OSError as caught:
                error = _describe(caught)
                return lambda: notices.error("capture", error)
            return lambda: notices.say("capture", f"Saved {describe_place(path)}")

        self.background.start(save)

    def copy_command(self) -> None:
        state = self._app.shown.state if self._app.shown else self._app.state

        def copy() -> None:
            state_file = settings_folder() / "copied-state.json"
            if command.images_arguments(state) is None:
                session.save_session(state_file, state)
            line = command.command_line(state, str(state_file))
            imgui.set_clipboard_text(line)
            self._app.notices.say("capture", f"Copied: {line}")

        self._try("capture", copy)

    def _try(self, topic: str, work: Callable[[], None]) -> None:
        """Do it; a failure is one sentence for the person."""
        notices = self._app.notices
        notices.clear(topic)
        try:
            work()
        except StateError as error:
            notices.error(topic, ErrorInfo(str(error).rstrip(".") + "."))
        except OSError as error:
            notices.error(topic, _describe(error))


def _describe(error: OSError) -> ErrorInfo:
    name = error.filename or "The file"
    return ErrorInfo(f"{name}: {error.strerror or error}.", repr(error))
