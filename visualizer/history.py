"""Undo and redo of every state change; a drag is one step."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, replace

from renderer.state import ViewState

MAX_STEPS = 2000  # a state is about 2 kB

_NAMES = {
    "model": "Model",
    "latent": "Latent",
    "label": "Class",
    "mix": "Style mixing",
    "truncation": "Truncation",
    "noise": "Noise",
    "transform": "Transform",
    "layer": "Layer",
    "spectrum": "Spectrum",
    "force_fp32": "Precision",
    "comparison": "Difference",
}
_FIELD_NAMES = {
    ("mix", "seed"): "Mixing seed",
    ("mix", "rows"): "Mixed rows",
    ("truncation", "psi"): "Truncation psi",
    ("truncation", "cutoff"): "Truncation cutoff",
    ("noise", "enabled"): "Noise on or off",
    ("noise", "seed"): "Noise seed",
    ("transform", "x"): "Translate",
    ("transform", "y"): "Translate",
    ("transform", "angle_turns"): "Rotate",
    ("transform", "untransform"): "Untransform",
    ("transform", "round_to_px"): "Round to pixels",
    ("comparison", "pinned"): "Pinned picture",
    ("comparison", "follows"): "What B takes from A",
}


def describe_change(before: ViewState, after: ViewState) -> str:
    """A name for a step, such as "Truncation psi"; sections that changed are joined."""
    names: list[str] = []
    for section in _NAMES:
        old, new = getattr(before, section), getattr(after, section)
        if old is not new and old != new:
            names.append(_describe_section(section, old, new))
    return ", ".join(names)


def _describe_section(section: str, old: object, new: object) -> str:
    if not dataclasses.is_dataclass(old) or isinstance(old, type):
        return _NAMES[section]
    changed = [
        f.name for f in dataclasses.fields(old) if getattr(old, f.name) != getattr(new, f.name)
    ]
    if any(name.startswith("animate") for name in changed):
        return f"{_NAMES[section]} animation"
    fields = {_FIELD_NAMES.get((section, name), _NAMES[section]) for name in changed}
    return fields.pop() if len(fields) == 1 else _NAMES[section]


def paused(state: ViewState) -> ViewState:
    """The state with every animation stopped: what undo goes back to must stay put."""
    transform = replace(state.transform, animate_translation=False, animate_rotation=False)
    return replace(
        state,
        latent=replace(state.latent, animate=False),
        mix=replace(state.mix, animate=False),
        noise=replace(state.noise, animate=False),
        transform=transform,
    )


def keep_look(state: ViewState, now: ViewState) -> ViewState:
    """The state, with A and B shown as they are now: looking at both is nothing to undo."""
    look = now.comparison
    comparison = replace(state.comparison, mode=look.mode, wipe=look.wipe, blink_hz=look.blink_hz)
    return replace(state, comparison=comparison)


def is_look_alone(before: ViewState, after: ViewState) -> bool:
    """Whether two states differ in nothing but how A and B are shown."""
    old, new = before.comparison, after.comparison
    return old is not new and old != new and after == keep_look(before, after)


@dataclass(frozen=True)
class Step:
    """One change, as a person made it."""

    before: ViewState
    after: ViewState

    @functools.cached_property
    def label(self) -> str:
        return describe_change(self.before, self.after)


class History:
    """The states passed through. Gestures (drags, typing) are merged into one step each."""

    def __init__(self, state: ViewState) -> None:
        self.state = state
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._is_open = False  # the last step still grows

    def restart(self, state: ViewState) -> None:
        """Forget all steps and begin here."""
        self.state = state
        self._done.clear()
        self._undone.clear()
        self._is_open = False

    def record(self, state: ViewState, gesture_open: bool) -> None:
        """Take the state of this frame; while a gesture goes on, its changes are one step."""
        if state is self.state or state == self.state:
            pass
        elif is_look_alone(self.state, state):
            self.state = state
        else:
            if self._is_open and self._done:
                self._done[-1] = Step(self._done[-1].before, state)
            else:
                self._done.append(Step(self.state, state))
                del self._done[:-MAX_STEPS]
            self._undone.clear()
            self.state = state
            self._is_open = True
        if not gesture_open:
            self._close()

    def amend(self, state: ViewState) -> None:
        """Take a change that is no step of its own: an animation moving on."""
        if state != self.state:
            self._undone.clear()
            self.state = state

    def undo(self) -> ViewState:
        """Go one step back; the state stays when there is none."""
        self._close()
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self.state = keep_look(paused(step.before), self.state)
        return self.state

    def redo(self) -> ViewState:
        """Go one step forward again."""
        self._close()
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self.state = keep_look(paused(step.after), self.state)
        return self.state

    def undo_steps(self, limit: int = MAX_STEPS) -> list[Step]:
        """The steps that can be undone, the latest first."""
        return self._done[: -limit - 1 : -1]

    def redo_steps(self, limit: int = MAX_STEPS) -> list[Step]:
        """The steps that can be redone, the next first."""
        return self._undone[: -limit - 1 : -1]

    def undo_labels(self, limit: int = MAX_STEPS) -> list[str]:
        """Names of the steps that can be undone, the latest first."""
        return [step.label for step in self.undo_steps(limit)]

    def redo_labels(self, limit: int = MAX_STEPS) -> list[str]:
        """Names of the steps that can be redone, the next first."""
        return [step.label for step in self.redo_steps(limit)]

    def _close(self) -> None:
        if self._is_open and self._done and self._done[-1].before == self._done[-1].after:
            self._done.pop()  # a gesture that came back to where it began
        self._is_open = False
