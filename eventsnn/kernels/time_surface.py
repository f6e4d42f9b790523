"""The latest event of each pixel, and how its age is shown."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.places import BLOCK, find_places
from eventsnn.kernels.vectors import lower_row


@njit(nogil=True, cache=True)
def latest_times(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    off_plane: int,
    shift: int,
    latest: NDArray[np.uint32],
) -> int:
    """Note the last time of each pixel, in 2**shift µs since the first event, plus one.

    Four bytes instead of eight: the cache is what bounds this loop.

    Args:
        t: (N,) int64, µs, ascending; at least one.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        off_plane: plane of the OFF events; those of the ON events are in plane 0.
        shift: large enough for the last time to stay below 2**32 - 1.
        latest: (C, H, W) uint32, C-contiguous, written to; what is 0 before and after had no event.
    Returns: -1, or the index of the first event that is off the sensor or earlier than the one before.
    """
    _, height, width = latest.shape
    flat = latest.ravel()
    off_place = off_plane * width * height
    place = np.empty(min(BLOCK, t.size), np.uint32)
    start_us = t[0]
    for begin in range(0, t.size, BLOCK):
        end = min(begin + BLOCK, t.size)
        ts = t[begin:end]
        back = ts[0] - t[max(begin - 1, 0)]
        for i in range(1, ts.size):
            back |= ts[i] - ts[i - 1]
        refused = find_places(x[begin:end], y[begin:end], p[begin:end], width, height, off_place, place)
        if back < 0:
            for i in range(max(begin, 1), end):
                if t[i] < t[i - 1] and (refused < 0 or i < begin + refused):
                    return i
        if refused >= 0:
            return begin + refused
        for i in range(ts.size):
            flat[place[i]] = np.uint32(((ts[i] - start_us) >> shift) + 1)
    return -1


@njit(nogil=True, cache=True)
def decay_exponentially(
    latest: NDArray[np.uint32], newest_us: int, shift: int, tau_us: float, out: NDArray[np.float32]
) -> None:
    """Write exp(-age / tau), and 0 where there was no event.

    Args:
        latest: (C, H, W) uint32, as `latest_times` leaves it.
        newest_us: instant of the surface since the first event, µs.
        shift: as `latest_times` had it.
        tau_us: time constant, µs.
        out: (C, H, W) float32, written to.
    """
    rate = -1.0 / tau_us
    flat, flat_out = latest.ravel(), out.ravel()
    for i in range(flat.size):
        age_us = newest_us - ((np.int64(flat[i]) - 1) << shift)
        flat_out[i] = 0.0 if flat[i] == 0 else math.exp(rate * age_us)


@njit(nogil=True, cache=True)
def decay_linearly(
    latest: NDArray[np.uint32], newest_us: int, shift: int, tau_us: float, out: NDArray[np.float32]
) -> None:
    """Write 1 - age / tau, 0 where that is negative or there was no event.

    Args:
        latest: (C, H, W) uint32, as `latest_times` leaves it.
        newest_us: instant of the surface since the first event, µs.
        shift: as `latest_times` had it.
        tau_us: age at which nothing is left, µs.
        out: (C, H, W) float32, written to.
    """
    rate = 1.0 / tau_us
    flat, flat_out = latest.ravel(), out.ravel()
    for i in range(flat.size):
        age_us = newest_us - ((np.int64(flat[i]) - 1) << shift)
        flat_out[i] = 0.0 if flat[i] == 0 else max(0.0, 1.0 - rate * age_us)


@njit(nogil=True, cache=True)
def rank_neighbours(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    off_plane: int,
    radius: int,
    width: int,
    height: int,
    padded: NDArray[np.uint8],
) -> int:
    """Speed-invariant surface: each event's pixel goes to the top, and what was above it nearby goes down.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        off_plane: plane of the OFF events; those of the ON events are in plane 0.
        radius: of the square neighbourhood, px, at most 7: 15 x 15 ranks fit into a byte.
        width: of the sensor, px.
        height: of the sensor, px.
        padded: (C, H + 2*radius, W + `vectors.ROW`) uint8, zeros, C-contiguous, updated; pixel (x, y) is at
            [y + radius, x + radius].
    Returns: -1, or the index of the first event off the sensor.
    """
    _, rows, stride = padded.shape
    flat = padded.ravel()
    side = np.uint64(2 * radius + 1)
    top = np.uint8(side * side)
    wide, high, step = np.uint64(width), np.uint64(height), np.uint64(stride)
    to_centre = np.uint64(radius * stride + radius)
    off_place = np.uint64(off_plane * rows * stride)
    for i in range(x.size):
        column, line = np.uint64(x[i]), np.uint64(y[i])
        if column >= wide or line >= high:
            return i
        place = line * step + column + off_place * np.uint64(not p[i])
        before = flat[place + to_centre]
        for row in range(side):
            lower_row(flat, place + row * step, before, side)
        flat[place + to_centre] = top
    return -1
