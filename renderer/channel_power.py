"""Power of the half spectra of many channels: summed, or weighed per channel.

On a CPU each thread transforms whole channels; elsewhere torch does some at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch

CHUNK_VALUES = 1 << 23  # transformed at a time, so that a newer request need not wait long
ROWS = 64  # squared at a time: they stay in the processor's cache
Floats = npt.NDArray[np.float32]
Use = Callable[[int, int, Floats], None]  # (thread, channel, see `_each_on_cpu`)


def ignore() -> None:
    """The `between` of work that nothing interrupts."""


def centred(signal: torch.Tensor) -> torch.Tensor:
    """A copy of [C, H, W] without the mean of each channel: float32, contiguous."""
    x = signal.to(torch.float32, memory_format=torch.contiguous_format, copy=True)
    return x.sub_(x.mean(dim=(1, 2), keepdim=True))


class ChannelPower:
    """Power [H, W // 2 + 1] of every channel, zero frequency first; never all at once."""

    def __init__(
        self,
        signal: torch.Tensor,
        beta: float,
        between: Callable[[], None] = ignore,
        is_centred: bool = False,
    ) -> None:
        """Computes nothing.

        Args:
            signal: [C, H, W].
            beta: of the separable symmetric Kaiser window.
            between: called between pieces of the work; may raise.
            is_centred: `signal` is what `centred` gave; else each piece is centred first.
        """
        self._signal = signal
        self._between = between
        self._is_centred = is_centred
        self._in_threads = signal.device.type == "cpu"
        self._height, self._width = signal.shape[1:]
        rows, columns = (torch.kaiser_window(n, False, beta) for n in signal.shape[1:])
        self._window = torch.outer(rows, columns).to(signal.device)

    def sum(self) -> torch.Tensor:
        """[H, W // 2 + 1]: of all channels."""
        shape = (self._height, self._width // 2 + 1)
        if not self._in_threads:
            total = torch.zeros(shape, device=self._signal.device)
            for _, power in self._each_on_device():
                total += power.sum(dim=0)
            return total
        sums = np.zeros((torch.get_num_threads(), shape[0], 2 * shape[1]), np.float32)

        def add(thread: int, _channel: int, spectrum: Floats) -> None:
            for y in range(0, shape[0], ROWS):
                part = spectrum[y : y + ROWS]
                sums[thread, y : y + ROWS] += np.multiply(part, part, out=part)

        self._each_on_cpu(add)
        return torch.from_numpy(sums).sum(dim=0).view(*shape, 2).sum(dim=2)

    def weighed(self, weights: torch.Tensor) -> torch.Tensor:
        """[C, K]: sums of the power of each channel times weights [H, W // 2 + 1, K]."""
        if not self._in_threads:
            flat = weights.flatten(0, 1).to(self._signal.device)
            return torch.cat([power.flatten(1) @ flat for _, power in self._each_on_device()])
        pairs = weights.movedim(2, 0).repeat_interleave(2, dim=2).contiguous().numpy()
        sums = np.zeros((len(self._signal), len(pairs)), np.float32)

        def add(_thread: int, channel: int, spectrum: Floats) -> None:
            for y in range(0, self._height, ROWS):
                part = spectrum[y : y + ROWS]
                np.multiply(part, part, out=part)
                for k, weight in enumerate(pairs):  # [H, 2·(W // 2 + 1)]
                    sums[channel, k] += np.vdot(part, weight[y : y + ROWS])

        self._each_on_cpu(add)
        return torch.from_numpy(sums)

    def _pieces(self) -> Iterator[tuple[int, torch.Tensor]]:
        step = max(CHUNK_VALUES // (self._height * self._width), 1)
        for first in range(0, self._signal.shape[0], step):
            x = self._signal[first : first + step]
            yield first, x if self._is_centred else centred(x)
            self._between()

    def _each_on_device(self) -> Iterator[tuple[int, torch.Tensor]]:
        """(first channel, power [channels, H, W // 2 + 1])."""
        for first, x in self._pieces():
            y = torch.fft.rfft2(x * self._window)
            yield first, y.real.square() + y.imag.square()

    def _each_on_cpu(self, use: Use) -> None:
        """`use` gets [H, 2·(W // 2 + 1)]: real and imaginary parts in turn; it may overwrite."""
        from scipy.fft import rfft2  # twice as fast; its import would delay the first picture

        window, num_threads = self._window.numpy(), torch.get_num_threads()
        with ThreadPoolExecutor(num_threads) as pool:
            for first, piece in self._pieces():
                x = piece.numpy()

                def transform(thread: int, first: int = first, x: Floats = x) -> None:
                    for idx in range(thread, len(x), num_threads):
                        spectrum = rfft2(x[idx] * window, overwrite_x=True)
                        use(thread, first + idx, spectrum.view(np.float32))

                list(pool.map(transform, range(num_threads)))
