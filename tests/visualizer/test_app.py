"""The instrument without its widgets, on a renderer that answers at once."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from renderer.messages import BUNDLED, ErrorInfo, JobDone, LoadModel
from renderer.state import ViewState
from visualizer.app import App
from visualizer.panels.model import describe
from visualizer.settings import Settings
from visualizer.viewport import waiting_text

BIG = "/big.pkl"
BROKEN = ErrorInfo("big.pkl is not a checkpoint.")


@pytest.fixture
def app(fakes: ModuleType) -> App:
    return App(fakes.FakeRenderer(), Settings(), ViewState())


def frame(app: App) -> None:
    app.begin_frame()
    app.end_frame(gesture_open=False)


def submitted(app: App) -> list[str]:
    renderer: Any = app.renderer
    return [request.views[0].model for request in renderer.submitted]


def answer(app: App, *events: object) -> None:
    renderer: Any = app.renderer
    renderer.events[:] = events


def test_a_first_load_that_is_canceled_leaves_a_model_that_can_be_shown(app: App) -> None:
    app.open_at_start([BIG])
    answer(app)
    frame(app)
    assert submitted(app) == []
    app.begin_frame()
    app.models.cancel()
    app.end_frame(gesture_open=False)
    assert app.state.model == BUNDLED
    assert submitted(app) == [BUNDLED]


def test_another_model_while_the_first_one_loads_takes_its_place(app: App) -> None:
    app.open_at_start([BIG])
    answer(app)
    frame(app)
    app.models.open("/other.pkl")
    answer(app)
    frame(app)
    assert BIG not in submitted(app)


def test_a_failed_load_is_said_over_the_picture_and_can_be_retried(app: App) -> None:
    app.open_at_start([BIG])
    answer(app, JobDone(1, error=BROKEN))
    frame(app)
    (notice,) = app.notices.visible
    assert notice.text == BROKEN.message
    assert notice.retry is not None
    assert submitted(app) == [BUNDLED]
    notice.retry()
    answer(app)
    frame(app)
    assert app.notices.visible == []
    answer(app, JobDone(2, error=BROKEN))
    frame(app)
    assert [notice.text for notice in app.notices.visible] == [BROKEN.message]
    app.models.dismiss_failure(BIG)
    frame(app)
    assert app.notices.visible == []


def test_each_of_several_failures_has_its_own_retry(app: App) -> None:
    app.open_at_start([BIG, "/small.pkl"])
    for job_id in (1, 2):
        answer(app, JobDone(job_id, error=ErrorInfo(f"{job_id} is broken.")))
        frame(app)
    first, second = app.notices.visible
    assert (first.text, second.text) == ("1 is broken.", "2 is broken.")
    assert first.retry is not None
    first.retry()
    answer(app)
    frame(app)
    assert app.models.loading is not None
    assert app.models.loading.source == BIG
    assert [notice.text for notice in app.notices.visible] == ["2 is broken."]


def test_an_address_is_opened_as_a_file_is(app: App) -> None:
    address = "https://example.org/network.pkl"
    app.models.open(address)
    for _ in range(3):
        frame(app)
    assert app.state.model == address
    assert app.settings.recent == [address]
    assert submitted(app)[-1] == address


def test_reload_reads_the_file_again_and_asks_for_its_picture(app: App) -> None:
    app.open_at_start([BIG])
    for _ in range(3):
        frame(app)
    assert submitted(app) == [BIG]
    app.reload_model()
    for _ in range(3):
        frame(app)
    renderer: Any = app.renderer
    assert renderer.jobs == [LoadModel(BIG), LoadModel(BIG)]
    assert submitted(app) == [BIG, BIG]
    app.reload_model()
    app.models.cancel()
    frame(app)
    assert app.state.model == BIG


def test_a_picture_that_is_answered_again_keeps_the_state_that_it_was_asked_with(
    app: App,
) -> None:
    for _ in range(3):
        frame(app)
    assert app.shown is not None
    answered, asked_with = app.shown.result, app.state
    app.state = replace(app.state, latent=replace(app.state.latent, x=5.0))
    assert app.ask()
    answer(app, answered)  # as when a model has left the memory
    app.begin_frame()
    assert app.shown.result is answered
    assert app.shown.state == asked_with
    assert app.owed is not None


def test_the_app_is_idle_a_second_after_the_last_picture(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_sec = [100.0]
    monkeypatch.setattr("visualizer.app.time.perf_counter", lambda: now_sec[0])
    seen = []
    for now_sec[0] in (100.0, 100.5, 101.4, 101.6):
        frame(app)
        seen.append(app.is_idle)
    assert seen == [False, False, False, True]


def test_a_window_that_waits_for_a_picture_is_not_idle(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_sec = [100.0]
    monkeypatch.setattr("visualizer.app.time.perf_counter", lambda: now_sec[0])
    frame(app)
    answer(app)  # not yet
    now_sec[0] = 109.0
    frame(app)
    assert not app.is_idle


def test_what_is_said_instead_of_the_first_picture_is_true(app: App, fakes: ModuleType) -> None:
    renderer: Any = app.renderer
    app.status = replace(renderer.status, state="starting")
    assert waiting_text(app) == "Starting the renderer…"
    app.status = renderer.status
    app.open_at_start([BIG])
    assert waiting_text(app) == "Loading the model…"
    app.begin_frame()
    assert waiting_text(app) == "Computing the first picture…"
    app.status = replace(renderer.status, state="given up")
    assert waiting_text(app) == "The renderer is off."


@pytest.mark.parametrize(
    ("num", "text"), [(66_432, "66 k weights"), (999_400, "999 k"), (15_093_151, "15.1 M weights")]
)
def test_the_number_of_weights_is_readable(fakes: ModuleType, num: int, text: str) -> None:
    assert text in describe(fakes.fake_info("/a.pkl", num_parameters=num))
