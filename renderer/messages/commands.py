"""From the window to the renderer."""

from __future__ import annotations

from dataclasses import dataclass

from renderer.messages.jobs import Job
from renderer.messages.requests import RenderRequest


@dataclass(frozen=True)
class RenderFrame:
    """Newest wins. Stamps rise."""

    stamp: int
    request: RenderRequest


@dataclass(frozen=True)
class StartJob:
    job_id: int
    job: Job


@dataclass(frozen=True)
class CancelJob:
    job_id: int


@dataclass(frozen=True)
class SetModelsBudget:
    """What the resident models may take together; older ones leave until it holds."""

    num_bytes: int


@dataclass(frozen=True)
class DropModel:
    """This model is to leave the memory; one that is on the screen stays."""

    source: str


@dataclass(frozen=True)
class ReleaseSlot:
    """The window has read this tile; its slot may be written again."""

    ring: str
    slot: int


@dataclass(frozen=True)
class Shutdown:
    pass
