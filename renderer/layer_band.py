"""Which frequencies a layer is designed to hold, as far as its model says."""

from __future__ import annotations

from dataclasses import replace

import networks
from networks.fourier import InputSpec
from networks.stylegan3_design import LayerSpec, StyleGAN3Design
from renderer.messages import LayerInfo

OUTPUT = "output"


def with_band(layer: LayerInfo, generator: networks.Generator) -> LayerInfo:
    """The layer with its sampling rate and band (Alias-Free GAN, section 3.2).

    StyleGAN2 has no margins, so its sampling rate is its width; no band is designed.
    """
    design = generator.design
    if not isinstance(design, StyleGAN3Design):
        return replace(layer, sampling_rate=float(layer.width))
    spec = _specs(design).get(layer.name.split(":")[0])
    if isinstance(spec, InputSpec):
        return replace(
            layer,
            sampling_rate=spec.sampling_rate,
            cutoff=spec.bandwidth,
            stopband=spec.bandwidth,  # sharp: there are no other frequencies
            is_radial=True,
        )
    if spec is None:
        return layer
    return replace(
        layer,
        sampling_rate=spec.out_sampling_rate,
        cutoff=spec.out_cutoff,
        stopband=spec.out_cutoff + spec.out_half_width,
        is_radial=spec.down_radial,
    )


def _specs(design: StyleGAN3Design) -> dict[str, InputSpec | LayerSpec]:
    layers = {spec.name: spec for spec in design.layers}
    return {"input": design.input, **layers, OUTPUT: design.layers[-1]}
