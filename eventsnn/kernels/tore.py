"""The most recent times of each pixel, and their ages on a logarithmic scale."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.pixel_blocks import BLOCK, first_refused
from eventsnn.kernels.places import find_places

NEVER = np.iinfo(np.int64).min
"""Stands for the time of an event that did not happen."""

# Counting costs passes over the sensor: it pays from about this many events per pixel and polarity.
_DENSE = 1.0


@njit(nogil=True, cache=True)
def push_times(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    memory: NDArray[np.int64],
) -> int:
    """Put the times of events before the older ones of their pixels; what has no room is forgotten.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        memory: (2, H, W, K) int64, µs, C-contiguous: ON and OFF, newest first; K up to 255.
    Returns: -1, or the index of the first event off the sensor or out of time order; 0 too where one of
        these pixels remembers a time after the first event. The memory is then as it was.
    """
    _, height, width, _ = memory.shape
    for begin in range(0, t.size, BLOCK):
        end = min(begin + BLOCK, t.size)
        refused = first_refused(t[begin:end], x[begin:end], y[begin:end], t[max(begin - 1, 0)], width, height)
        if refused >= 0:
            return begin + refused
    if t.size < _DENSE * 2 * height * width:
        return _push_few(t, x, y, p, memory)
    return _push_many(t, x, y, p, memory)


@njit(nogil=True, cache=True)
def _push_few(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    memory: NDArray[np.int64],
) -> int:
    """Event by event, the remembered times of its pixel moved by one each time."""
    _, height, width, depth = memory.shape
    flat = memory.reshape(-1)
    place = np.empty(t.size, np.uint32)
    find_places(x, y, p, width, height, height * width, place)
    for i in range(t.size):
        if flat[np.uint64(place[i]) * np.uint64(depth)] > t[0]:
            return 0
    for i in range(t.size):
        newest = np.int64(place[i]) * depth
        for k in range(newest + depth - 1, newest, -1):
            flat[np.uint64(k)] = flat[np.uint64(k - 1)]
        flat[np.uint64(newest)] = t[i]
    return -1


@njit(nogil=True, cache=True)
def _push_many(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    memory: NDArray[np.int64],
) -> int:
    """Counts first, so that remembered times move once, and then walks from the newest event back.

    At a busy pixel all events but K cost no more than a look.
    """
    _, height, width, depth = memory.shape
    pixels = height * width
    flat, full = memory.reshape(-1), np.uint8(depth)
    fresh, filled = np.zeros(2 * pixels, np.uint8), np.zeros(2 * pixels, np.uint8)
    place = np.empty(BLOCK, np.uint32)
    for begin in range(0, t.size, BLOCK):
        ps = p[begin : begin + BLOCK]
        find_places(x[begin : begin + BLOCK], y[begin : begin + BLOCK], ps, width, height, pixels, place)
        for i in range(ps.size):
            count = fresh[place[i]]
            fresh[place[i]] = count + np.uint8(count < full)
    for at in range(2 * pixels):
        if fresh[at] > 0 and flat[at * depth] > t[0]:
            return 0
    for at in range(2 * pixels):
        new = np.int64(fresh[at])
        if new > 0:
            for k in range(depth - 1, new - 1, -1):
                flat[at * depth + k] = flat[at * depth + k - new]
    for end in range(t.size, 0, -BLOCK):
        begin = max(end - BLOCK, 0)
        ts, ps = t[begin:end], p[begin:end]
        find_places(x[begin:end], y[begin:end], ps, width, height, pixels, place)
        for i in range(ts.size - 1, -1, -1):
            k = filled[place[i]]
            if k < full:
                flat[np.uint64(place[i]) * np.uint64(depth) + np.uint64(k)] = ts[i]
                filled[place[i]] = k + np.uint8(1)
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
    flat_out[:] = oldest
    for side in range(sides):
        for i in range(pixels):
            first = (side * pixels + i) * depth
            for k in range(depth):
                time = flat[first + k]
                if time <= long_ago:
                    break
                age = min(float(at_us - time), longest_us)
                value = math.log(age + 1.0) - lowest if age > shortest_us else 0.0
                flat_out[(side * depth + k) * pixels + i] = np.float32(value)
