"""Jobs of the real renderer process: answered once, beside frames, without running the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renderer.jobs import Jobs
from renderer.messages import (
    ContactSheet,
    DisplaySpec,
    ErrorInfo,
    JobDone,
    LatentSpec,
    ProbeRegion,
    RenderRequest,
    RenderResult,
    SpectrumProfile,
    StartJob,
    View,
)
from renderer.models import ModelStore

GOLDEN = Path(__file__).parent.parent / "golden"
VIEW = View(
    model=str(GOLDEN / "stylegan3-r-64.pkl"),
    latents=LatentSpec(seeds=((3, 1.0),)),
    display=DisplaySpec(num_channels=1),
)
JOBS = (ProbeRegion(VIEW, 0, 0, 4, 4), ContactSheet(VIEW), SpectrumProfile(VIEW))


@pytest.fixture
def client(shared_client: Any) -> Any:
    return shared_client


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_looking_closer_at_what_is_shown_runs_no_network(client: Any, job: Any) -> None:
    client.release_all(client.render(RenderRequest((VIEW,))))
    done = client.run_job(job)
    assert done.error is None, done.error
    assert done.outcome.view == VIEW
    assert done.outcome.layer.name == "output"
    assert done.outcome.synthesis_runs == 0


def test_a_probe_tells_the_values_behind_the_picture(client: Any) -> None:
    pixels = client.picture(VIEW)
    probe = client.run_job(ProbeRegion(VIEW, 10, 20, 8, 16)).outcome
    values = np.frombuffer(probe.values, "<f4").reshape(1, 8, 16)
    shown = np.clip(values[0] * 127.5 + 128, 0, 255).astype(np.uint8)
    assert np.array_equal(shown, pixels[10:18, 20:36, 0])


def test_a_job_loads_the_model_it_needs(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.pkl"
    path.write_bytes(Path(VIEW.model).read_bytes())
    job_id = client.start_job(ProbeRegion(replace(VIEW, model=str(path)), 0, 0, 1, 1))
    progress, ends = client.wait_for_ends(job_id)
    assert ends[0].outcome.synthesis_runs == 1
    assert progress[-1].fraction == 1.0


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (ProbeRegion(replace(VIEW, model="/no/such/file.pkl"), 0, 0, 1, 1), "does not exist"),
        (ProbeRegion(replace(VIEW, display=DisplaySpec(layer="L99")), 0, 0, 1, 1), "'L99'"),
        (ContactSheet(VIEW, thumb_px=10**9), "thumb_px is 1000000000, expected 4 to 512"),
        (SpectrumProfile(replace(VIEW, latents=LatentSpec(((-1, 1.0),)))), "seed -1"),
    ],
)
def test_a_job_that_makes_no_sense_is_one_sentence(client: Any, job: Any, words: str) -> None:
    done = client.run_job(job)
    assert done.outcome is None
    assert words in done.error.message
    assert "\n" not in done.error.message
    assert client.status.num_restarts == 0


def test_a_job_is_answered_before_there_was_any_frame(waiting_client: Any) -> None:
    client = waiting_client(device="cpu")
    try:
        missing = replace(VIEW, model="/no/such/file.pkl")
        assert client.run_job(ProbeRegion(missing, 0, 0, 1, 1)).error is not None
        assert client.run_job(ProbeRegion(VIEW, 0, 0, 1, 1)).outcome is not None
    finally:
        client.close()


def test_a_canceled_job_ends_and_later_ones_are_answered(client: Any, slow_model: str) -> None:
    slow = replace(VIEW, model=slow_model)
    ids = [client.start_job(ContactSheet(replace(slow, name=str(i)))) for i in range(4)]
    client.cancel_job(ids[1])
    client.cancel_job(ids[3])
    ids.append(client.start_job(ProbeRegion(VIEW, 0, 0, 1, 1)))
    _, ends = client.wait_for_ends(*ids)
    assert [end.canceled for end in ends] == [False, True, False, True, False]
    assert [end.outcome is None for end in ends] == [False, True, False, True, False]


def test_frames_come_between_the_steps_of_a_job(client: Any, slow_model: str) -> None:
    """Jobs that wait, and the one under way, do not hold up a picture; and they lose nothing."""
    client.release_all(client.render(RenderRequest((VIEW,))))
    seeds = [replace(VIEW, model=slow_model, latents=LatentSpec(((s, 1.0),))) for s in range(3)]
    jobs = [client.start_job(ProbeRegion(view, 0, 0, 1, 1)) for view in seeds]
    stamp = client.submit(RenderRequest((VIEW,)))
    order = []
    while len(order) < 4:
        for event in client.wait_for(client.poll):
            if isinstance(event, RenderResult):
                assert event.stamp == stamp
                assert event.error is None
                order.append("frame")
                client.release_all(event)
            elif isinstance(event, JobDone) and event.job_id in jobs:
                assert event.outcome.synthesis_runs == 1  # the one that gave way was not run again
                order.append(str(jobs.index(event.job_id)))
    assert [name for name in order if name != "frame"] == ["0", "1", "2"]
    assert order.index("frame") < 3


class Part:
    """Stands for the part of the renderer that a test is about; it does what the test says."""

    def __init__(self, **methods: Any) -> None:
        self.__dict__.update(methods)


def make_jobs(pipeline: Any, store: Any, loader: Any) -> tuple[Jobs, list[Any]]:
    """A queue of jobs, and what it sends."""
    sent: list[Any] = []
    return Jobs(pipeline, store, loader, sent.append, lambda: None), sent


def test_a_canceled_job_is_busy_until_its_step_has_ended() -> None:
    """A renderer that is not busy sends no sign of life, and is taken for a frozen one."""
    seen: list[bool] = []

    def open_view(_view: View, _model: Any, _work: Any, should_stop: Any) -> None:
        jobs.cancel(7)  # from the inbox's thread, in the middle of a long step
        seen.append(jobs.is_busy)
        should_stop()

    store = Part(get=lambda _source: object())
    jobs, sent = make_jobs(Part(open=open_view), store, Part())
    jobs.start(StartJob(7, JOBS[0]))
    jobs.run_next()
    assert seen == [True]
    assert sent == [JobDone(7, canceled=True)]
    assert not jobs.is_busy


def test_a_job_whose_model_fails_while_it_asks_is_answered_once() -> None:
    def need(_source: str, _job_id: int) -> ErrorInfo:
        jobs.retry()  # from the loader's thread: a load has settled
        return ErrorInfo("It is broken.")

    jobs, sent = make_jobs(Part(), ModelStore(), Part(need=need))
    jobs.start(StartJob(7, JOBS[0]))
    jobs.run_next()
    assert sent == [JobDone(7, error=ErrorInfo("It is broken."))]
    assert not jobs.has_work
    assert not jobs.is_busy
