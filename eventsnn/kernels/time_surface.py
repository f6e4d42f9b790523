"""Exponentially decayed time of the last event per pixel and polarity."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

_NEVER = np.iinfo(np.int64).min


@njit(nogil=True, cache=True)
def last_times(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    last: NDArray[np.int64],
) -> int:
    """Note the latest time of each pixel: plane 0 for ON, plane 1 for OFF.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        last: (2, H, W) int64, µs, C-contiguous, written to.
    Returns: -1, or the index of the first event that is off the sensor or earlier than the one before.
    """
    _, height, width = last.shape
    flat = last.ravel()
    wide, high = np.uint64(width), np.uint64(height)
    off_place = np.uint64(width * height)
    before = t[0] if t.size else 0
    for i in range(t.size):
        column, line = np.uint64(x[i]), np.uint64(y[i])
        if column >= wide or line >= high or t[i] < before:
            return i
        before = t[i]
        place = line * wide + column + off_place * np.uint64(not p[i])
        flat[place] = before
    return -1


@njit(nogil=True, cache=True)
def decay(last: NDArray[np.int64], at_us: int, tau_us: float, out: NDArray[np.float32]) -> None:
    """Write exp(-(at - last) / tau), and 0 where there was never an event.

    Args:
        last: (2, H, W) int64, µs, as `last_times` leaves it; the smallest int64 means never.
        at_us: instant of the surface, µs, not before any of `last`.
        tau_us: time constant, µs.
        out: (2, H, W) float32, written to.
    """
    rate = -1.0 / tau_us
    flat_last, flat_out = last.ravel(), out.ravel()
    for i in range(flat_last.size):
        flat_out[i] = 0.0 if flat_last[i] == _NEVER else math.exp(rate * (at_us - flat_last[i]))
