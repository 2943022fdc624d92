"""Writes TensorFlow checkpoints as people share them, from StyleGAN2 generators of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from pickle_writer import architecture_of
from stand_ins import SOURCE, Options, dump

import networks

Variables = list[tuple[str, Any]]


class Network:
    """`dnnlib.tflib.network.Network`."""

    def __init__(self, name: str, variables: Variables, **more: Any) -> None:
        self.state = {
            "version": 5,
            "name": name,
            "static_kwargs": {},
            "components": {},
            "build_module_src": SOURCE,
            "build_func_name": "G",
            "variables": variables,
            **more,
        }

    def __getstate__(self) -> dict[str, Any]:
        return self.state


def tf_checkpoint(
    generator: networks.StyleGAN2,
    options: Options | None = None,
    lod_names: bool = False,
    **kwargs: Any,
) -> bytes:
    """(G, D, Gs) of a generator.

    Args:
        lod_names: name the colour layers ToRGB_lod{k}, as the first programs did.
        kwargs: hyperparameters that replace or join those of the generator; ... = leave out.
    """
    options = options or Options(protocol=3)
    networks_of_file = tuple(_gs(generator, lod_names, kwargs) for _ in range(2))
    discriminator = Network("D", [("4x4/Conv/weight", np.zeros([3, 3, 2, 2], np.float32))])
    content = (networks_of_file[0], discriminator, networks_of_file[1])
    return dump(content, options, {"dnnlib.tflib.network": Network})


def _gs(generator: networks.StyleGAN2, lod_names: bool, kwargs: dict[str, Any]) -> Network:
    components = {
        "mapping": Network("mapping", list(_mapping(generator.mapping))),
        "synthesis": Network("synthesis", list(_synthesis(generator, lod_names))),
    }
    variables = [("lod", np.float32(0)), ("dlatent_avg", _array(generator.mapping.w_avg))]
    static_kwargs = {**_static_kwargs(generator), **kwargs}
    return Network(
        "Gs",
        variables,
        components=components,
        static_kwargs={k: v for k, v in static_kwargs.items() if v is not ...},
    )


def _static_kwargs(generator: networks.StyleGAN2) -> dict[str, Any]:
    design = generator.design
    conv = design.blocks[0].conv1
    kwargs = {
        "latent_size": generator.z_dim,
        "label_size": generator.c_dim,
        "dlatent_size": generator.w_dim,
        "resolution": generator.img_resolution,
        "num_channels": generator.img_channels,
        "fmap_base": 128,
        "fmap_max": 16,
        "architecture": architecture_of(generator),
        "mapping_layers": len(design.mapping.layers),
        "mapping_lrmul": design.mapping.layers[0].bias_gain,
        "mapping_nonlinearity": design.mapping.layers[0].activation,
        "nonlinearity": conv.activation,
        "use_noise": conv.use_noise,
        "resample_kernel": list(design.resample_filter),
        "conv_clamp": conv.conv_clamp,
    }
    ignored = {"truncation_psi": 0.5, "truncation_cutoff": None, "style_mixing_prob": 0.9}
    return {**kwargs, **ignored, "randomize_noise": True, "fused_modconv": True}


def _array(value: torch.Tensor) -> Any:
    array = value.detach().numpy().copy()
    return array if array.ndim else np.float32(array)


def _mapping(mapping: Any) -> Iterator[tuple[str, Any]]:
    if mapping.embed is not None:
        yield "LabelEmbed/weight", _array(mapping.embed.weight.T)
        yield "LabelEmbed/bias", _array(mapping.embed.bias)
    for i in range(len(mapping.spec.layers)):
        layer = getattr(mapping, f"fc{i}")
        yield f"Dense{i}/weight", _array(layer.weight.T)
        yield f"Dense{i}/bias", _array(layer.bias)


def _synthesis(generator: networks.StyleGAN2, lod_names: bool) -> Iterator[tuple[str, Any]]:
    log2_last = generator.img_resolution.bit_length() - 1
    for name in generator.synthesis.block_names:
        block = getattr(generator.synthesis, name)
        resolution = block.spec.resolution
        scope, log2 = f"{resolution}x{resolution}", resolution.bit_length() - 1
        if block.const is not None:
            yield f"{scope}/Const/const", _array(block.const.unsqueeze(0))
            yield from _conv(f"{scope}/Conv", block.conv1, 0)
        else:
            yield from _conv(f"{scope}/Conv0_up", block.conv0, 2 * log2 - 5, flip=True)
            yield from _conv(f"{scope}/Conv1", block.conv1, 2 * log2 - 4)
        if block.skip is not None:
            yield f"{scope}/Skip/weight", _kernel(block.skip.weight, flip=True)
        if block.torgb is not None:
            place = f"ToRGB_lod{log2_last - log2}" if lod_names else f"{scope}/ToRGB"
            yield from _conv(place, block.torgb, None)


def _kernel(weight: torch.Tensor, flip: bool) -> Any:
    weight = weight.flip([2, 3]) if flip else weight
    return _array(weight.permute(2, 3, 1, 0).contiguous())  # OIHW → HWIO


def _conv(
    scope: str, layer: Any, noise_idx: int | None, flip: bool = False
) -> Iterator[tuple[str, Any]]:
    yield f"{scope}/weight", _kernel(layer.weight, flip)
    yield f"{scope}/bias", _array(layer.bias)
    yield f"{scope}/mod_weight", _array(layer.affine.weight.T)
    yield f"{scope}/mod_bias", _array(layer.affine.bias - 1)
    if noise_idx is not None and layer.spec.use_noise:
        yield f"{scope}/noise_strength", _array(layer.noise_strength)
        yield f"noise{noise_idx}", _array(layer.noise_const[None, None])
