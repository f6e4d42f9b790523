"""Move events by a table with a place for every pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_moved(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    places: NDArray[np.int64],
    t_out: NDArray[np.int64],
    x_out: NDArray[np.uint16],
    y_out: NDArray[np.uint16],
    p_out: NDArray[np.bool_],
) -> int:
    """Copy the events to their new places, without those whose pixel has none.

    Args:
        t: (N,) int64, µs.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        places: (H, W) int64, the new x plus 65536 times the new y; negative for none.
        t_out: (N,) int64, written to.
        x_out: (N,) uint16, written to.
        y_out: (N,) uint16, written to.
        p_out: (N,) bool, written to.
    Returns: how many were kept, or -1 - i where event i is off the sensor.
    """
    height, width = places.shape
    kept = 0
    for i in range(t.size):
        if x[i] >= width or y[i] >= height:
            return -1 - i
        place = places[y[i], x[i]]
        t_out[kept], p_out[kept] = t[i], p[i]
        x_out[kept], y_out[kept] = np.uint16(place & 0xFFFF), np.uint16((place >> 16) & 0xFFFF)
        kept += int(place >= 0)
    return kept


@njit(nogil=True, cache=True)
def look_up(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    positions: NDArray[np.float32],
    x_out: NDArray[np.float32],
    y_out: NDArray[np.float32],
) -> int:
    """Read the position of every event's pixel.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        positions: (H, W, 2) float32, px, x first.
        x_out: (N,) float32, px, written to.
        y_out: (N,) float32, px, written to.
    Returns: -1, or the index of the first event off the sensor, before which the work stopped.
    """
    height, width, _ = positions.shape
    for i in range(x.size):
        if x[i] >= width or y[i] >= height:
            return i
        x_out[i], y_out[i] = positions[y[i], x[i], 0], positions[y[i], x[i], 1]
    return -1
