"""Wrong arguments are refused with a sentence that names them, before anything is computed."""

import pytest
import torch

from cuda_ext import bias_act, filtered_lrelu, upfirdn2d

X = torch.zeros(1, 2, 8, 8)
TAPS = torch.ones(4)


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"x": [1.0]}, TypeError, "x must be a torch.Tensor, got [1.0]"),
        ({"x": torch.zeros(2, 3)}, ValueError, "x must have the shape [N, C, H, W], got [2, 3]"),
        ({"x": torch.zeros(1, 1, 2, 2, dtype=torch.int32)}, TypeError, "torch.int32"),
        ({"fu": torch.ones(2, 2, 2)}, ValueError, "fu must be [taps] or"),
        ({"fd": torch.ones(0)}, ValueError, "fd must be [taps] or"),
        ({"fd": "taps"}, TypeError, "fd must be a torch.Tensor, got 'taps' (str)"),
        ({"fu": torch.ones(2, requires_grad=True)}, ValueError, "fu must be constant"),
        ({"b": torch.ones(3)}, ValueError, "b must have the shape [2], got [3]"),
        ({"up": 0}, ValueError, "up must be at least 1, got 0"),
        ({"up": 2.0}, TypeError, "up must be an int, got 2.0 (float)"),
        ({"down": True}, TypeError, "down must be an int, got True (bool)"),
        ({"padding": (1, 2, 3)}, ValueError, "padding must have 1, 2 or 4 numbers"),
        ({"padding": 1.5}, TypeError, "padding must be an int or a sequence of ints, got 1.5"),
        ({"padding": "1234"}, TypeError, "padding must be"),
        ({"padding": -4}, ValueError, "padding [-4, -4, -4, -4] leaves nothing"),
        ({"gain": None}, TypeError, "gain must be a number, got None"),
        ({"slope": float("nan")}, ValueError, "slope must be finite, got nan"),
        ({"clamp": -1}, ValueError, "clamp must be None or at least 0, got -1"),
        ({"flip_filter": 1}, TypeError, "flip_filter must be a bool, got 1 (int)"),
        ({"impl": "cuda"}, ValueError, "impl must be one of auto, native, reference, got 'cuda'"),
    ],
)
def test_filtered_lrelu_names_the_wrong_argument(kwargs, error, words) -> None:
    with pytest.raises(error) as caught:
        filtered_lrelu(**({"x": X} | kwargs))
    assert words in str(caught.value)


def test_upfirdn2d_names_the_wrong_argument() -> None:
    with pytest.raises(ValueError, match="f must be"):
        upfirdn2d(X, torch.ones(()))
    with pytest.raises(ValueError, match="leaves nothing of an image of 8x8 pixels"):
        upfirdn2d(X, torch.ones(9))
    with pytest.raises(TypeError, match="gain must be a number"):
        upfirdn2d(X, TAPS, gain="1")


def test_bias_act_names_the_wrong_argument() -> None:
    with pytest.raises(ValueError, match=r"x must have the shape \[N, C, ...\], got \[3\]"):
        bias_act(torch.zeros(3))
    with pytest.raises(ValueError, match="clamp"):
        bias_act(X, clamp=-2)


def test_native_on_an_unsupported_dtype_is_refused_with_the_reason() -> None:
    with pytest.raises(RuntimeError, match="impl 'native' cannot run: no native kernels for"):
        filtered_lrelu(X.double(), impl="native")
