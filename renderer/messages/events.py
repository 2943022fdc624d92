"""From the renderer to the window, besides `RenderResult`."""

from __future__ import annotations

from dataclasses import dataclass

from renderer.messages.jobs import Outcome
from renderer.messages.results import ErrorInfo, ResidentModel

FRAME_LOAD = 0  # job id of a load that no one started: a frame asked for the model


@dataclass(frozen=True)
class WorkerReady:
    """First message of a worker: device ladder as (device, chosen or reason skipped)."""

    pid: int
    device: str
    ladder: tuple[tuple[str, str], ...]
    kernels: str  # e.g. "native AVX-512" or "reference: <why>"


@dataclass(frozen=True)
class RingOpened:
    """The worker writes tiles into a new block of the shared memory from now on."""

    ring: str
    base: int  # of the block in the shared memory
    num_bytes: int


@dataclass(frozen=True)
class ModelsKept:
    """The resident models have changed, or their budget has. As in RenderResult."""

    resident: tuple[ResidentModel, ...]
    budget_bytes: int


@dataclass(frozen=True)
class Heartbeat:
    """Sent by a thread of the worker while work is pending."""


@dataclass(frozen=True)
class JobProgress:
    job_id: int  # FRAME_LOAD for the model that a frame waits for
    fraction: float  # 0…1
    text: str


@dataclass(frozen=True)
class JobDone:
    job_id: int
    outcome: Outcome | None = None
    error: ErrorInfo | None = None
    canceled: bool = False
