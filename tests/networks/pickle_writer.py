"""Writes PyTorch checkpoints in the formats that people share, from generators of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stand_ins import EasyDict, Options, Persistent, dump
from torch import nn

import networks


def torch_checkpoint(generator: networks.Generator, options: Options | None = None) -> bytes:
    """A snapshot with the networks and records that `options` names."""
    options = options or Options()
    writer = _Writer(options)
    records = {
        "G": lambda: writer.generator(generator),
        "G_ema": lambda: writer.generator(generator),
        "D": lambda: writer.module("Discriminator", children={"b4": writer.discriminator_block()}),
        "augment_pipe": lambda: writer.module(
            "AugmentPipe", buffers={"p": torch.tensor(0.6), "Hz_geom": torch.ones(12)}
        ),
        "training_set_kwargs": lambda: EasyDict(
            class_name="training.dataset.ImageFolderDataset",
            path="/data/nonsense.zip",
            use_labels=generator.c_dim > 0,
            max_size=70000,
            xflip=False,
            resolution=generator.img_resolution,
        ),
        "nothing": lambda: None,
    }
    return dump({key: records[key]() for key in options.keys}, options)


class _Writer:
    """Modules of a generator as persistent objects with the attributes of the originals."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def module(
        self,
        class_name: str,
        parameters: dict[str, Any] | None = None,
        buffers: dict[str, Any] | None = None,
        children: dict[str, Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        **attributes: Any,
    ) -> Persistent:
        state = dict(vars(nn.Module()))
        state["_parameters"] = {
            name: None if value is None else nn.Parameter(self.tensor(value), requires_grad=False)
            for name, value in (parameters or {}).items()
        }
        state["_buffers"] = {name: self.tensor(value) for name, value in (buffers or {}).items()}
        state["_modules"] = children or {}
        for name, value in attributes.items():
            if name not in self.options.omit:
                state[name] = self.attribute(value)
        state["_init_args"] = ()
        is_kept = self.options.layer_kwargs or class_name == "Generator"
        if self.options.with_kwargs and is_kept:
            state["_init_kwargs"] = EasyDict(kwargs or {})
        return Persistent(class_name, state)

    def tensor(self, value: torch.Tensor | None) -> torch.Tensor | None:
        if value is None:
            return None
        value = value.detach().to(self.options.dtype).clone()
        if self.options.channels_last and value.ndim == 4:
            value = value.contiguous(memory_format=torch.channels_last)
        return value

    def attribute(self, value: Any) -> Any:
        if not self.options.numpy_scalars:
            return value
        kinds = {bool: np.bool_, int: np.int64, float: np.float64}
        return kinds[type(value)](value) if type(value) in kinds else value

    def generator(self, generator: networks.Generator) -> Persistent:
        is_3 = generator.family == "stylegan3"
        synthesis = self.synthesis3(generator) if is_3 else self.synthesis2(generator)
        return self.module(
            "Generator",
            children={"synthesis": synthesis, "mapping": self.mapping(generator)},
            kwargs={
                "z_dim": generator.z_dim,
                "mapping_kwargs": EasyDict(num_layers=len(generator.mapping.spec.layers)),
                "synthesis_kwargs": EasyDict(
                    self.options.synthesis_kwargs, channel_base=1, num_fp16_res=4
                ),
            },
            z_dim=generator.z_dim,
            c_dim=generator.c_dim,
            w_dim=generator.w_dim,
            img_resolution=generator.img_resolution,
            img_channels=generator.img_channels,
            num_ws=generator.num_ws,
        )

    def mapping(self, generator: networks.Generator) -> Persistent:
        mapping, spec = generator.mapping, generator.mapping.spec
        children = {
            f"fc{i}": self.dense(getattr(mapping, f"fc{i}")) for i in range(len(spec.layers))
        }
        if mapping.embed is not None:
            children["embed"] = self.dense(mapping.embed)
        return self.module(
            "MappingNetwork",
            buffers={} if spec.w_avg_beta is None else {"w_avg": mapping.w_avg},
            children=children,
            z_dim=spec.z_dim,
            c_dim=spec.c_dim,
            w_dim=spec.w_dim,
            num_ws=spec.num_ws,
            num_layers=len(spec.layers),
            w_avg_beta=spec.w_avg_beta,
        )

    def dense(self, layer: Any) -> Persistent:
        spec = layer.spec
        return self.module(
            "FullyConnectedLayer",
            parameters={"weight": layer.weight, "bias": layer.bias},
            kwargs={"activation": spec.activation, "lr_multiplier": spec.bias_gain},
            in_features=spec.in_features,
            out_features=spec.out_features,
            activation=spec.activation,
            weight_gain=spec.weight_gain,
            bias_gain=spec.bias_gain,
        )

    def discriminator_block(self) -> Persistent:
        return self.module(
            "DiscriminatorEpilogue",
            parameters={"weight": torch.ones(4, 4)},
            children={"mbstd": self.module("MinibatchStdLayer", group_size=4)},
        )

    # --- StyleGAN3

    def synthesis3(self, generator: networks.Generator) -> Persistent:
        synthesis, design = generator.synthesis, generator.design
        source = synthesis.input
        children = {
            "input": self.module(
                "SynthesisInput",
                parameters={"weight": source.weight},
                buffers={name: getattr(source, name) for name in ("transform", "freqs", "phases")},
                children={"affine": self.dense(source.affine)},
                w_dim=generator.w_dim,
                channels=source.spec.channels,
                size=np.asarray([source.spec.size] * 2),
                sampling_rate=source.spec.sampling_rate,
                bandwidth=source.spec.bandwidth,
            )
        }
        for name in synthesis.layer_names:
            children[name] = self.layer3(getattr(synthesis, name))
        return self.module(
            "SynthesisNetwork",
            children=children,
            w_dim=generator.w_dim,
            num_ws=generator.num_ws,
            img_resolution=generator.img_resolution,
            img_channels=generator.img_channels,
            num_layers=len(synthesis.layer_names) - 1,
            num_critical=2,
            margin_size=10,
            output_scale=design.output_scale,
            num_fp16_res=4,
            layer_names=list(synthesis.layer_names),
        )

    def layer3(self, layer: Any) -> Persistent:
        spec = layer.spec
        return self.module(
            "SynthesisLayer",
            parameters={"weight": layer.weight, "bias": layer.bias},
            buffers={
                "magnitude_ema": layer.magnitude_ema,
                "up_filter": layer.up_filter,
                "down_filter": layer.down_filter,
            },
            children={"affine": self.dense(layer.affine)},
            kwargs={"conv_clamp": spec.conv_clamp, "magnitude_ema_beta": 0.999},
            w_dim=spec.w_dim,
            is_torgb=spec.is_torgb,
            is_critically_sampled=spec.is_critically_sampled,
            use_fp16=spec.use_fp16,
            in_channels=spec.in_channels,
            out_channels=spec.out_channels,
            in_size=np.asarray([spec.in_size] * 2),
            out_size=np.asarray([spec.out_size] * 2),
            in_sampling_rate=spec.in_sampling_rate,
            out_sampling_rate=spec.out_sampling_rate,
            tmp_sampling_rate=spec.in_sampling_rate * spec.up,
            in_cutoff=spec.in_cutoff,
            out_cutoff=spec.out_cutoff,
            in_half_width=spec.in_half_width,
            out_half_width=spec.out_half_width,
            conv_kernel=spec.conv_kernel,
            conv_clamp=spec.conv_clamp,
            magnitude_ema_beta=spec.magnitude_ema_beta,
            up_factor=spec.up,
            up_taps=spec.up_taps,
            down_factor=spec.down,
            down_taps=spec.down_taps,
            down_radial=spec.down_radial,
            padding=list(spec.padding),
        )

    # --- StyleGAN2

    def synthesis2(self, generator: networks.Generator) -> Persistent:
        names = generator.synthesis.block_names
        architecture = architecture_of(generator)
        return self.module(
            "SynthesisNetwork",
            children={
                name: self.block2(getattr(generator.synthesis, name), architecture, generator)
                for name in names
            },
            w_dim=generator.w_dim,
            img_resolution=generator.img_resolution,
            img_resolution_log2=generator.img_resolution.bit_length() - 1,
            img_channels=generator.img_channels,
            block_resolutions=[int(name[1:]) for name in names],
            num_ws=generator.num_ws,
        )

    def block2(self, block: Any, architecture: str, generator: networks.Generator) -> Persistent:
        spec = block.spec
        children = {} if spec.conv0 is None else {"conv0": self.conv2(block.conv0)}
        children["conv1"] = self.conv2(block.conv1)
        if block.torgb is not None:
            children["torgb"] = self.torgb2(block.torgb)
        if block.skip is not None:
            children["skip"] = self.skip2(block.skip)
        return self.module(
            "SynthesisBlock",
            parameters={} if block.const is None else {"const": block.const},
            buffers={"resample_filter": block.resample_filter},
            children=children,
            in_channels=0 if spec.conv0 is None else spec.conv0.in_channels,
            w_dim=generator.w_dim,
            resolution=spec.resolution,
            img_channels=generator.img_channels,
            is_last=spec.resolution == generator.img_resolution,
            architecture=architecture,
            use_fp16=spec.use_fp16,
            channels_last=spec.use_fp16,
            num_conv=spec.num_conv,
            num_torgb=spec.num_torgb,
        )

    def conv2(self, layer: Any) -> Persistent:
        spec = layer.spec
        parameters = {"weight": layer.weight}
        buffers = {"resample_filter": layer.resample_filter}
        if spec.use_noise:
            parameters["noise_strength"] = layer.noise_strength
            buffers["noise_const"] = layer.noise_const
        return self.module(
            "SynthesisLayer",
            parameters={**parameters, "bias": layer.bias},
            buffers=buffers,
            children={"affine": self.dense(layer.affine)},
            kwargs={"up": spec.up, "activation": spec.activation, "conv_clamp": spec.conv_clamp},
            in_channels=spec.in_channels,
            out_channels=spec.out_channels,
            resolution=spec.resolution,
            up=spec.up,
            use_noise=spec.use_noise,
            activation=spec.activation,
            conv_clamp=spec.conv_clamp,
            padding=spec.kernel // 2,
            act_gain=spec.act_gain,
        )

    def torgb2(self, layer: Any) -> Persistent:
        return self.module(
            "ToRGBLayer",
            parameters={"weight": layer.weight, "bias": layer.bias},
            children={"affine": self.dense(layer.affine)},
            kwargs={"kernel_size": 1, "conv_clamp": layer.spec.conv_clamp},
            conv_clamp=layer.spec.conv_clamp,
            weight_gain=layer.spec.weight_gain,
        )

    def skip2(self, layer: Any) -> Persistent:
        return self.module(
            "Conv2dLayer",
            parameters={"weight": layer.weight},
            buffers={"resample_filter": layer.resample_filter},
            activation="linear",
            up=2,
            down=1,
            conv_clamp=None,
            padding=0,
            weight_gain=layer.spec.weight_gain,
            act_gain=1,
            bias=None,
        )


def architecture_of(generator: networks.Generator) -> str:
    """The name of a StyleGAN2 generator's architecture."""
    blocks = generator.design.blocks
    if any(block.skip is not None for block in blocks):
        return "resnet"
    has_all = all(block.torgb is not None for block in blocks)
    return "skip" if has_all else "orig"
