"""The generators' arithmetic written out as plainly as in the papers, to compare ours with.

Every weight is modulated per sample, every resampling inserts zeros, and StyleGAN3's geometry
and filters are computed from the hyperparameters. Slow, float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.signal
import scipy.special
import torch
import torch.nn.functional as F

State = dict[str, torch.Tensor]
GAINS = {"linear": 1.0, "lrelu": math.sqrt(2), "relu": math.sqrt(2)}
SLOPES = {"linear": 1.0, "lrelu": 0.2, "relu": 0.0}


def double(state: State) -> State:
    return {name: value.double() for name, value in state.items()}


def normalized(x: torch.Tensor) -> torch.Tensor:
    return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def dense(
    state: State, name: str, x: torch.Tensor, lr: float = 1, activation: str = "linear"
) -> torch.Tensor:
    weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
    y = x @ (weight * lr / math.sqrt(weight.shape[1])).T
    y = y if bias is None else y + bias * lr
    return F.leaky_relu(y, SLOPES[activation]) * GAINS[activation]


def mapping(
    state: State, z: torch.Tensor, c: torch.Tensor | None, num_layers: int, lr: float, act: str
) -> torch.Tensor:
    """w [N, w_dim]."""
    x = normalized(z.double())
    if c is not None:
        x = torch.cat([x, normalized(dense(state, "mapping.embed", c.double()))], dim=1)
    for i in range(num_layers):
        x = dense(state, f"mapping.fc{i}", x, lr, act)
    return x


def filtered(x: torch.Tensor, f: torch.Tensor | None) -> torch.Tensor:
    """True convolution of every channel, without padding."""
    if f is None:
        return x
    n, c, h, w = x.shape
    x = x.reshape(n * c, 1, h, w)
    kernels = [f[:, None], f[None]] if f.ndim == 1 else [f]
    for kernel in kernels:
        x = F.conv2d(x, kernel.flip([0, 1])[None, None])
    return x.reshape(n, c, *x.shape[2:])


def zeros_inserted(x: torch.Tensor, up: int) -> torch.Tensor:
    n, c, h, w = x.shape
    y = x.new_zeros(n, c, h * up, w * up)
    y[:, :, ::up, ::up] = x
    return y


def modulated(weight: torch.Tensor, styles: torch.Tensor, demodulate: bool) -> torch.Tensor:
    """One sample's convolution weight [O, I, k, k]."""
    weight = weight * styles[None, :, None, None]
    if demodulate:
        weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    return weight


# --- StyleGAN3


def stylegan3(state: State, config: Any, ws: torch.Tensor, transform: Any = None) -> torch.Tensor:
    """The picture [N, C, H, W] of ws [N, num_ws, w_dim]; `transform` is the wanted one."""
    state, ws = double(state), ws.double()
    bands = _bands(config)
    x = _fourier(state, bands[0], config.margin_size, ws[:, 0], transform)
    for i, band in enumerate(bands):
        x = _layer3(state, config, i, bands[max(i - 1, 0)], band, x, ws[:, i + 1])
    return x * config.output_scale


def _bands(config: Any) -> list[dict[str, float]]:
    bands = []
    for i in range(config.num_layers + 1):
        e = min(i / (config.num_layers - config.num_critical), 1)
        half = config.img_resolution / 2
        cutoff = config.first_cutoff * (half / config.first_cutoff) ** e
        last_stop = half * config.last_stopband_rel
        stop = config.first_stopband * (last_stop / config.first_stopband) ** e
        rate = 2 ** math.ceil(math.log2(min(2 * stop, config.img_resolution)))
        is_late = i >= config.num_layers - 1
        size = config.img_resolution if is_late else rate + 2 * config.margin_size
        channels = int(np.rint(min(config.channel_base / 2 / cutoff, config.channel_max)))
        channels = config.img_channels if i == config.num_layers else channels
        half_width = max(stop, rate / 2) - cutoff
        bands.append(
            {"cutoff": cutoff, "half": half_width, "rate": rate, "size": size, "channels": channels}
        )
    return bands


