"""Spectra: against the plain definition, and that a layer's filter ends where its line stands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
import torch

import cuda_ext
import networks
from renderer.channel_power import ChannelPower, centred
from renderer.display import DisplaySpec
from renderer.layer_band import with_band
from renderer.messages import LayerInfo, SpectrumProfile, SpectrumSpec, View
from renderer.profile import spectrum_profile
from renderer.spectrum import out_of_band_db, power_db, power_map


def plain_power(signal: np.ndarray, beta: float) -> np.ndarray:
    """The definition, in float64."""
    window = np.outer(*(scipy.signal.windows.kaiser(n, beta) for n in signal.shape[1:]))
    centred = (signal - signal.mean(axis=(1, 2), keepdims=True)) * window
    return np.fft.fftshift((np.abs(np.fft.fft2(centred)) ** 2).sum(axis=0))


@pytest.mark.parametrize("size", [(16, 16), (17, 17), (16, 21), (21, 16), (4, 4), (1, 1), (2, 3)])
def test_the_map_is_the_definition(size: tuple[int, int]) -> None:
    signal = np.random.RandomState(0).randn(5, *size)
    got = power_map(torch.from_numpy(signal), 8.0).numpy()
    np.testing.assert_allclose(got, plain_power(signal, 8.0), rtol=1e-3, atol=1e-5)


def test_the_map_of_many_pieces_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = torch.from_numpy(np.random.RandomState(1).randn(7, 12, 12))
    whole = power_map(signal, 3.0)
    calls = []
    monkeypatch.setattr("renderer.channel_power.CHUNK_VALUES", 12 * 12 * 2)
    torch.testing.assert_close(power_map(signal, 3.0, lambda: calls.append(1)), whole)
    assert len(calls) == 4


@pytest.mark.parametrize("is_centred", [False, True])
def test_threads_and_devices_give_the_same_power(is_centred: bool) -> None:
    signal = torch.from_numpy(np.random.RandomState(2).randn(5, 14, 11) + 3)
    weights = torch.rand(14, 6, 2)
    x = centred(signal) if is_centred else signal
    in_threads, on_device = (ChannelPower(x, 4.0, is_centred=is_centred) for _ in range(2))
    on_device._in_threads = False
    torch.testing.assert_close(in_threads.sum(), on_device.sum())
    torch.testing.assert_close(in_threads.weighed(weights), on_device.weighed(weights))


def test_centring_leaves_the_values_as_they_are() -> None:
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.randn(3, 8, 8).to(dtype)
        before = x.clone()
        assert float(centred(x).mean(dim=(1, 2)).abs().max()) < 1e-6
        power_map(x, 8.0)
        assert torch.equal(x, before)


def test_a_constant_layer_has_no_power_and_no_warning() -> None:
    assert torch.isfinite(power_db(power_map(torch.ones(2, 8, 8), 8.0))).all()


class Looked:
    """What `spectrum_profile` asks of the stages, for a given activation."""

    def __init__(self, activation: torch.Tensor, layer: LayerInfo, spec: SpectrumSpec) -> None:
        self._activation, self._layer, self._spec = activation, layer, spec
        self.work = type("Work", (), {"synthesis_runs": 0})

    def layer(self) -> LayerInfo:
        return self._layer

    def power(self) -> torch.Tensor:
        return power_map(self._activation, self._spec.beta)


def profile_of(activation: torch.Tensor, layer: LayerInfo) -> object:
    spec = SpectrumSpec(all_channels=True)
    view = View(model="m", display=DisplaySpec(spectrum=spec))
    return spectrum_profile(SpectrumProfile(view), Looked(activation, layer, spec))


def info(size: int, rate: float | None = None, **band: float) -> LayerInfo:
    return LayerInfo("L", 1, size, size, "float32", rate, **band)


def waves(size: int, cycles_x: int, cycles_y: int) -> torch.Tensor:
    place = torch.arange(size) * (math.tau / size)
    return torch.cos(cycles_x * place + cycles_y * place[:, None])[None]


@pytest.mark.parametrize("size", [64, 65])
@pytest.mark.parametrize("rate", [None, 44.0])
def test_a_wave_stands_at_its_frequency_in_every_curve(size: int, rate: float | None) -> None:
    per_cycle = 1.0 if rate is None else rate / size
    signal = torch.cat([waves(size, 9, 0), waves(size, 0, 15), waves(size, 6, 6)])
    for x, name, axis in (
        (signal[:1], "horizontal_db", 9.0),
        (signal[1:2], "vertical_db", 15.0),
        (signal[2:], "diagonal_db", 6 * math.sqrt(2)),
        (signal[:1], "radial_db", 9.0),
        (signal[1:2], "radial_db", 15.0),
        (signal[2:], "radial_db", 8.0),  # the ring nearest to 6·√2
    ):
        profile = profile_of(x, info(size, rate))
        frequencies = profile.diagonal_frequencies if "diag" in name else profile.frequencies
        curve = getattr(profile, name)
        assert frequencies[int(np.argmax(curve))] == pytest.approx(axis * per_cycle)
        assert profile.nyquist == pytest.approx((rate or size) / 2)
        assert profile.cutoff is None
        assert profile.out_of_band_db is None


def test_out_of_band_is_the_share_of_power_beyond_the_cutoff() -> None:
    inside, outside = waves(64, 10, 0), waves(64, 0, 20)
    corner = waves(64, 12, 12)  # within a square of 14, beyond a disc of 14
    square = info(64, 64.0, cutoff=14.0, stopband=16.0)
    disc = info(64, 64.0, cutoff=14.0, stopband=16.0, is_radial=True)
    equal = 10 * math.log10(1 / 2)
    for layer, signal, want in (
        (square, inside + outside, equal),
        (square, inside + corner, -math.inf),
        (disc, inside + corner, equal),
        (disc, outside, 0.0),
    ):
        per_channel = out_of_band_db(signal.expand(3, -1, -1), 0.0, layer)
        assert per_channel.shape == (3,)
        of_all = profile_of(signal, layer).out_of_band_db
        if want == -math.inf:
            assert max(float(per_channel[0]), of_all) < -50
        else:
            assert float(per_channel[0]) == pytest.approx(want, abs=0.01)
            assert of_all == pytest.approx(want, abs=0.01)


def generators() -> list[networks.StyleGAN3]:
    common = {"img_resolution": 64, "channel_base": 512, "channel_max": 8, "z_dim": 8, "w_dim": 8}
    return [
        networks.StyleGAN3(networks.StyleGAN3Config(**common)),
        networks.StyleGAN3(
            networks.StyleGAN3Config(**common, conv_kernel=1, use_radial_filters=True)
        ),
    ]


def horizontal_power(x: torch.Tensor) -> np.ndarray:
    """Per whole number of cycles, smoothed over five of them, from the profile."""
    curve = profile_of(x, info(x.shape[-1])).horizontal_db
    power = np.power(10, np.array(curve) / 10) * float(power_map(x, 8.0).mean())
    return np.convolve(power, np.ones(5) / 5, mode="same")


@pytest.mark.parametrize("generator", generators(), ids=["T", "R"])
def test_white_noise_through_a_layers_filter_falls_off_where_the_line_stands(
    generator: networks.StyleGAN3,
) -> None:
    noise = torch.randn(8, 192, 192, generator=torch.Generator().manual_seed(0))
    before = horizontal_power(noise)
    num_checked = 0
    for spec in generator.design.layers:
        taps = getattr(generator.synthesis, spec.name).down_filter
        if taps is None or spec.is_critically_sampled:
            continue
        after = len(taps) // 2
        padding = [len(taps) - 1 - after, after] * 2
        filtered = cuda_ext.filtered_lrelu(
            noise[:, None], fd=taps, padding=padding, gain=1.0, slope=1.0
        )[:, 0]
        rate = spec.in_sampling_rate * spec.up
        band = with_band(LayerInfo(spec.name, 1, 1, 1, "float32"), generator)
        gain_db = 10 * np.log10(horizontal_power(filtered) / before)
        per_cycle = rate / noise.shape[-1]
        # −6 dB by design, less where a filter of few taps cannot be that narrow
        assert -8 < gain_db[round(band.cutoff / per_cycle)] < -1.5
        assert gain_db[round(band.cutoff / per_cycle / 2)] > -2
        assert gain_db[round(band.stopband / per_cycle)] < -20
        num_checked += 1
    assert num_checked >= 8


def test_the_band_of_every_kind_of_output() -> None:
    generator = generators()[1]
    design = generator.design
    size = design.layers[-1].out_size
    output = with_band(LayerInfo("output", 3, size, size, "float32"), generator)
    first = with_band(LayerInfo("input", 8, 1, 1, "float32"), generator)
    assert (output.sampling_rate, output.cutoff) == (64.0, 32.0)
    assert (first.cutoff, first.stopband) == (2.0, 2.0)
    assert with_band(LayerInfo(design.layers[3].name, 8, 1, 1, "float32"), generator).is_radial
    plain = networks.StyleGAN2(networks.StyleGAN2Config(img_resolution=16, channel_max=8))
    block = with_band(LayerInfo("b8:0", 8, 8, 8, "float32"), plain)
    assert (block.sampling_rate, block.cutoff) == (8.0, None)
