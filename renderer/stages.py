"""One view on its way through the stages: latents → ws → activation → what is shown of it.

Each stage is cached by the value of its inputs: changing gain, channel, spectrum or un-transform
never re-runs the network, and equal views share what they can.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import torch

from renderer.cache import ByteCache
from renderer.capture import Capture, list_layers, run_synthesis
from renderer.channel_power import centred
from renderer.display import Picture, beside, shown_channels, to_uint8
from renderer.equivariance import untransform
from renderer.errors import Superseded
from renderer.latents import compute_ws, normalize_latents
from renderer.layer_band import OUTPUT
from renderer.messages import IDENTITY, LayerInfo, SpectrumSpec, View
from renderer.models import Model
from renderer.planes import planes
from renderer.spectrum import power_db, power_map, spectrum_picture
from renderer.statistics import ChannelStatistics, all_and_shown, channel_statistics
from renderer.trail import Trail, Walk
from renderer.transform import normalize_synthesis
from renderer.work import Work

CENTRED_SHARE = 4  # a signal without its mean may take this part of the cache
TRAIL_SHARE = 2  # the activations kept for the next run may take this part of the cache
T = TypeVar("T")
Layers = tuple[LayerInfo, ...]


class Stages:
    """The stages of one view. What a method needs is computed when it is not in the cache."""

    def __init__(
        self,
        view: View,
        model: Model,
        cache: ByteCache,
        work: Work,
        should_stop: Callable[[], bool],
    ) -> None:
        """Name the results; computes nothing.

        Raises:
            RenderError: the transform cannot be undone.
        """
        self.view = view
        self.model = model
        self.work = work
        self._cache = cache
        self._should_stop = should_stop
        self._layer_name = view.display.layer or OUTPUT
        self._latents = normalize_latents(view.latents, model.generator)
        self._synthesis = normalize_synthesis(view.synthesis, model)
        self._key = (self._latents, self._synthesis, self._layer_name)
        is_moved = self._synthesis.input_transform != IDENTITY
        self._is_untransformed = view.display.untransform and is_moved
        self._shown_key = (self._key, self._is_untransformed)
        # What the cache may have no room for, and no run should be needed for twice.
        self._activation: torch.Tensor | None = None
        self._layers: Layers | None = None

    # --- what is shown -------------------------------------------------------------------------

    def picture(self) -> Picture:
        """The displayed layer."""
        size_of: Callable[[Picture], int] = lambda picture: picture.pixels.nbytes  # noqa: E731
        return self._cached(("picture", self._key, self.view.display), self._display, size_of)

    def layers(self) -> Layers:
        """All layers of the model, in execution order."""
        if self._layers is None:
            size_of: Callable[[Layers], int] = lambda found: 200 * len(found)  # noqa: E731
            self._layers = self._cached(self._layers_key, self._list_layers, size_of)
        return self._layers

    def layer(self) -> LayerInfo:
        """The layer that the view shows."""
        return next(layer for layer in self.layers() if layer.name == self._layer_name)

    def shown_channels(self) -> tuple[int, int]:
        """(first, count) of the channels in the picture."""
        return shown_channels(self.activation().shape[0], self.view.display)

    def activation(self) -> torch.Tensor:
        """[C, H, W], contiguous: raw values of the layer, un-transformed where the view says so."""
        if self._activation is None:
            key = ("untransformed", self._key)
            self._activation = (
                self._cached(key, self._untransform, _num_bytes)
                if self._is_untransformed
                else self._captured()
            )
        return self._activation

    def shown_values(self) -> torch.Tensor:
        """float32 [C, H, W], contiguous: raw values of the channels in the picture."""
        first, count = self.shown_channels()
        channels = self.activation()[first : first + count]
        if channels.dtype == torch.float32:
            return channels  # nothing to keep beside the activation
        key = ("shown", self._shown_key, first, count)
        return self._cached(key, channels.float, _num_bytes)

    def statistics(self) -> ChannelStatistics:
        """Of every channel of `activation`."""
        key = ("statistics", self._shown_key)
        return self._cached(key, self._measure, lambda found: found.nbytes)

    def power(self) -> torch.Tensor:
        """Power map [H, W] of the channels and with the window that the view's spectrum names."""
        return self._cached(("power", self._power_key), self._transform_to_power, _num_bytes)

    @property
    def _power_key(self) -> tuple[Hashable, ...]:
        spec = self.view.display.spectrum or SpectrumSpec()
        shown = None if spec.all_channels else self.shown_channels()
        return (self._shown_key, shown, spec.beta)

    def stop_if_asked(self) -> None:
        """Between two steps of long work.

        Raises:
            Superseded: something more urgent waits.
        """
        if self._should_stop():
            raise Superseded

    # --- how it is computed --------------------------------------------------------------------

    def _named(self, *key: Hashable) -> tuple[Hashable, ...]:
        """The key of a value: of the model first, as its values leave with it."""
        return (self.model.key, *key)

    def _cached(
        self, key: tuple[Hashable, ...], compute: Callable[[], T], size_of: Callable[[T], int]
    ) -> T:
        value: T | None = self._cache.get(self._named(*key))
        if value is None:
            value = compute()
            self._cache.put(self._named(*key), value, size_of(value))
        return value

    def _display(self) -> Picture:
        spec = self.view.display
        picture, (first, count) = self._plain_picture(), self.shown_channels()
        if spec.spectrum is not None:
            levels = self._cached(("levels", self._power_key), self._level, _num_bytes)
            with self.work.stage("spectrum"):
                picture = beside(picture, spectrum_picture(levels, spec.spectrum.range_db))
        stats = all_and_shown(self.statistics(), first, count)
        with self.work.stage("display"):
            pixels = picture.cpu().contiguous().numpy()
        return Picture(pixels, stats, count, first)

    def _plain_picture(self) -> torch.Tensor:
        """uint8 [H, W, C], without the spectrum."""
        spec, (first, count) = self.view.display, self.shown_channels()
        values = self.shown_values()
        tops = self.statistics().max_abs[first : first + count] if spec.normalize else None

        def make() -> torch.Tensor:
            with self.work.stage("display"):
                return to_uint8(values, 10 ** (spec.scale_db / 20), tops, spec.mark_outside)

        numbers = (spec.normalize, spec.scale_db, spec.mark_outside)
        return self._cached(("plain", self._shown_key, first, count, *numbers), make, _num_bytes)

    def _measure(self) -> ChannelStatistics:
        activation = self.activation()
        with self.work.stage("statistics"):
            return channel_statistics(activation)

    def _transform_to_power(self) -> torch.Tensor:
        spec = self.view.display.spectrum or SpectrumSpec()
        activation = self.activation()
        first, count = (0, len(activation)) if spec.all_channels else self.shown_channels()
        signal = activation[first : first + count]
        # A copy is kept for other windows, unless it would drive out what the next frame needs.
        is_kept = 4 * signal.numel() <= self._cache.budget_bytes // CENTRED_SHARE
        if is_kept:
            key = ("centred", self._shown_key, first, count)
            signal = self._cached(key, lambda: self._centred(signal), _num_bytes)
        with self.work.stage("spectrum"):
            return power_map(signal, spec.beta, self.stop_if_asked, is_centred=is_kept)

    def _level(self) -> torch.Tensor:
        power = self.power()
        with self.work.stage("spectrum"):
            return power_db(power)

    def _centred(self, signal: torch.Tensor) -> torch.Tensor:
        with self.work.stage("spectrum"):
            return centred(signal)

    def _untransform(self) -> torch.Tensor:
        activation = self._captured()
        with self.work.stage("untransform"):
            matrix = self._synthesis.input_transform
            return planes(untransform(activation.float()[None], matrix, self.stop_if_asked)[0])

    def _captured(self) -> torch.Tensor:
        return self._cached(("activation", self._key), self._synthesize, _num_bytes)

    def _synthesize(self) -> torch.Tensor:
        ws = self._ws()
        key = self._named("trail", self.view.name)
        trail: Trail = self._cache.get(key) or Trail(self._cache.budget_bytes // TRAIL_SHARE)
        mix_rows = self._latents.mix_rows
        try:
            walk = trail.begin(self._synthesis, ws, mix_rows, self._layer_name)
            activation = self._run(ws, walk).activation[0]
            with self.work.stage("synthesis"):
                return planes(activation)
        finally:
            self._cache.put(key, trail, trail.nbytes)

    def _list_layers(self) -> Layers:
        force_fp32 = self._synthesis.force_fp32
        self.work.synthesis_runs += 1
        with self.work.stage("layer list"):
            return list_layers(self.model.generator, force_fp32, self._should_stop)

    def _run(self, ws: torch.Tensor, walk: Walk) -> Capture:
        """Run the network; a complete run also tells which layers there are."""
        self.work.synthesis_runs += 1
        to_the_end = self._cache.get(self._named(*self._layers_key)) is None
        with self.work.stage("synthesis"):
            capture = run_synthesis(
                self.model.generator,
                ws,
                self._synthesis,
                self._layer_name,
                self._should_stop,
                to_the_end,
                walk,
            )
        if capture.layers is not None:
            self._layers = capture.layers
            size = 200 * len(capture.layers)
            self._cache.put(self._named(*self._layers_key), capture.layers, size)
        return capture

    def _ws(self) -> torch.Tensor:
        key = ("ws", self._latents)
        return self._cached(key, self._map, _num_bytes)

    def _map(self) -> torch.Tensor:
        with self.work.stage("mapping"):
            return compute_ws(self.model.generator, self._latents, self.model.device)

    @property
    def _layers_key(self) -> tuple[Hashable, ...]:
        return ("layers", self._synthesis.force_fp32)


def _num_bytes(tensor: torch.Tensor) -> int:
    return tensor.nbytes
