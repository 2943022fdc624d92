"""The real renderer process: golden pictures, newest wins, jobs, and pictures through the ring."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renderer.messages import (
    DifferenceSpec,
    DisplaySpec,
    JobDone,
    LatentSpec,
    LoadModel,
    ModelsKept,
    RenderRequest,
    RenderResult,
    SpectrumSpec,
    View,
)

MODEL = str(Path(__file__).parent.parent / "golden" / "stylegan3-r-64.pkl")


@pytest.fixture
def client(shared_client: Any) -> Any:
    return shared_client


def seed_view(seed: int, model: str = MODEL) -> View:
    return View(model=model, latents=LatentSpec(seeds=((seed, 1.0),)))


def request(seed: int, model: str = MODEL) -> RenderRequest:
    return RenderRequest((seed_view(seed, model),))


def test_golden_pictures_come_through_the_process(
    client: Any, render_cases: Any, picture_check: Any
) -> None:
    for view, image, stats, layers in render_cases:
        result = client.render(RenderRequest((view,)))
        assert result.error is None, result.error
        tile = result.tiles[0]
        width = image.shape[1] // (2 if view.display.spectrum else 1)
        picture_check(client.pixels(tile), image, width)
        got = (*tile.stats.mean, *tile.stats.std, *tile.stats.max_abs)
        assert np.allclose(got, stats, rtol=1e-4, atol=1e-4)
        if layers is not None:
            assert [layer.name for layer in tile.layers] == layers
        client.release_all(result)


def test_newest_request_wins(client: Any, slow_model: str) -> None:
    warm = client.render(request(0, slow_model))
    client.release_all(warm)
    results = [warm]
    for seed in range(1, 201):  # 200 changes in a second
        arrived = [event for event in client.poll() if isinstance(event, RenderResult)]
        for result in arrived:
            client.release_all(result)
        results += arrived
        stamp = client.submit(request(seed, slow_model))
        time.sleep(0.005)
    seen = results[-1]
    last = client.wait_for_event(lambda e: isinstance(e, RenderResult) and e.stamp == stamp)
    assert last.request == request(200, slow_model)
    assert last.num_finished - warm.num_finished <= 40
    assert last.num_finished - seen.num_finished <= 3  # one may have been on its way
    stamps = [result.stamp for result in results] + [last.stamp]
    assert stamps == sorted(set(stamps))
    # long frames do not starve the screen: some pictures arrived on the way
    assert len(results) > 1
    client.release_all(last)


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_requests_that_pile_up_cost_at_most_three_renders(client: Any, slow_model: str) -> None:
    """The renderer is stopped while they arrive, so the count does not depend on its speed."""
    warm = client.render(request(0, slow_model))
    client.release_all(warm)
    os.kill(client.status.pid, signal.SIGSTOP)
    try:
        for seed in range(1, 201):
            stamp = client.submit(request(seed, slow_model))
    finally:
        os.kill(client.status.pid, signal.SIGCONT)
    last = client.wait_for_event(lambda e: isinstance(e, RenderResult) and e.stamp == stamp)
    client.release_all(last)
    assert last.num_finished - warm.num_finished <= 3
    assert last.request == request(200, slow_model)


def test_display_changes_never_run_the_network(client: Any) -> None:
    view = seed_view(3)
    first = client.render(RenderRequest((view,)))
    assert first.synthesis_runs == 1
    client.release_all(first)
    for display in (
        DisplaySpec(scale_db=6.0),
        DisplaySpec(num_channels=1, base_channel=1),
        DisplaySpec(normalize=True),
        DisplaySpec(spectrum=SpectrumSpec()),
    ):
        result = client.render(RenderRequest((replace(view, display=display),)))
        assert result.error is None
        assert result.synthesis_runs == 0
        client.release_all(result)


def test_two_views_come_as_two_tiles_and_share_the_network(client: Any) -> None:
    views = (seed_view(1), replace(seed_view(1), display=DisplaySpec(scale_db=3.0), name="right"))
    result = client.render(RenderRequest(views))
    assert [tile.name for tile in result.tiles] == ["main", "right"]
    assert result.synthesis_runs == 1
    left, right = (client.pixels(tile) for tile in result.tiles)
    assert not np.array_equal(left, right)


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "/no/such.pkl"}, "/no/such.pkl"),
        ({"display": DisplaySpec(layer="L9_none")}, "This model has no layer 'L9_none'."),
    ],
)
def test_a_view_that_fails_leaves_the_other_its_picture(
    client: Any, change: dict[str, Any], sentence: str, failing: int
) -> None:
    alone = client.picture(seed_view(1))
    views = [replace(seed_view(1), name="a"), replace(seed_view(1), name="b")]
    whole = views[1 - failing]
    views[failing] = replace(views[failing], **change)
    request = RenderRequest(tuple(views), DifferenceSpec(a="a", b="b"))

    def is_settled(event: Any) -> bool:
        return isinstance(event, RenderResult) and event.request == request and not event.waiting

    client.submit(request)
    result = client.wait_for_event(is_settled)
    assert [tile.name for tile in result.tiles] == [whole.name]  # nor is there a difference
    assert np.array_equal(client.pixels(result.tiles[0]), alone)
    assert [failure.name for failure in result.failures] == [views[failing].name]
    assert sentence in result.failures[0].error.message
    assert result.error == result.failures[0].error
    client.release_all(result)


def test_pictures_that_grow_keep_what_is_shown(client: Any) -> None:
    small = client.render(request(1))
    shown = client.pixels(small.tiles[0])
    before = shown.copy()
    layers = tuple(
        replace(seed_view(1), name=str(i), display=DisplaySpec(spectrum=SpectrumSpec(beta=i)))
        for i in range(12)
    )
    large = client.render(RenderRequest(layers))
    assert large.tiles[0].ref.ring != small.tiles[0].ref.ring
    assert {tile.ref.width for tile in large.tiles} == {128}
    assert np.array_equal(shown, before)
    client.release_all(small)
    client.release_all(large)
    assert np.array_equal(client.picture(seed_view(1)), before)


def test_unread_pictures_do_not_stall_the_renderer(client: Any) -> None:
    for seed in range(20):
        stamp = client.submit(request(seed))
        client.wait_for(lambda s=stamp: client.latest_result and client.latest_result.stamp == s)
    assert np.array_equal(client.picture(seed_view(19)), client.picture(seed_view(19)))


def test_a_broken_model_is_one_sentence_and_the_previous_one_stays(
    client: Any, tmp_path: Path
) -> None:
    good = client.picture(seed_view(1))
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"no checkpoint")
    job_id = client.start_job(LoadModel(str(broken)))
    done = client.wait_for_event(lambda e: isinstance(e, JobDone) and e.job_id == job_id)
    assert done.outcome is None
    assert "broken.pkl" in done.error.message
    assert "\n" not in done.error.message
    result = client.render(request(1, str(broken)))
    assert result.error == done.error  # told again without reading the file again
    assert result.tiles == ()
    assert np.array_equal(client.picture(seed_view(1)), good)


def test_a_repaired_file_is_read_again(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"no checkpoint")
    assert client.render(request(1, str(path))).error is not None
    path.write_bytes(Path(MODEL).read_bytes())
    assert client.render(request(1, str(path))).error is None


def test_a_load_job_reports_and_describes_the_model(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "unseen.pkl"
    path.write_bytes(Path(MODEL).read_bytes())
    for _ in range(2):  # the second time it is in memory
        progress, (done,) = client.wait_for_ends(client.start_job(LoadModel(str(path))))
        fractions = [event.fraction for event in progress]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
        info = done.outcome
        assert (info.family, info.img_resolution, info.num_ws) == ("stylegan3", 64, 16)
        assert len(info.sha256) == 64


def test_models_leave_when_told_and_when_the_budget_shrinks(client: Any, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.pkl" for name in "abc"]
    for path in paths:
        path.write_bytes(Path(MODEL).read_bytes())
        client.release_all(client.render(request(0, str(path))))
    first, shown = str(paths[0]), str(paths[-1])

    def wait_for(holds: Callable[[list[str]], bool]) -> None:
        def is_wanted(event: Any) -> bool:
            if not isinstance(event, ModelsKept):
                return False
            return holds([model.source for model in event.resident])

        client.wait_for_event(is_wanted)

    client.drop_model(shown)  # in vain: it is on the screen
    client.drop_model(first)
    wait_for(lambda sources: first not in sources and shown in sources)
    client.set_models_budget(1)
    wait_for(lambda sources: sources == [shown])
    result = client.render(request(1, shown))
    assert result.models_budget_bytes == 1
    assert [model.source for model in result.resident] == [shown]
    client.release_all(result)
    client.set_models_budget(4 << 30)


def test_a_request_that_makes_no_sense_is_an_error_not_an_end(client: Any) -> None:
    pid = client.wait_for(lambda: client.status.state == "ready" and client.status.pid)
    for view, words in (
        (replace(seed_view(1), display=DisplaySpec(layer="L99")), "no layer 'L99'"),
        (seed_view(-1), "seed -1"),
        (seed_view(1, "/no/such/file.pkl"), "does not exist"),
        (seed_view(1, "bundled:nothing"), "bundled:nothing"),
    ):
        error = client.render(RenderRequest((view,))).error
        assert words in error.message
        assert "\n" not in error.message
    assert client.status.pid == pid
    assert client.status.num_restarts == 0
