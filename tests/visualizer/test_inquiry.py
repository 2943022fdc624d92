"""Questions about what is shown: one of a topic at a time, and the newest wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from renderer.messages import ErrorInfo, Job, JobDone, JobProgress, LayerInfo, Probe, ProbeRegion
from renderer.messages import View as ViewMessage
from visualizer.inquiry import Inquiries

VIEW = ViewMessage("m")
LAYER = LayerInfo("output", 3, 8, 8, "float32")


def region(x0: int) -> ProbeRegion:
    return ProbeRegion(VIEW, 0, x0, 1, 1)


def probe(x0: int) -> Probe:
    return Probe(VIEW, LAYER, 0, x0, 1, 1, 0, 1, b"\0\0\0\0")


class Runner:
    """Collects jobs; the test answers."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.canceled: list[int] = []

    def start_job(self, job: Job) -> int:
        self.jobs.append(job)
        return len(self.jobs)

    def cancel_job(self, job_id: int) -> None:
        self.canceled.append(job_id)


def test_a_question_is_asked_once() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    for _ in range(5):
        assert inquiries.ask("a", region(1), Probe) is None
    assert inquiries.handle(JobDone(1, outcome=probe(1)))
    for _ in range(5):
        assert inquiries.ask("a", region(1), Probe) == probe(1)
    assert runner.jobs == [region(1)]
    assert inquiries.is_current("a", region(1))


def test_of_the_questions_that_wait_only_the_newest_is_asked() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    for x0 in range(1, 6):
        inquiries.ask("a", region(x0), Probe)
    inquiries.handle(JobDone(1, outcome=probe(1)))
    assert runner.jobs == [region(1), region(5)]
    assert inquiries.ask("a", region(5), Probe) == probe(1)  # the newest known
    assert not inquiries.is_current("a", region(5))
    inquiries.handle(JobDone(2, outcome=probe(5)))
    assert inquiries.ask("a", region(5), Probe) == probe(5)


def test_going_back_to_what_is_under_way_asks_nothing_else() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    for x0 in (1, 2, 1):
        inquiries.ask("a", region(x0), Probe)
    inquiries.handle(JobDone(1, outcome=probe(1)))
    assert runner.jobs == [region(1)]


def test_topics_do_not_wait_for_each_other() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    inquiries.ask("a", region(1), Probe)
    inquiries.ask("b", region(2), Probe)
    inquiries.handle(JobDone(2, outcome=probe(2)))
    assert inquiries.ask("a", region(1), Probe) is None
    assert inquiries.ask("b", region(2), Probe) == probe(2)


def test_events_of_others_are_left_to_them() -> None:
    inquiries = Inquiries(Runner())
    inquiries.ask("a", region(1), Probe)
    assert inquiries.handle(JobProgress(1, 0.5, "half"))
    assert not inquiries.handle(JobDone(7))
    assert not inquiries.handle(JobProgress(7, 0.5, "half"))


def test_what_failed_is_asked_again_with_the_next_picture() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    inquiries.ask("a", region(1), Probe)
    inquiries.handle(JobDone(1, error=ErrorInfo("The renderer stopped.")))
    assert inquiries.ask("a", region(1), Probe) is None
    error = inquiries.error("a")
    assert error is not None
    assert error.message == "The renderer stopped."
    assert len(runner.jobs) == 1
    inquiries.retry_failed()
    inquiries.ask("a", region(1), Probe)
    assert len(runner.jobs) == 2
    inquiries.handle(JobDone(2, outcome=probe(1)))
    assert inquiries.error("a") is None


def test_a_forgotten_topic_is_canceled() -> None:
    runner = Runner()
    inquiries = Inquiries(runner)
    inquiries.ask("a", region(1), Probe)
    inquiries.forget("a")
    inquiries.forget("never asked")
    assert runner.canceled == [1]
    assert not inquiries.handle(JobDone(1, canceled=True))
    assert inquiries.question("a") is None


def test_an_answer_of_another_kind_is_none() -> None:
    inquiries = Inquiries(Runner())
    inquiries.ask("a", region(1), Probe)
    other: Any = replace(probe(1))
    inquiries.handle(JobDone(1, outcome=other))

    class Unlike(Probe):
        pass

    assert inquiries.ask("a", region(1), Unlike) is None
