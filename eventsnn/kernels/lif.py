"""One step of a layer of LIF neurons, fused: each value is read and written once.

A neuron with `most` = D fires as often as its membrane potential has room for, up to D times in a step:
`spikes = clip(floor(potential), 0, D)`, each spike lowering the potential by the threshold 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def lif_forward(
    current: Array, membrane: Array, leak: Array, most: int, spikes: Array, potential: Array
) -> None:
    """`potential = leak * membrane + current`, and the spikes that it makes.

    Args:
        current: (R, C) float32, input of each neuron, channels innermost.
        membrane: (R, C) float32, membrane potential after the last step.
        leak: (C,) float32, share of it that is kept.
        most: spikes that a neuron can fire in one step, at least 1.
        spikes: (R, C) float32, written: 0 to `most`.
        potential: (R, C) float32, written: membrane potential before the reset.
    """
    rows, channels = current.shape
    top = np.float32(most)
    for row in range(rows):
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + current[row, channel]
            potential[row, channel] = u
            spikes[row, channel] = np.floor(min(max(u, np.float32(0.0)), top))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def lif_advance(current: Array, membrane: Array, leak: Array, most: int, spikes: Array, after: Array) -> None:
    """`lif_forward` for inference: the membrane potential after the soft reset in the same pass.

    Args:
        current: (R, C) float32, input of each neuron, channels innermost.
        membrane: (R, C) float32, membrane potential after the last step.
        leak: (C,) float32, share of it that is kept.
        most: spikes that a neuron can fire in one step, at least 1.
        spikes: (R, C) float32, written: 0 to `most`.
        after: (R, C) float32, written: membrane potential after this step.
    """
    rows, channels = current.shape
    top = np.float32(most)
    for row in range(rows):
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + current[row, channel]
            fired = np.floor(min(max(u, np.float32(0.0)), top))
            spikes[row, channel] = fired
            after[row, channel] = u - fired


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def lif_backward(
    gradient_spikes: Array,
    gradient_membrane: Array,
    potential: Array,
    membrane: Array,
    leak: Array,
    most: int,
    scale: float,
    gradient_current: Array,
    gradient_previous: Array,
    gradient_leak: Array,
) -> None:
    """Gradients of `lif_forward` with a soft, detached reset and an arctangent surrogate at each threshold.

    Args:
        gradient_spikes: (R, C) float32, of the spikes.
        gradient_membrane: (R, C) float32, of the membrane potential after the reset.
        potential: (R, C) float32, as `lif_forward` wrote it.
        membrane: (R, C) float32, as `lif_forward` read it.
        leak: (C,) float32.
        most: as in `lif_forward`.
        scale: sharpness a of the surrogate.
        gradient_current: (R, C) float32, written.
        gradient_previous: (R, C) float32, written: of the membrane potential before the step.
        gradient_leak: (C,) float32, added to.
    """
    rows, channels = potential.shape
    half = np.float32(scale / 2.0)
    width = np.float32(np.pi * scale / 2.0)
    one = np.float32(1.0)
    slope = np.empty(channels, np.float32)
    for row in range(rows):
        slope[:] = np.float32(0.0)
        for threshold in range(1, most + 1):
            level = np.float32(threshold)
            for channel in range(channels):
                x = width * (potential[row, channel] - level)
                slope[channel] += half / (one + x * x)
        for channel in range(channels):
            gradient = gradient_membrane[row, channel] + gradient_spikes[row, channel] * slope[channel]
            gradient_current[row, channel] = gradient
            gradient_previous[row, channel] = gradient * leak[channel]
            gradient_leak[channel] += gradient * membrane[row, channel]
