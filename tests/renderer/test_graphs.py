"""A network repeated as a graph gives what it gives when it runs; on a CPU by a stand-in."""

from pathlib import Path

import pytest
import torch

import networks
from renderer import graphs
from renderer.capture import run_once
from renderer.errors import RenderError
from renderer.messages import SynthesisSpec

GOLDEN = Path(__file__).parent.parent / "golden"
MOVED = ((0.8, -0.6, 0.1), (0.6, 0.8, -0.2), (0.0, 0.0, 1.0))


class FakeGraphs:
    """Repeats the recorded function; as in a graph, only memory tells it what has changed."""

    def __init__(self) -> None:
        self.num_captures = 0

    def warm_up(self, function, rounds) -> None:
        for _ in range(rounds):
            function()

    def capture(self, function):
        self.num_captures += 1
        function()
        return function


@pytest.fixture(scope="module", params=["stylegan3-r-64", "stylegan2-64"])
def generator(request) -> networks.Generator:
    return networks.load_generator(GOLDEN / f"{request.param}.pkl")


def names_of(generator) -> list[str]:
    """One module in the middle of the network."""
    names = [name for name, _ in generator.synthesis.named_children()]
    return [names[len(names) // 2] + (":0" if generator.family == "stylegan2" else "")]


def test_pictures_and_layers_are_those_of_a_plain_run(generator) -> None:
    fake = FakeGraphs()
    graphed = graphs.SynthesisGraphs(generator, fake)
    torch.manual_seed(0)
    cases = [(layer, fp32) for layer in ("output", *names_of(generator)) for fp32 in (True, False)]
    for layer, force_fp32 in cases:
        for transform in (SynthesisSpec().input_transform, MOVED):
            ws = torch.randn(1, generator.num_ws, generator.w_dim)
            spec = SynthesisSpec(force_fp32=force_fp32, input_transform=transform)
            with torch.inference_mode():
                got = graphed.run(ws, spec, layer)
                want = run_once(generator, ws, spec, spec.input_transform, layer, lambda: False)
            assert torch.equal(got.activation, want.activation)
            assert got.layers == want.layers
    assert fake.num_captures == len(cases)
    assert graphed.problem is None


def test_the_stored_transform_of_the_model_stays(generator) -> None:
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    spec = SynthesisSpec(input_transform=MOVED)
    with torch.inference_mode():
        ws = torch.zeros(1, generator.num_ws, generator.w_dim)
        graphs.SynthesisGraphs(generator, FakeGraphs()).run(ws, spec, "output")
    after = generator.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_unknown_layer_is_refused_and_graphs_go_on(generator) -> None:
    graphed = graphs.SynthesisGraphs(generator, FakeGraphs())
    with torch.inference_mode():
        ws = torch.zeros(1, generator.num_ws, generator.w_dim)
        with pytest.raises(RenderError, match="no layer 'nothing'"):
            graphed.run(ws, SynthesisSpec(), "nothing")
        graphed.run(ws, SynthesisSpec(), "output")
    assert graphed.problem is None


def test_only_gpus_have_graphs_and_each_generator_its_own(generator) -> None:
    assert not graphs.serves(torch.zeros(1), SynthesisSpec())
    assert graphs.of(generator) is graphs.of(generator)
    graphs._graphs.pop(generator)
