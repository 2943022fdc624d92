"""The device ladder CUDA → MPS → CPU: each step is checked before it is used."""

from __future__ import annotations

from dataclasses import dataclass

import torch

import cuda_ext

LADDER = ("cuda", "mps", "cpu")


@dataclass(frozen=True)
class DeviceChoice:
    """Where to compute, and why not elsewhere."""

    device: str
    ladder: tuple[tuple[str, str], ...]  # (device, "chosen" or why it was skipped)
    kernels: str  # which implementation of the native ops is active there


def choose_device(wanted: str | None = None) -> DeviceChoice:
    """The first step that is there and computes what the reference computes.

    Args:
        wanted: "cuda", "mps" or "cpu" to start the ladder there; None for its top. The CPU is
            always the last step: where its native kernels fail their check, plain torch serves.
    """
    ladder: list[tuple[str, str]] = []
    begin = LADDER.index(wanted) if wanted in LADDER else 0
    for device in LADDER:
        reason = "not asked for" if LADDER.index(device) < begin else _why_not(device)
        if reason is None:
            ladder.append((device, "chosen"))
            break
        if device == "cpu":
            ladder.append((device, f"chosen, with plain torch: {reason}"))
            break
        ladder.append((device, reason))
    device = ladder[-1][0]
    if device == "cuda":
        # torch's convolutions of float32 would otherwise keep 10 bits of it
        torch.backends.cudnn.allow_tf32 = False
    kernels = cuda_ext.kernel_status().get(device, "reference (plain torch)")
    return DeviceChoice(device, tuple(ladder), kernels)


def whole_ladder() -> tuple[tuple[str, str], ...]:
    """Every step, checked: (device, "works" or why not); the CPU always serves."""
    return tuple((device, _why_not(device) or "works") for device in LADDER)


def _why_not(device: str) -> str | None:
    if device == "cuda" and not torch.cuda.is_available():
        return "no CUDA device, or a torch without CUDA"
    if device == "mps" and not torch.backends.mps.is_available():
        return "no Apple GPU here"
    try:
        return cuda_ext.verify(device)
    except Exception as error:  # whatever a broken driver raises, the next step may work
        return f"{type(error).__name__}: {error}"
