"""Parts that both architectures share: normalisation, fully connected layers, mapping network.

Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (CVPR 2020)
and "Alias-Free Generative Adversarial Networks" (NeurIPS 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

T = TypeVar("T")
LRELU_SLOPE = 0.2
ACTIVATION_GAINS = {"linear": 1.0, "lrelu": math.sqrt(2), "relu": math.sqrt(2)}


class Derived(Generic[T]):
    """A value computed from a weight, kept until the weight changes.

    While gradients flow to the weight the value is computed anew every time.
    """

    def __init__(self, compute: Callable[[Tensor], T]) -> None:
        self._compute = compute
        self._weight: Tensor | None = None
        self._stamp: tuple[int, int] | None = None
        self._value: T | None = None

    def __call__(self, weight: Tensor) -> T:
        if weight.requires_grad and torch.is_grad_enabled():
            return self._compute(weight)
        version = 0 if weight.is_inference() else weight._version
        stamp = (weight.data_ptr(), version)
        if self._value is None or self._weight is not weight or self._stamp != stamp:
            # Not an inference tensor, so that the value can also serve a later backward pass.
            with torch.inference_mode(False), torch.no_grad():
                self._value = self._compute(weight)
            self._weight, self._stamp = weight, stamp
        return self._value

    def __deepcopy__(self, memo: dict[int, object]) -> Derived[T]:
        return Derived(self._compute)


def normalize_2nd_moment(x: Tensor) -> Tensor:
    """x / sqrt(mean(x²) + 1e-8) over the last axis."""
    return x * (x.square().mean(dim=-1, keepdim=True) + 1e-8).rsqrt()


def activate(x: Tensor, activation: str, gain: float, clamp: float | None = None) -> Tensor:
    """Nonlinearity, then gain, then clamping to ±clamp."""
    if activation == "lrelu":
        x = F.leaky_relu(x, LRELU_SLOPE)
    elif activation == "relu":
        x = F.relu(x)
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


@dataclass(frozen=True)
class DenseSpec:
    """A fully connected layer."""

    in_features: int
    out_features: int
    activation: str = "linear"  # "linear" | "lrelu" | "relu"
    weight_gain: float = 1.0  # learning rate multiplier / sqrt(in_features)
    bias_gain: float = 1.0  # learning rate multiplier
    bias: bool = True

    @classmethod
    def of(
        cls, in_features: int, out_features: int, activation: str = "linear", lr: float = 1.0
    ) -> DenseSpec:
        """The usual gains for a learning rate multiplier `lr`."""
        weight_gain = lr / math.sqrt(max(in_features, 1))
        return cls(in_features, out_features, activation, weight_gain, lr)


class FullyConnected(nn.Module):
    """y = act(x · (weight · weight_gain)ᵀ + bias · bias_gain)."""

    def __init__(self, spec: DenseSpec, bias_init: float = 0.0, weight_std: float = 1.0) -> None:
        super().__init__()
        self.spec = spec
        self._bias_init, self._weight_std = bias_init, weight_std
        self.weight = nn.Parameter(torch.empty(spec.out_features, spec.in_features))
        self.bias = nn.Parameter(torch.empty(spec.out_features)) if spec.bias else None
        self._scaled_weight = Derived(self._scale_weight)

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting values: weight N(0, 1) / lr_multiplier, constant bias."""
        with torch.no_grad():
            self.weight.normal_(generator=rng).mul_(self._weight_std / self.spec.bias_gain)
            if self.bias is not None:
                self.bias.fill_(self._bias_init)

    def _scale_weight(self, weight: Tensor) -> Tensor:
        return (weight * self.spec.weight_gain).t()

    def forward(self, x: Tensor) -> Tensor:
        weight = self._scaled_weight(self.weight)
        if self.bias is None:
            x = x @ weight
        else:
            bias = self.bias if self.spec.bias_gain == 1 else self.bias * self.spec.bias_gain
            x = torch.addmm(bias, x, weight)
        return activate(x, self.spec.activation, ACTIVATION_GAINS[self.spec.activation])


@dataclass(frozen=True)
class MappingSpec:
    """The mapping network: z and class label to w."""

    z_dim: int
    c_dim: int
    w_dim: int
    num_ws: int
    layers: tuple[DenseSpec, ...]
    embed: DenseSpec | None = None  # of the label; None iff c_dim is 0
    w_avg_beta: float | None = 0.998  # decay of the running mean of w during training

    @classmethod
    def of(
        cls,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        num_ws: int,
        num_layers: int,
        lr_multiplier: float = 0.01,
        embed_features: int | None = None,
        layer_features: int | None = None,
        activation: str = "lrelu",
        w_avg_beta: float | None = 0.998,
    ) -> MappingSpec:
        """The usual chain of `num_layers` layers of `layer_features` (None: w_dim) features."""
        embed_dim = 0 if c_dim == 0 else (embed_features or w_dim)
        hidden = [layer_features or w_dim] * (num_layers - 1)
        features = [z_dim + embed_dim, *hidden, w_dim]
        layers = tuple(
            DenseSpec.of(features[i], features[i + 1], activation, lr_multiplier)
            for i in range(num_layers)
        )
        embed = DenseSpec.of(c_dim, embed_dim) if c_dim > 0 else None
        return cls(z_dim, c_dim, w_dim, num_ws, layers, embed, w_avg_beta)


class MappingNetwork(nn.Module):
    """z [N, z_dim], c [N, c_dim] → ws [N, num_ws, w_dim], optionally truncated towards w_avg."""

    w_avg: Tensor  # running mean of w [w_dim]

    def __init__(self, spec: MappingSpec) -> None:
        super().__init__()
        self.spec = spec
        self.embed = FullyConnected(spec.embed) if spec.embed is not None else None
        for i, layer in enumerate(spec.layers):
            self.add_module(f"fc{i}", FullyConnected(layer))
        self.register_buffer("w_avg", torch.zeros(spec.w_dim))

    def reset_parameters(self, rng: torch.Generator) -> None:
        """Starting value of the running mean."""
        self.w_avg.zero_()

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Map latents.

        Args:
            z: latents [N, z_dim]; only their direction matters.
            c: class labels [N, c_dim], one-hot or blended; None = zeros.
            truncation_psi: distance from w_avg that is kept; 1 = no truncation.
            truncation_cutoff: number of leading rows of ws that are truncated; None = all.
        """
        w = self._map(z, c)  # [N, w_dim]
        if self.training and self.spec.w_avg_beta is not None:
            batch_mean = w.detach().mean(dim=0)
            self.w_avg.copy_(batch_mean.lerp(self.w_avg, self.spec.w_avg_beta))
        ws = w.unsqueeze(1).repeat(1, self.spec.num_ws, 1)  # [N, num_ws, w_dim]
        if truncation_psi == 1:
            return ws
        head = ws[:, :truncation_cutoff]
        truncated = self.w_avg.lerp(head, truncation_psi)
        return torch.cat([truncated, ws[:, truncated.shape[1] :]], dim=1)

    def _map(self, z: Tensor, c: Tensor | None) -> Tensor:
        x = normalize_2nd_moment(z.float())  # [N, z_dim]
        if self.embed is not None:
            if c is None:
                c = z.new_zeros([z.shape[0], self.spec.c_dim])
            y = normalize_2nd_moment(self.embed(c.float()))
            x = torch.cat([x, y], dim=1)  # [N, z_dim + embed_dim]
        for i in range(len(self.spec.layers)):
            x = getattr(self, f"fc{i}")(x)
        return x
