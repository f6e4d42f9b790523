"""One step of a layer of LIF neurons, fused: each value is read and written once.

A neuron with `most` = D fires up to D times in a step, `spikes = clip(floor(potential + 1/2), 0, D)`, and
each spike lowers the membrane potential by 1 (I-LIF; Luo et al., ECCV 2024).
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
    half, top = np.float32(0.5), np.float32(most)
    for row in range(rows):
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + current[row, channel]
            potential[row, channel] = u
            spikes[row, channel] = min(max(np.floor(u + half), np.float32(0.0)), top)


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
    half, top = np.float32(0.5), np.float32(most)
    for row in range(rows):
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + current[row, channel]
            fired = min(max(np.floor(u + half), np.float32(0.0)), top)
            spikes[row, channel] = fired
            after[row, channel] = u - fired


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def lif_advance_half(
    current: Array, membrane: Array, leak: Array, most: int, spikes: Array, after: Array
) -> None:
    """`lif_advance` between two convolutions in bfloat16; the membrane stays in single precision.

    Args:
        current: (R, C) uint16, the bits of bfloat16 inputs.
        membrane: (R, C) float32, membrane potential after the last step.
        leak: (C,) float32, share of it that is kept.
        most: spikes that a neuron can fire in one step, at least 1.
        spikes: (R, C) uint16, written: the bits of bfloat16 whole numbers from 0 to `most`.
        after: (R, C) float32, written: membrane potential after this step.
    """
    rows, channels = current.shape
    half, top = np.float32(0.5), np.float32(most)
    # A bfloat16 is the upper half of a float32.
    bits = np.empty(channels, np.uint32)
    values = bits.view(np.float32)
    for row in range(rows):
        for channel in range(channels):
            bits[channel] = np.uint32(current[row, channel]) << np.uint32(16)
        for channel in range(channels):
            u = leak[channel] * membrane[row, channel] + values[channel]
            fired = min(max(np.floor(u + half), np.float32(0.0)), top)
            after[row, channel] = u - fired
            values[channel] = fired
        for channel in range(channels):
            spikes[row, channel] = np.uint16(bits[channel] >> np.uint32(16))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def lif_backward(
    gradient_spikes: Array,
    gradient_membrane: Array,
    potential: Array,
    membrane: Array,
    leak: Array,
    most: int,
    gradient_current: Array,
    gradient_previous: Array,
    gradient_leak: Array,
) -> None:
    """Gradients of `lif_forward` with a soft, detached reset and a rectangle surrogate at each threshold.

    Args:
        gradient_spikes: (R, C) float32, of the spikes.
        gradient_membrane: (R, C) float32, of the membrane potential after the reset.
        potential: (R, C) float32, as `lif_forward` wrote it.
        membrane: (R, C) float32, as `lif_forward` read it.
        leak: (C,) float32.
        most: as in `lif_forward`.
        gradient_current: (R, C) float32, written.
        gradient_previous: (R, C) float32, written: of the membrane potential before the step.
        gradient_leak: (C,) float32, added to.
    """
    rows, channels = potential.shape
    zero, top = np.float32(0.0), np.float32(most)
    for row in range(rows):
        for channel in range(channels):
            u = potential[row, channel]
            gradient = gradient_membrane[row, channel]
            if u > zero and u < top:
                gradient += gradient_spikes[row, channel]
            gradient_current[row, channel] = gradient
            gradient_previous[row, channel] = gradient * leak[channel]
            gradient_leak[channel] += gradient * membrane[row, channel]
