"""Copy as command: the line makes the same picture."""

from dataclasses import replace

import pytest

import renderer.state as st
from renderer import images
from renderer.state import ViewState, to_request
from visualizer.command import command_line, images_arguments

MODEL = "/models/a b.pkl"
SIMPLE = {
    "seed": ViewState(model=MODEL, latent=st.LatentState(x=42.0)),
    "exact": ViewState(model=MODEL, force_fp32=True),
    "truncated": ViewState(model=MODEL, truncation=st.TruncationState(0.65, 5)),
    "moved": ViewState(
        model=MODEL, transform=st.TransformState(x=-0.123, y=0.5, angle_turns=-0.125)
    ),
    "class, no noise": ViewState(
        model=MODEL, label=st.LabelState(class_idx=3), noise=st.NoiseState(enabled=False)
    ),
}


@pytest.mark.parametrize("name", SIMPLE)
def test_the_line_asks_for_the_same_picture(name: str) -> None:
    state = SIMPLE[name]
    arguments = images_arguments(state)
    assert arguments is not None
    options = images._parser().parse_args(images._join_negative(arguments[1:]))
    ((_, parsed),) = images._states(options)
    assert to_request(parsed) == to_request(state)


@pytest.mark.parametrize(
    "state",
    [
        replace(SIMPLE["seed"], latent=st.LatentState(x=0.5)),
        replace(SIMPLE["seed"], mix=st.StyleMixState(rows=(3,))),
        replace(SIMPLE["seed"], layer=st.LayerState(name="input")),
        replace(SIMPLE["seed"], noise=st.NoiseState(seed=4)),
    ],
)
def test_what_options_cannot_say_is_read_from_a_state(state: ViewState) -> None:
    assert images_arguments(state) is None
    assert "--state '/a state.json'" in command_line(state, "/a state.json")
