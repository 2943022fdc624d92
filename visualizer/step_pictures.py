"""Small pictures that the history lacks: made when there is nothing else to do.

Who is quicker than the renderer leaves steps behind whose pictures were never made. One that is
seen without its picture is asked for as a second view beside the picture shown, which is known.
"""

from __future__ import annotations

from dataclasses import replace

from renderer.messages import RenderRequest, RenderResult
from renderer.state import ViewState, to_view
from visualizer.comparison import alone
from visualizer.shown import Shown
from visualizer.thumbnails import Thumbnails

NAME = "step"  # of the view


class StepPictures:
    """Asks for one step at a time."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self._asked: ViewState | None = None
        self._refused: set[ViewState] = set()

    def extend(self, request: RenderRequest, now: ViewState) -> RenderRequest | None:
        """The request of the present state with a step of the same model; None: nothing lacks."""
        for state in map(alone, self._thumbnails.missing):
            is_known = state in self._thumbnails or state in self._refused
            if not is_known and state.model == now.model:
                self._asked = state
                views = tuple(view for view in request.views if view.name != NAME)
                return replace(request, views=(*views, to_view(state, NAME)))
        return None

    def take(self, result: RenderResult, shown: dict[str, Shown]) -> None:
        """What has come for a request, by the names of its tiles."""
        state = self._asked
        if state is None or to_view(state, NAME) not in result.request.views:
            return
        self._asked = None
        answer = shown.get(NAME)
        if answer is None or answer.pixels is None:
            self._refused.add(state)
        else:
            self._thumbnails.take(state, answer.pixels)