def _fourier(
    state: State, band: dict[str, float], margin: int, w: torch.Tensor, transform: Any
) -> torch.Tensor:
    size = band["rate"] + 2 * margin  # also where the first layer is a late one
    t = dense(state, "synthesis.input.affine", w)
    wanted = torch.eye(3) if transform is None else torch.as_tensor(transform)
    stored = state["synthesis.input.transform"] if transform is None else wanted.double().inverse()
    pictures = []
    for t0, t1, t2, t3 in t / t[:, :2].norm(dim=1, keepdim=True):
        rotate = torch.tensor([[t0, -t1, 0], [t1, t0, 0], [0, 0, 1]], dtype=torch.float64)
        shift = torch.tensor([[1, 0, -t2], [0, 1, -t3], [0, 0, 1]], dtype=torch.float64)
        matrix = rotate @ shift @ stored
        freqs = state["synthesis.input.freqs"]
        phases = state["synthesis.input.phases"] + freqs @ matrix[:2, 2]
        freqs = freqs @ matrix[:2, :2]
        fade = band["rate"] / 2 - band["cutoff"]
        amplitude = (1 - (freqs.norm(dim=1) - band["cutoff"]) / fade).clamp(0, 1)
        axis = (torch.arange(size, dtype=torch.float64) + 0.5 - size / 2) / band["rate"]
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        angle = x[..., None] * freqs[:, 0] + y[..., None] * freqs[:, 1] + phases
        features = torch.sin(2 * math.pi * angle) * amplitude
        weight = state["synthesis.input.weight"]
        pictures.append((features @ (weight / math.sqrt(len(weight))).T).permute(2, 0, 1))
    return torch.stack(pictures)


def _layer3(
    state: State,
    config: Any,
    i: int,
    source: dict[str, float],
    band: dict[str, float],
    x: torch.Tensor,
    w: torch.Tensor,
) -> torch.Tensor:
    is_torgb = i == config.num_layers
    name = f"synthesis.L{i}_{band['size']}_{band['channels']}"
    weight, styles = state[f"{name}.weight"], dense(state, f"{name}.affine", w)
    kernel = weight.shape[2]
    if is_torgb:
        styles = styles / math.sqrt(weight[0].numel())
    else:
        weight = weight / weight.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        styles = styles / styles.square().mean(dim=1, keepdim=True).sqrt()
    gain = 1 / state[f"{name}.magnitude_ema"].sqrt()
    x = torch.cat(
        [
            F.conv2d(x[n : n + 1], modulated(weight, s, not is_torgb) * gain, padding=kernel - 1)
            for n, s in enumerate(styles)
        ]
    )
    tmp = max(source["rate"], band["rate"]) * (1 if is_torgb else config.lrelu_upsampling)
    up, down = tmp // source["rate"], tmp // band["rate"]
    radial = config.use_radial_filters and i < config.num_layers - config.num_critical
    fu = _lowpass(config.filter_size * up, source, tmp, False) if up > 1 and not is_torgb else None
    fd = (
        _lowpass(config.filter_size * down, band, tmp, radial)
        if down > 1 and not is_torgb
        else None
    )
    taps = sum(1 if f is None else len(f) for f in (fu, fd))
    size = x.shape[2]  # after the convolution
    total = (band["size"] - 1) * down + 1 - size * up + taps - 2
    low = (total + up) // 2
    x = x + state[f"{name}.bias"][:, None, None]
    x = F.pad(zeros_inserted(x, up), [low, total - low, low, total - low])
    x = filtered(x, fu) * up**2
    x = x if is_torgb else F.leaky_relu(x * math.sqrt(2), 0.2)
    x = x if config.conv_clamp is None else x.clamp(-config.conv_clamp, config.conv_clamp)
    return filtered(x, fd)[:, :, ::down, ::down]


