"""The most recent times of each pixel, and their ages on a logarithmic scale."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).min
"""Stands for the time of an event that did not happen."""


@njit(nogil=True, cache=True)
def push_times(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    memory: NDArray[np.int64],
) -> int:
    """Put the time of each event before the older ones of its pixel; the oldest of them is forgotten.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        memory: (2, H, W, K) int64, µs, C-contiguous: ON and OFF, newest first.
    Returns: -1, or the index of the first event off the sensor, or earlier than the one before it or than
        one that is remembered; those before it are in the memory.
    """
    _, height, width, depth = memory.shape
    flat = memory.reshape(-1)
    off_place = height * width
    before = t[0] if t.size else NEVER
    for i in range(t.size):
        if x[i] >= width or y[i] >= height or t[i] < before:
            return i
        before = t[i]
        newest = (y[i] * width + x[i] + off_place * (not p[i])) * depth
        # Unsigned places spare the loop the test for indices that count from the end.
        if flat[np.uint64(newest)] > before:
            return i
        for k in range(newest + depth - 1, newest, -1):
            flat[np.uint64(k)] = flat[np.uint64(k - 1)]
        flat[np.uint64(newest)] = before
    return -1


@njit(nogil=True, cache=True)
def log_ages(
    memory: NDArray[np.int64], at_us: int, shortest_us: float, longest_us: float, out: NDArray[np.float32]
) -> None:
    """Write log(age + 1) - log(shortest + 1), with ages between the shortest and the longest.

    Args:
        memory: (2, H, W, K) int64, µs, as `push_times` leaves it, not after `at_us`.
        at_us: instant of the ages, µs.
        shortest_us: age that gives 0, µs.
        longest_us: age of what is older and of what never was, µs.
        out: (2K, H, W) float32, C-contiguous, overwritten: K of ON, then K of OFF, newest first.
    """
    sides, height, width, depth = memory.shape
    pixels = height * width
    flat, flat_out = memory.reshape(-1), out.reshape(-1)
    lowest = math.log(shortest_us + 1.0)
    oldest = np.float32(math.log(longest_us + 1.0) - lowest)
    # Later than this, in whole µs, is younger than the longest; far from overflow, whatever the times.
    long_ago = at_us - math.ceil(min(longest_us, 2.0**61))
    for side in range(sides):
        for i in range(pixels):
            first = (side * pixels + i) * depth
            for k in range(depth):
                time = flat[first + k]
                value = oldest
                if time > long_ago:
                    age = min(float(at_us - time), longest_us)
                    value = np.float32(math.log(age + 1.0) - lowest) if age > shortest_us else np.float32(0)
                flat_out[(side * depth + k) * pixels + i] = value
