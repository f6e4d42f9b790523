"""Surrogate gradients: what stands for the derivative of the Heaviside step in the backward pass."""

from __future__ import annotations

import math
from typing import Any

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


class Spikes(torch.autograd.Function):
    """How often a neuron fires: `clip(floor(potential), 0, most)`; backward an `arctan` at each threshold.

    With `most` = 1 this is the Heaviside step H(potential - 1), H(0) = 1, and its surrogate. With more it
    is the integer-valued spike of I-LIF (Luo et al., ECCV 2024): the sum of that many binary steps.
    """

    @staticmethod
    def forward(ctx: Any, potential: Tensor, most: int) -> Tensor:
        ctx.save_for_backward(potential)
        ctx.most = most
        return potential.clamp(0, most).floor()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (potential,) = ctx.saved_tensors
        slope = arctan(potential - 1)
        for threshold in range(2, ctx.most + 1):
            slope = slope + arctan(potential - threshold)
        return gradients[0] * slope, None
