"""Sizes and widths that are remembered, and what they save, in a real window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from imgui_bundle import imgui

from visualizer import measure, theme

pytestmark = pytest.mark.gui
TEXTS = ("Seed", "0.53", "L4_52_64")


@pytest.fixture
def window(robot: Any) -> Iterator[Any]:
    """The robot; afterwards its interface has its size again."""
    yield robot
    robot.app.settings.scale = 1.0
    for _ in range(4):
        robot.frame()


def compare_with_imgui(robot: Any) -> None:
    """What is remembered, and what Dear ImGui says in the same frame."""

    def body(ui: Any) -> None:
        measure.follow()
        style = imgui.get_style()
        assert measure.em == imgui.get_font_size()
        assert measure.frame_height == imgui.get_frame_height()
        assert (measure.padding_x, measure.padding_y) == tuple(style.frame_padding)
        assert measure.inner_x == style.item_inner_spacing.x
        for push, pop, font in (
            (lambda: None, lambda: None, theme.Fonts.regular),
            (measure.push_semibold, measure.pop_font, theme.Fonts.semibold),
        ):
            push()
            assert imgui.get_font() == font
            found = [(measure.width(text), imgui.calc_text_size(text).x) for text in TEXTS]
            pop()
            assert all(ours == theirs for ours, theirs in found), found

    robot.do(body)


def test_sizes_and_widths_are_those_of_dear_imgui_at_every_scale(window: Any) -> None:
    for scale in (1.0, 1.5, 0.75):
        window.app.settings.scale = scale
        for _ in range(4):
            window.frame()
        compare_with_imgui(window)


def test_many_texts_are_not_remembered_for_ever(window: Any) -> None:
    def body(ui: Any) -> None:
        for number in range(2 * measure.MOST):
            measure.width(f"{number}")

    window.do(body)
    window.frame()
    assert len(measure._regular) < measure.MOST


def test_the_controls_are_drawn_in_one_go(window: Any) -> None:
    """Each rectangle that clips costs the driver as much as a hundred letters."""
    numbers: dict[str, int] = {}
    swap = window.params.callbacks.before_swap

    def count() -> None:
        swap()
        for drawn in imgui.get_draw_data().cmd_lists:
            numbers[drawn._owner_name] = len(drawn.cmd_buffer)

    window.params.callbacks.before_swap = count
    window.frame()
    window.params.callbacks.before_swap = swap
    assert 1 <= numbers["Controls"] <= 3
    assert 1 <= numbers["Analysis"] <= 3
