"""One step of a layer of LIF neurons, fused: each value is read and written once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def lif_forward(current: Array, membrane: Array, leak: Array, spikes: Array, potential: Array) -> None:
    """`potential = leak * membrane + current`, a spike of 1 where it reaches the threshold 1.

    Args:
        current: (R, C) float32, input of each neuron, channels innermost.
        membrane: (R, C) float32, membrane potential after the last step.
        leak: (C,) float32, share of it that is kept.
        spikes: (R, C) float32, written: 0 or 1.
        potential: (R, C) float32, written: membrane potential before the reset.
    """
    rows, channels = current.shape
    for row in range(rows):
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + current[row, channel]
            potential[row, channel] = u
            spikes[row, channel] = np.float32(1.0) if u >= np.float32(1.0) else np.float32(0.0)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def lif_backward(
    gradient_spikes: Array,
    gradient_membrane: Array,
    potential: Array,
    membrane: Array,
    leak: Array,
    scale: float,
    gradient_current: Array,
    gradient_previous: Array,
    gradient_leak: Array,
) -> None:
    """Gradients of `lif_forward` with a soft, detached reset and the arctangent surrogate.

    Args:
        gradient_spikes: (R, C) float32, of the spikes.
        gradient_membrane: (R, C) float32, of the membrane potential after the reset.
        potential: (R, C) float32, as `lif_forward` wrote it.
        membrane: (R, C) float32, as `lif_forward` read it.
        leak: (C,) float32.
        scale: sharpness a of the surrogate.
        gradient_current: (R, C) float32, written.
        gradient_previous: (R, C) float32, written: of the membrane potential before the step.
        gradient_leak: (C,) float32, added to.
    """
    rows, channels = potential.shape
    half = np.float32(scale / 2.0)
    width = np.float32(np.pi * scale / 2.0)
    one = np.float32(1.0)
    for row in range(rows):
        for channel in range(channels):
            x = width * (potential[row, channel] - one)
            gradient = gradient_membrane[row, channel] + gradient_spikes[row, channel] * half / (one + x * x)
            gradient_current[row, channel] = gradient
            gradient_previous[row, channel] = gradient * leak[channel]
            gradient_leak[channel] += gradient * membrane[row, channel]
