"""Questions to the renderer about what is shown: asked by panels every frame, answered later.

A panel says each frame what it wants to know; the answer is the newest that has come. While one
question of a topic is under way, only the newest of the next ones is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from renderer.messages import (
    ContactSheet,
    ErrorInfo,
    Job,
    JobDone,
    JobProgress,
    Outcome,
    ProbeRegion,
    SpectrumProfile,
)

Question = ProbeRegion | ContactSheet | SpectrumProfile
Answer = TypeVar("Answer", bound=Outcome)


class JobRunner(Protocol):
    """The part of the renderer's client that runs jobs."""

    def start_job(self, job: Job) -> int: ...
    def cancel_job(self, job_id: int) -> None: ...


@dataclass
class _Topic:
    """One kind of question of one asker."""

    asked: Question | None = None  # last sent
    next: Question | None = None  # to be sent when that is answered
    job_id: int | None = None  # under way
    answered: Question | None = None
    answer: Outcome | None = None
    error: ErrorInfo | None = None


class Inquiries:
    """Asks the renderer, one question of a topic at a time."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._topics: dict[str, _Topic] = {}

    def ask(self, name: str, question: Question, kind: type[Answer]) -> Answer | None:
        """The newest answer of a topic, maybe to an older question; asks when that is new."""
        topic = self._topics.setdefault(name, _Topic())
        if topic.job_id is not None:
            topic.next = question if question != topic.asked else None
        elif question != topic.asked:
            self._send(topic, question)
        return topic.answer if isinstance(topic.answer, kind) else None

    def is_current(self, name: str, question: Question) -> bool:
        """Whether the answer of a topic is the answer to this question."""
        topic = self._topics.get(name)
        return topic is not None and topic.answered == question

    def question(self, name: str) -> Question | None:
        """What was asked last."""
        topic = self._topics.get(name)
        return topic.asked if topic else None

    def error(self, name: str) -> ErrorInfo | None:
        """Why the last question of a topic was not answered."""
        topic = self._topics.get(name)
        return topic.error if topic else None

    def forget(self, name: str) -> None:
        """Nobody wants to know this any more; its answer is let go."""
        topic = self._topics.pop(name, None)
        if topic is not None and topic.job_id is not None:
            self._runner.cancel_job(topic.job_id)

    def handle(self, event: JobProgress | JobDone) -> bool:
        """Take an event; False when it belongs to somebody else."""
        topic = next((t for t in self._topics.values() if t.job_id == event.job_id), None)
        if topic is None:
            return False
        if isinstance(event, JobDone):
            topic.job_id = None
            topic.error = event.error
            if event.outcome is not None:
                topic.answered, topic.answer = topic.asked, event.outcome
            if topic.next is not None:
                question, topic.next = topic.next, None
                self._send(topic, question)
        return True

    def retry_failed(self) -> None:
        """A new picture has come: what failed before (a renderer that died) may work now."""
        for topic in self._topics.values():
            if topic.error is not None and topic.job_id is None:
                topic.asked = None

    def _send(self, topic: _Topic, question: Question) -> None:
        topic.asked = question
        topic.job_id = self._runner.start_job(question)
