"""Surrogate gradients: what stands for the derivative of the Heaviside step in the backward pass."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ARCTAN_SHARPNESS = 2.0
"""The a of the arctangent surrogate: larger is narrower."""


def arctan(x: Tensor) -> Tensor:
    """Derivative of the arctangent surrogate, `a / (2 (1 + (π a x / 2)²))` with a = 2.

    Args:
        x: any shape, membrane potential minus threshold.
    Returns: the same shape.
    Source: Fang et al., ICCV 2021 (PLIF).
    """
    a = ARCTAN_SHARPNESS
    return a / (2 * (1 + (math.pi / 2 * a * x) ** 2))


class Spike(torch.autograd.Function):
    """Heaviside step with H(0) = 1 forward, `arctan` backward."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:  # noqa: D102
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:  # noqa: D102
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradients[0] * arctan(x)
