"""Opens the window: settings, session, renderer, app."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from visualizer.display import NoDisplayError, check_display

__all__ = ["NoDisplayError", "open_window"]


def open_window(sources: Sequence[str]) -> None:
    """Run the instrument until its window is closed.

    Raises:
        NoDisplayError: there is nowhere to open it.
    """
    check_display()
    from renderer.client import RendererClient
    from renderer.messages import ErrorInfo
    from renderer.state import ViewState
    from visualizer import window
    from visualizer.app import App
    from visualizer.files import settings_folder, why_not_writable
    from visualizer.models import resolve_source
    from visualizer.session import last_session_file, load_last_session, save_session
    from visualizer.settings import load_settings, save_settings
    from visualizer.waker import Waker

    problems: list[str] = []
    settings = load_settings(problems.append)
    last = load_last_session(problems.append) if settings.restore_session else None
    state = last or ViewState()
    if sources and state.model != resolve_source(sources[0]):
        state = ViewState()
    waker = Waker()
    app = App(RendererClient(on_event=waker), settings, state)
    reason = why_not_writable(settings_folder())
    if reason:
        problems.append(f"Settings, layout and session will not be kept: {reason}.")
    for idx, problem in enumerate(problems):
        app.notices.error(f"start-{idx}", ErrorInfo(problem))
    app.open_at_start(sources)
    try:
        window.run(window.Window(app, waker))
    finally:
        app.close()
        try:
            save_session(last_session_file(), app.state)
            save_settings(settings)
        except OSError as error:
            print(f"loupe: settings and session were not kept: {error}", file=sys.stderr)
