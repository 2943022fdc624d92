"""Loading models."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from renderer.messages import BUNDLED, ErrorInfo, JobDone, JobProgress, LoadModel, ResidentModel
from visualizer.models import Models, resolve_source, short_name


class Runner:
    def __init__(self) -> None:
        self.jobs: list[LoadModel] = []
        self.canceled: list[int] = []
        self.dropped: list[str] = []

    def start_job(self, job: LoadModel) -> int:
        self.jobs.append(job)
        return len(self.jobs)

    def cancel_job(self, job_id: int) -> None:
        self.canceled.append(job_id)

    def drop_model(self, source: str) -> None:
        self.dropped.append(source)


@pytest.fixture
def runner() -> Runner:
    return Runner()


def test_a_model_is_ready_when_its_job_is_done(runner: Runner, fakes: ModuleType) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.handle(JobProgress(1, 0.5, "Reading"))
    assert models.loading is not None
    assert (models.loading.fraction, models.loading.text) == (0.5, "Reading")
    assert models.take_ready() is None
    models.handle(JobDone(1, fakes.fake_info("/a.pkl")))
    assert models.take_ready() == "/a.pkl"
    assert models.take_ready() is None
    assert models.loading is None


def test_a_loaded_model_is_ready_at_once(runner: Runner, fakes: ModuleType) -> None:
    models = Models(runner)
    models.learn(fakes.fake_info("/a.pkl"))
    models.open("/a.pkl")
    assert models.take_ready() == "/a.pkl"
    assert runner.jobs == []


def test_a_model_that_left_the_memory_is_loaded_again(runner: Runner, fakes: ModuleType) -> None:
    models = Models(runner)
    for name in "abc":
        models.learn(fakes.fake_info(f"/{name}.pkl"))
    models.keep((ResidentModel("/b.pkl", 5), ResidentModel("/c.pkl", 7)))
    assert (list(models.infos), models.num_bytes) == (["/b.pkl", "/c.pkl"], 12)
    models.open("/b.pkl")
    assert runner.jobs == []
    models.open("/a.pkl")
    assert runner.jobs == [LoadModel("/a.pkl")]
    models.drop("/b.pkl")
    assert runner.dropped == ["/b.pkl"]


def test_the_last_model_asked_for_wins(runner: Runner, fakes: ModuleType) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.open("/b.pkl")
    assert runner.canceled == [1]
    models.handle(JobDone(1, fakes.fake_info("/a.pkl")))  # it was done already
    assert models.take_ready() is None
    assert "/a.pkl" in models.infos
    models.handle(JobDone(2, fakes.fake_info("/b.pkl")))
    assert models.take_ready() == "/b.pkl"


def test_a_failure_is_kept_and_can_be_retried(runner: Runner) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.handle(JobDone(1, error=ErrorInfo("a.pkl is not a checkpoint.")))
    assert models.failure is not None
    assert models.failure.error.message == "a.pkl is not a checkpoint."
    models.retry("/a.pkl")
    assert models.failure is None
    assert runner.jobs == [LoadModel("/a.pkl"), LoadModel("/a.pkl")]


def test_cancel_keeps_everything_as_it_is(runner: Runner) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.cancel()
    models.handle(JobDone(1, canceled=True))
    assert runner.canceled == [1]
    assert models.loading is None
    assert models.failure is None
    assert models.take_ready() is None


def test_a_failure_in_the_list_is_kept_and_the_list_goes_on(
    runner: Runner, fakes: ModuleType
) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.open_later(["/b.pkl", "/c.pkl", "/d.pkl"])
    models.handle(JobDone(1, fakes.fake_info("/a.pkl")))
    models.handle(JobDone(2, error=ErrorInfo("b.pkl is not a checkpoint.")))
    assert models.failure is not None
    assert models.failure.source == "/b.pkl"
    models.handle(JobDone(3, canceled=True))
    models.handle(JobDone(4, fakes.fake_info("/d.pkl")))
    assert runner.jobs == [LoadModel(f"/{name}.pkl") for name in "abcd"]
    assert list(models.infos) == ["/a.pkl", "/d.pkl"]
    assert models.take_ready() == "/a.pkl"


def test_every_failure_stands_until_its_own_model_is_tried_again(runner: Runner) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.open_later(["/b.pkl", "https://example.org/c.pkl"])
    for job_id, name in enumerate("abc", start=1):
        models.handle(JobDone(job_id, error=ErrorInfo(f"{name}.pkl is not a checkpoint.")))
    assert list(models.failures) == ["/a.pkl", "/b.pkl", "https://example.org/c.pkl"]
    models.retry("/a.pkl")
    assert runner.jobs[-1] == LoadModel("/a.pkl")
    assert list(models.failures) == ["/b.pkl", "https://example.org/c.pkl"]
    models.dismiss_failure("https://example.org/c.pkl")
    assert models.failure is not None
    assert models.failure.source == "/b.pkl"


def test_cancel_goes_on_with_the_list(runner: Runner) -> None:
    models = Models(runner)
    models.open("/a.pkl")
    models.open_later(["/b.pkl", "/c.pkl"])
    models.cancel()
    models.handle(JobDone(1, canceled=True))
    assert runner.jobs == [LoadModel("/a.pkl"), LoadModel("/b.pkl")]
    assert models.take_canceled() == "/a.pkl"
    assert models.take_canceled() is None


def test_a_folder_that_cannot_be_listed_is_left_to_the_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert resolve_source(str(tmp_path)) == str(tmp_path)


def test_a_folder_means_its_newest_snapshot(tmp_path: Path) -> None:
    for name in ("network-snapshot-000900.pkl", "network-snapshot-001000.pkl", "zzz.pkl"):
        (tmp_path / name).touch()
    assert resolve_source(str(tmp_path)) == str(tmp_path / "network-snapshot-001000.pkl")
    assert resolve_source(BUNDLED) == BUNDLED
    assert resolve_source(f' "{tmp_path}/zzz.pkl" ') == str(tmp_path / "zzz.pkl")


def test_an_address_is_a_source_of_its_own(runner: Runner) -> None:
    models = Models(runner)
    models.open(" https://example.org/some%20where/c.pkl?version=2 ")
    assert runner.jobs == [LoadModel("https://example.org/some%20where/c.pkl?version=2")]
    assert short_name(runner.jobs[0].source) == "c"
