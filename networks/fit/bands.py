"""Bands for a few wide layers: the first of them at half the sampling rate of the picture.

StyleGAN3 lets the bands grow evenly over its layers, and with few layers nearly all of them work
at the full rate. Here the first ones share half the rate and use it nearly up to its limit: the
generator is twice as fast, and what its 1×1 kernels learned without filters survives as well.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from networks.stylegan3_design import Bands, StyleGAN3Config, StyleGAN3Design, layer_of

FILLED = 7 / 8  # of the limit at half the rate that the last layer there passes
FULL_FROM = 3 / 4  # of the limit at the full rate that the first layer there passes
HALF_STOPBAND = 9 / 8  # of the limit at half the rate: a little aliasing for a soft transition
STOPBAND = 1.1  # of a layer's cutoff, at least
LAST_STOPBAND = 1.4  # of the last layers' cutoff; 1.23 in the paper dims the finest detail


def with_half_rate(design: StyleGAN3Design, config: StyleGAN3Config, num: int) -> StyleGAN3Design:
    """The same generator, its first `num` layers at half the rate.

    Raises:
        ValueError: no band is left for the first layers, or no layer for the last ones.
    """
    bands = half_rate_bands(config, num)
    layers = tuple(layer_of(config, bands, i) for i in range(config.num_layers + 1))
    source = dataclasses.replace(
        design.input, size=int(bands["sizes"][0]), sampling_rate=float(bands["rates"][0])
    )
    return dataclasses.replace(design, input=source, layers=layers)


def half_rate_bands(config: StyleGAN3Config, num: int) -> Bands:
    """Per layer: cutoff, half width of the transition, sampling rate, size and channels.

    Raises:
        ValueError: as `with_half_rate`.
    """
    rate, first = config.img_resolution, config.first_cutoff
    num_full = config.num_layers - config.num_critical - num
    if num_full < 1:
        raise ValueError(
            f"half_rate is {num} of {config.num_layers} layers, expected at most "
            f"{config.num_layers - config.num_critical - 1}: the last ones need the full rate"
        )
    limit = rate / 4
    if first >= limit * FILLED:
        raise ValueError(
            f"first_cutoff is {first:g} with half_rate, expected less than {limit * FILLED:g}"
        )
    low = np.geomspace(first, limit * FILLED, num)
    high = np.geomspace(FULL_FROM * rate / 2, rate / 2, num_full + 1)[:-1]
    cutoffs = np.concatenate([low, high, np.full(config.num_critical + 1, rate / 2)])
    rates = np.where(np.arange(config.num_layers + 1) < num, rate / 2, rate).astype(float)
    stopbands = np.maximum(rates / 2, STOPBAND * cutoffs)
    stopbands[:num] = np.maximum(stopbands[:num], limit * HALF_STOPBAND)
    stopbands[-config.num_critical - 1 :] = rate / 2 * LAST_STOPBAND
    sizes = rates + 2 * config.margin_size
    sizes[-2:] = rate
    return {
        "cutoffs": cutoffs,
        "half_widths": stopbands - cutoffs,
        "rates": rates,
        "sizes": sizes,
        "channels": np.full(config.num_layers + 1, config.img_channels),
    }
