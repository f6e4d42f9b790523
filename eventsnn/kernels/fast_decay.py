"""Keep events of cells that have been busy lately."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_busy(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    width: int,
    height: int,
    half_life_us: int,
    cell_px: int,
    threshold: float,
    clock: NDArray[np.int64],
    times: NDArray[np.int64],
    counts: NDArray[np.float64],
    keep: NDArray[np.bool_],
) -> int:
    """Mark the events whose cell, this event included, has more than `threshold` events that did not decay.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        width: of the sensor, px.
        height: of the sensor, px.
        half_life_us: after this an event counts half, µs.
        cell_px: side of a cell, px.
        threshold: what the count of a cell must exceed.
        clock: (1,) int64, µs, time of the last event, changed.
        times: (rows, columns) int64, µs, when the cell last fired, changed.
        counts: (rows, columns) float64, the decayed count at that time, changed.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event that is off the sensor or earlier than the one before.
    """
    before = clock[0]
    for i in range(t.size):
        now = t[i]
        if now < before or x[i] >= width or y[i] >= height:
            return i
        before = now
        row, column = np.int64(y[i]) // cell_px, np.int64(x[i]) // cell_px
        count = counts[row, column]
        if count > 0:
            count *= 2.0 ** ((times[row, column] - now) / half_life_us)
        count += 1.0
        times[row, column], counts[row, column] = now, count
        keep[i] = count > threshold
    clock[0] = before
    return -1
