"""What is asked for when two pictures are compared."""

from __future__ import annotations

from dataclasses import replace

from renderer.messages import DifferenceSpec
from renderer.state import LatentState, LayerState, TransformState, ViewState, to_request, to_view
from visualizer.comparison import MODES, Comparison

A = ViewState("a.pkl", LatentState(x=4.0), transform=TransformState(x=0.25))
B = ViewState("b.pkl", LatentState(x=9.0), layer=LayerState("L3_52_64"))


def test_without_a_pinned_picture_nothing_else_is_asked() -> None:
    for mode in MODES:
        assert Comparison(mode=mode).extend(to_request(A), A) == to_request(A)


def test_both_views_are_one_request() -> None:
    request = Comparison(B, mode="Wipe").extend(to_request(A), A)
    assert request.views == (to_view(A), to_view(B, "b"))
    assert request.difference is None


def test_looking_at_a_alone_does_not_render_b() -> None:
    assert Comparison(B, mode="A").extend(to_request(A), A) == to_request(A)


def test_a_difference_is_asked_for_only_while_it_is_shown() -> None:
    spec = DifferenceSpec(kind="squared", gain_db=20.0)
    for mode in MODES[1:]:
        request = Comparison(B, mode=mode, difference=spec).extend(to_request(A), A)
        assert request.difference == (spec if mode == "Difference" else None)


def test_b_follows_in_the_parts_chosen() -> None:
    comparison = Comparison(B, {"Latent", "Transform"}, "Side by side")
    followed = comparison.b_state(A)
    assert followed == replace(A, model="b.pkl", layer=B.layer)
    moved = replace(A, latent=LatentState(x=5.0))
    assert comparison.b_state(moved).latent.x == 5.0
    assert Comparison(B).b_state(A) == B


def test_flip_goes_between_both() -> None:
    comparison = Comparison()
    comparison.flip()
    assert comparison.mode == "A"
    comparison.pin(B)
    modes = []
    for _ in range(3):
        comparison.flip()
        modes.append(comparison.mode)
    assert modes == ["B", "A", "B"]
    comparison.unpin()
    assert (comparison.pinned, comparison.mode) == (None, "A")
