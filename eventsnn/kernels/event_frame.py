"""Pictures of the last or the most frequent polarity."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.count_image import count_events
from eventsnn.kernels.places import BLOCK, find_places


@njit(nogil=True, cache=True)
def show_last(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    on: int,
    off: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the polarity of the last event of each pixel.

    Args:
        x: (N,) uint16, px, in the order of time.
        y: (N,) uint16, px.
        p: (N,) bool.
        on: what an ON event writes.
        off: what an OFF event writes.
        out: (1, H, W) uint8, C-contiguous, written to where there were events.
    Returns: -1, or the index of the first event off the sensor.
    """
    _, height, width = out.shape
    flat = out.ravel()
    on_value, off_value = np.uint8(on), np.uint8(off)
    place = np.empty(min(BLOCK, x.size), np.uint32)
    for begin in range(0, x.size, BLOCK):
        end = min(begin + BLOCK, x.size)
        ps = p[begin:end]
        refused = find_places(x[begin:end], y[begin:end], ps, width, height, 0, place)
        if refused >= 0:
            return begin + refused
        for i in range(ps.size):
            flat[place[i]] = on_value if ps[i] else off_value
    return -1


@njit(nogil=True, cache=True)
def show_majority(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    on: int,
    off: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the polarity that more events of each pixel have; nothing where both have as many.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        on: what a surplus of ON events writes.
        off: what a surplus of OFF events writes.
        out: (1, H, W) uint8, C-contiguous, written to where one polarity has more events.
    Returns: -1, or the index of the first event off the sensor.
    """
    balance = np.zeros(out.shape, np.float32)
    refused = count_events(x, y, p, 0, -1.0, balance)
    flat, flat_balance = out.ravel(), balance.ravel()
    for i in range(flat.size):
        if flat_balance[i] != 0:
            flat[i] = np.uint8(on) if flat_balance[i] > 0 else np.uint8(off)
    return refused