def _lowpass(taps: int, band: dict[str, float], rate: float, radial: bool) -> torch.Tensor:
    width = 2 * band["half"]
    if not radial:
        return torch.from_numpy(scipy.signal.firwin(taps, band["cutoff"], width=width, fs=rate))
    beta = scipy.signal.kaiser_beta(scipy.signal.kaiser_atten(taps, width / (rate / 2)))
    axis = (np.arange(taps) - (taps - 1) / 2) / rate
    r = np.hypot(*np.meshgrid(axis, axis))
    f = scipy.special.j1(2 * np.pi * band["cutoff"] * r) / (np.pi * r)
    f = f * np.outer(np.kaiser(taps, beta), np.kaiser(taps, beta))
    return torch.from_numpy(f / f.sum())


# --- StyleGAN2


def stylegan2(state: State, config: Any, ws: torch.Tensor, noise: bool = True) -> torch.Tensor:
    """The picture of ws with the stored noise, or none."""
    state, ws = double(state), ws.double()
    taps = torch.tensor(config.resample_filter, dtype=torch.float64)
    taps = taps / taps.sum()
    x = state["synthesis.b4.const"].expand(len(ws), -1, -1, -1)
    image, row, resolution = None, 0, 4
    is_resnet = config.architecture == "resnet"
    while resolution <= config.img_resolution:
        name = f"synthesis.b{resolution}"
        if resolution > 4:
            skip = _skip2(state, name, x, taps) if is_resnet else None
            x = _conv2(state, config, f"{name}.conv0", x, ws[:, row], noise, 2, taps)
            gain = math.sqrt(0.5) if is_resnet else 1
            x = _conv2(state, config, f"{name}.conv1", x, ws[:, row + 1], noise, 1, taps, gain)
            x = x if skip is None else x + skip
            row += 2
        else:
            x = _conv2(state, config, f"{name}.conv1", x, ws[:, row], noise, 1, taps)
            row += 1
        image = None if image is None else doubled(image, taps)
        if resolution == config.img_resolution or config.architecture == "skip":
            y = _torgb2(state, config, f"{name}.torgb", x, ws[:, row])
            image = y if image is None else image + y
        resolution *= 2
    assert image is not None
    return image


def doubled(x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Twice the size by FIR filtering."""
    low, high = (len(taps) + 1) // 2, (len(taps) - 2) // 2
    return filtered(F.pad(zeros_inserted(x, 2), [low, high, low, high]), taps) * 4


def _skip2(state: State, name: str, x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    weight = state[f"{name}.skip.weight"]
    y = F.conv2d(x, weight / math.sqrt(weight[0].numel()))
    return doubled(y, taps) * math.sqrt(0.5)


def _conv2(
    state: State,
    config: Any,
    name: str,
    x: torch.Tensor,
    w: torch.Tensor,
    noise: bool,
    up: int,
    taps: torch.Tensor,
    gain: float = 1,
) -> torch.Tensor:
    styles = dense(state, f"{name}.affine", w)
    rows = []
    for n, style in enumerate(styles):
        weight = modulated(state[f"{name}.weight"], style, True)
        if up == 1:
            rows.append(F.conv2d(x[n : n + 1], weight, padding=1))
        else:
            y = F.conv_transpose2d(x[n : n + 1], weight.transpose(0, 1), stride=2)
            low, high = (len(taps) + 1) // 2 - 1, (len(taps) - 2) // 2
            rows.append(filtered(F.pad(y, [low, high, low, high]), taps) * 4)
    x = torch.cat(rows)
    if noise and config.use_noise:
        x = x + state[f"{name}.noise_const"] * state[f"{name}.noise_strength"]
    x = F.leaky_relu(x + state[f"{name}.bias"][:, None, None], SLOPES[config.activation])
    x = x * (GAINS[config.activation] * gain)
    return (
        x
        if config.conv_clamp is None
        else x.clamp(-config.conv_clamp * gain, config.conv_clamp * gain)
    )


def _torgb2(state: State, config: Any, name: str, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    weight = state[f"{name}.weight"]
    styles = dense(state, f"{name}.affine", w) / math.sqrt(weight[0].numel())
    y = [F.conv2d(x[n : n + 1], modulated(weight, s, False)) for n, s in enumerate(styles)]
    image = torch.cat(y) + state[f"{name}.bias"][:, None, None]
    return (
        image if config.conv_clamp is None else image.clamp(-config.conv_clamp, config.conv_clamp)
    )
