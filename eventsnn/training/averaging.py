"""An exponential moving average of the weights, which is what gets validated and shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class MovingAverage:
    """A slowly following copy of a module's parameters and buffers.

    Early on it follows faster, `min(decay, (1 + n) / (10 + n))` after n updates, so that it forgets the
    random start.

    Args:
        module: what to follow.
        decay: share of the average kept in each update, once settled.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.values = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take one step towards the module's present values; whole numbers are copied."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.values[name] = self.values[name].to(value.device)
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name] = value.detach().clone()

    @contextmanager
    def swapped_in(self, module: nn.Module) -> Iterator[None]:
        """The module computes with the averaged values inside the block, with its own after it."""
        own = {name: value.detach().clone() for name, value in module.state_dict().items()}
        module.load_state_dict(self.values)
        try:
            yield
        finally:
            module.load_state_dict(own)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on after a restart."""
        return {"updates": self.updates, "values": self.values}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.updates = state["updates"]
        self.values = state["values"]
