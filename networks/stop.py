"""Going on in the middle of a synthesis, where only later rows of ws have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Stop:
    """What a synthesis knows before the first layer that reads row `row` of ws, row > 0.

    It is the same for all ws with the same rows before that one, as long as the other arguments
    of the synthesis stay; so are the pictures of a synthesis that starts here, to the bit.
    """

    row: int
    tensors: tuple[Tensor | None, ...]  # StyleGAN3: x; StyleGAN2: x, the residual path, img
    noise_state: Tensor | None = None  # of the generator of random noise

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors if tensor is not None)


@dataclass(frozen=True)
class Route:
    """Where a synthesis starts, and who is shown the stops on its way."""

    start: Stop | None  # None: at the input
    pass_by: Callable[[Stop], None]
