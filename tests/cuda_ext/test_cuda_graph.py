"""Graphs repeat what was recorded; on a CPU the recording is a stand-in."""

import pytest
import torch

from cuda_ext.cuda_graph import GraphedFunction


class FakeGraphs:
    """Repeats the recorded function and puts its results where the recorded run had put them.

    As with CUDA graphs, Python code outside of the recorded work does not run again, and the
    memory of results is written over by each replay.
    """

    def __init__(self, error=None) -> None:
        self.error = error
        self.num_captures = self.num_replays = self.num_warm_ups = 0

    def warm_up(self, function, rounds) -> None:
        for _ in range(rounds):
            self.num_warm_ups += 1
            function()

    def capture(self, function):
        if self.error is not None:
            raise self.error
        self.num_captures += 1
        function()
        recording = next(c.cell_contents for c in function.__closure__ if is_recording(c))
        recorded = recording._output

        def replay() -> None:
            self.num_replays += 1
            function()
            overwrite(recorded, recording._output)
            recording._output = recorded

        return replay


def is_recording(cell) -> bool:
    return type(cell.cell_contents).__name__ == "_Recording"


def overwrite(to, values) -> None:
    if isinstance(to, torch.Tensor):
        to.copy_(values)
        return
    for a, b in zip(to, values, strict=True):
        overwrite(a, b)


def affine(x, y, factor=1.0):
    return x * factor + y, [x - y]


@pytest.fixture
def graphs() -> FakeGraphs:
    return FakeGraphs()


def test_results_are_those_of_the_function_for_every_input(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    for seed in range(3):
        torch.manual_seed(seed)
        x, y = torch.randn(2, 3), torch.randn(2, 3)
        total, (difference,) = graphed(x, y, factor=2.0)
        assert torch.equal(total, 2 * x + y)
        assert torch.equal(difference, x - y)
    assert (graphs.num_captures, graphs.num_replays) == (1, 3)


def test_a_result_is_not_written_over_by_the_next_call(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    one, two = torch.ones(2), torch.full([2], 2.0)
    first, _ = graphed(one, one)
    graphed(two, two)
    assert torch.equal(first, torch.full([2], 2.0))


def test_inputs_may_change_or_vanish_after_a_call(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    x = torch.ones(2)
    graphed(x, x)
    x.zero_()
    again, _ = graphed(torch.ones(2), torch.ones(2))
    assert torch.equal(again, torch.full([2], 2.0))


def test_shapes_dtypes_and_settings_have_graphs_of_their_own(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    for x in (torch.ones(2), torch.ones(3), torch.ones(3).double()):
        for factor in (1.0, 3.0):
            assert torch.equal(graphed(x, x, factor=factor)[0], x * (factor + 1))
    assert graphs.num_captures == 6


def test_the_graph_unused_for_longest_makes_room(graphs) -> None:
    graphed = GraphedFunction(affine, graphs, max_graphs=2)
    a, b, c = (torch.ones(n) for n in (1, 2, 3))
    for x in (a, b, a, c):  # c takes the place of b
        graphed(x, x)
    assert graphs.num_captures == 3
    graphed(a, a)
    assert graphs.num_captures == 3
    graphed(b, b)
    assert graphs.num_captures == 4


def test_after_clear_everything_is_recorded_again(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    x = torch.ones(1)
    graphed(x, x)
    graphed.clear()
    graphed(x, x)
    assert graphs.num_captures == 2


def test_where_recording_fails_the_function_runs_plainly_and_the_reason_is_kept(caplog) -> None:
    graphs = FakeGraphs(RuntimeError("operation not permitted when stream is capturing\nmore"))
    graphed = GraphedFunction(affine, graphs)
    x = torch.ones(2)
    for _ in range(2):
        assert torch.equal(graphed(x, x)[0], 2 * x)
    assert graphed.problem is not None
    assert graphed.problem.endswith("operation not permitted when stream is capturing")
    assert len(caplog.records) == 1


def test_gradients_flow_through_the_plain_function(graphs) -> None:
    graphed = GraphedFunction(affine, graphs)
    x = torch.ones(2, requires_grad=True)
    graphed(x, torch.ones(2), factor=3.0)[0].sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.full([2], 3.0))
    assert graphs.num_captures == 0


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_graph_on_a_gpu_gives_what_the_function_gives() -> None:
    weight = torch.randn(64, 64, device="cuda")

    def function(x):
        return torch.relu(x @ weight) + 1

    graphed = GraphedFunction(function)
    for _ in range(4):
        x = torch.randn(8, 64, device="cuda")
        assert torch.allclose(graphed(x), function(x))
    assert graphed.problem is None
