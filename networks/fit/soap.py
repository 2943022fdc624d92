"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner.

Source: Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam" (ICLR 2025), algorithm 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

REFRESH = 10  # steps between new eigenbases


class Soap(torch.optim.Optimizer):
    """For small matrices (and 1×1 kernels, taken as matrices); vectors get plain Adam."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        betas: tuple[float, float] = (0.95, 0.95),
        shampoo_beta: float = 0.95,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "shampoo": shampoo_beta, "eps": eps})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every parameter that has a gradient."""
        self.step_part(0, 1)

    @torch.no_grad()
    def step_part(self, first: int, num: int) -> None:
        """The step of every `num`-th parameter, so that threads can share the work."""
        pairs = [(p, group) for group in self.param_groups for p in group["params"]]
        for parameter, group in pairs[first::num]:
            if parameter.grad is not None:
                gradient = parameter.grad.flatten(1) if parameter.ndim > 1 else parameter.grad
                self._step_one(parameter, gradient, group)

    def _step_one(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        is_first = not state
        if is_first:
            _start(state, gradient)
        if gradient.ndim == 2 and (is_first or group["shampoo"] < 1):
            _follow(state, gradient, group["shampoo"], is_first)
        beta1, beta2 = group["betas"]
        state["step"] += 1
        state["mean"].lerp_(gradient, 1 - beta1)
        turned = _turn(gradient, state)
        state["square"].lerp_(turned.square(), 1 - beta2)
        step = float(state["step"])
        scale = (1 - beta2**step) ** 0.5 / (1 - beta1**step)
        update = _turn(state["mean"], state) / (state["square"].sqrt() + group["eps"])
        update = _turn_back(update, state)
        parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * scale)
        if gradient.ndim == 2 and int(step) % REFRESH == 0:
            _refresh(state)


def _start(state: dict[str, Tensor], gradient: Tensor) -> None:
    state["step"] = torch.zeros([])
    state["mean"] = torch.zeros_like(gradient)
    state["square"] = torch.zeros_like(gradient)
    if gradient.ndim == 2:
        for side, size in zip(("left", "right"), gradient.shape, strict=True):
            state[side] = gradient.new_zeros(size, size)
            state[side + "_basis"] = torch.eye(size, device=gradient.device)


def _follow(state: dict[str, Tensor], gradient: Tensor, beta: float, is_first: bool) -> None:
    weight = 1.0 if is_first else 1 - beta
    state["left"].lerp_(gradient @ gradient.t(), weight)
    state["right"].lerp_(gradient.t() @ gradient, weight)
    if is_first:
        for side in ("left", "right"):
            state[side + "_basis"] = torch.linalg.eigh(state[side])[1].flip(1).contiguous()


def _refresh(state: dict[str, Tensor]) -> None:
    """One step of orthogonal iteration; the second moments keep to their directions."""
    for axis, side in enumerate(("left", "right")):
        basis, moment = state[side + "_basis"], state[side]
        product = moment @ basis
        order = (basis * product).sum(dim=0).argsort(descending=True)
        state["square"] = state["square"].index_select(axis, order)
        state[side + "_basis"] = torch.linalg.qr(product[:, order])[0]


def _turn(value: Tensor, state: dict[str, Tensor]) -> Tensor:
    if value.ndim < 2:
        return value
    return state["left_basis"].t() @ value @ state["right_basis"]


def _turn_back(value: Tensor, state: dict[str, Tensor]) -> Tensor:
    if value.ndim < 2:
        return value
    return state["left_basis"] @ value @ state["right_basis"].t()
