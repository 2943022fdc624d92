"""The command line that makes the same picture: "copy as command"."""

from __future__ import annotations

import shlex

from renderer.messages import View
from renderer.state import ViewState, to_view


def images_arguments(state: ViewState) -> list[str] | None:
    """The `loupe images` arguments for a state; None when only its JSON can say it."""
    view = to_view(state)
    if not _is_simple(view) or state.transform.round_to_px:
        return None
    (seed, _), *_ = view.latents.seeds
    arguments = ["images", state.model, "--seeds", str(seed)]
    if state.truncation.psi != 1:
        arguments += ["--trunc", _number(state.truncation.psi)]
    if state.truncation.cutoff is not None:
        arguments += ["--trunc-cutoff", str(state.truncation.cutoff)]
    transform = state.transform
    if transform.x or transform.y:
        arguments += ["--translate", f"{_number(transform.x)},{_number(transform.y)}"]
    if transform.angle_turns:
        degrees = transform.angle_turns * 360
        if degrees / 360 != transform.angle_turns:
            return None  # rounding would turn it by another angle
        arguments += ["--rotate", _number(degrees)]
    if state.label.class_idx is not None:
        arguments += ["--class", str(state.label.class_idx)]
    if view.synthesis.noise_mode == "none":
        arguments += ["--noise-mode", "none"]
    if not state.force_fp32:
        arguments += ["--reduced-precision"]
    return arguments


def command_line(state: ViewState, state_file: str) -> str:
    """The whole line; a state that flags cannot say is read from `state_file`."""
    arguments = images_arguments(state) or ["images", "--state", state_file]
    return shlex.join(["loupe", *arguments, "--outdir", "out"])


def _is_simple(view: View) -> bool:
    latents, display = view.latents, view.display
    one_class = latents.class_weights is None or len(latents.class_weights) == 1
    return (
        len(latents.seeds) == 1
        and one_class
        and not latents.mix_rows
        and view.synthesis.noise_mode != "random"
        and display == type(display)()
    )


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(value)
