"""Opens the window: settings, session, renderer, app."""

from __future__ import annotations

from collections.abc import Sequence

from visualizer.display import NoDisplayError, check_display

__all__ = ["NoDisplayError", "open_window"]


def open_window(sources: Sequence[str]) -> None:
    """Run the instrument until its window is closed.

    Raises:
        NoDisplayError: there is nowhere to open it.
    """
    check_display()
    from imgui_bundle import hello_imgui

    from renderer.client import RendererClient
    from renderer.state import ViewState
    from visualizer import window
    from visualizer.app import App
    from visualizer.settings import load_settings, save_settings

    settings = load_settings()
    client = RendererClient(on_event=hello_imgui.request_refresh)
    app = App(client, settings, ViewState())
    app.open_at_start(sources)
    try:
        window.run(app)
    finally:
        app.close()
        save_settings(settings)
