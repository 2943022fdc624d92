"""Capture: pictures and the window as numbered PNG files."""

from __future__ import annotations

from typing import ClassVar

from imgui_bundle import imgui

from renderer.state import ViewState
from visualizer import controls, icons
from visualizer.context import Context, Shown


class CapturePanel:
    """Folder, saving of the picture, of what it is compared with and of the window, the command."""

    title: ClassVar[str] = "Capture"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._path: tuple[str, str] | None = None  # where pictures go, with this setting

    def build_ui(self, state: ViewState, result: Shown | None) -> ViewState:
        """Draw the panel; the state is not changed."""
        self._build_folder()
        self._build_pictures(result)
        width = controls.half_width(1)
        text = "Copy the `loupe images` line that makes this picture"
        if controls.button(f"{icons.COMMAND} Copy as command", text, width):
            self._context.actions["Copy as command"]()
        settings = self._context.settings
        settings.save_metadata = controls.toggle(
            "metadata",
            settings.save_metadata,
            "Write the state into the PNG",
            default=True,
            help_text="State, checkpoint name and SHA-256, versions; drop the PNG on the window "
            "to come back",
        )
        return state

    def _build_pictures(self, result: Shown | None) -> None:
        actions, comparison = self._context.actions, self._context.comparison
        width = controls.half_width()
        imgui.begin_disabled(result is None)
        name = "Save A" if comparison.is_on else "Save picture"
        text = (
            "At its own resolution, as numbered PNG; Ctrl+S saves what is seen: A, B or difference"
        )
        if controls.button(f"{icons.CAMERA} {name}", text, width):
            actions["Save picture A"]()
        imgui.end_disabled()
        controls.next_to()
        if controls.button(f"{icons.WINDOW} Save window", "The whole window as PNG", width):
            actions["Save window"]()
        text = "The picture's part of the window: zoomed, with what it is compared with"
        if controls.button("Save view", text, controls.half_width(3 if comparison.is_on else 1)):
            actions["Save the view"]()
        if not comparison.is_on:
            return
        controls.next_to()
        width = controls.half_width(2)
        imgui.begin_disabled(comparison.shown is None)
        if controls.button("Save B", "The pinned picture, with the state that makes it", width):
            actions["Save picture B"]()
        imgui.end_disabled()
        controls.next_to()
        imgui.begin_disabled(comparison.shown_difference is None)
        text = "The difference as it is coloured (Compare: Diff)"
        if controls.button("Save diff", text, width):
            actions["Save the difference"]()
        imgui.end_disabled()

    def _build_folder(self) -> None:
        settings = self._context.settings
        controls.label("Folder", bool(settings.capture_folder))
        browse = controls.button_width(icons.OPEN)
        imgui.set_next_item_width(-browse - imgui.get_style().item_inner_spacing.x)
        if self._path is None or self._path[0] != settings.capture_folder:
            # reads the desktop's own settings: not in every frame
            self._path = settings.capture_folder, str(settings.capture_path)
        path = self._path[1]
        folder = settings.capture_folder or path
        text = controls.path("folder", folder)
        if imgui.is_item_deactivated_after_edit():
            settings.capture_folder = text.strip()
        controls.tooltip(path)
        controls.next_to()
        if controls.button(f"{icons.OPEN}##browse", "Choose a folder", browse):
            self._context.actions["Choose capture folder…"]()
