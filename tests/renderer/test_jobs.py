"""Jobs of the real renderer process: answered once, beside frames, without running the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renderer.messages import (
    ContactSheet,
    DisplaySpec,
    JobDone,
    LatentSpec,
    ProbeRegion,
    RenderRequest,
    RenderResult,
    SpectrumProfile,
    View,
)

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
        (ProbeRegion(replace(VIEW, model="/no/such/file.pkl"), 0, 0, 1, 1), "No such file"),
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
