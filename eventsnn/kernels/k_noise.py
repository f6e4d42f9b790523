"""Keep events that the last event of a near column or line supports."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_near(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    time_us: int,
    clock: NDArray[np.int64],
    column_times: NDArray[np.int64],
    column_places: NDArray[np.int64],
    line_times: NDArray[np.int64],
    line_places: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> int:
    """Mark the events for which a column or line beside them or their own last fired close by and lately.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        time_us: longest age of support, µs.
        clock: (1,) int64, µs, time of the last event, changed.
        column_times: (W + 2,) int64, µs, when the column last fired, changed; one more at each side.
        column_places: (W + 2,) int64, on which line it did, times 2, plus 1 for ON, changed.
        line_times: (H + 2,) int64, µs, when the line last fired, changed.
        line_places: (H + 2,) int64, in which column it did, times 2, plus 1 for ON, changed.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event that is off the sensor or earlier than the one before.
    """
    width, height = column_times.size - 2, line_times.size - 2
    before = clock[0]
    for i in range(t.size):
        now, column, line, on = t[i], np.int64(x[i]), np.int64(y[i]), np.int64(p[i])
        if now < before or column >= width or line >= height:
            return i
        before = now
        since = now - time_us
        line_place, column_place = 2 * line + on, 2 * column + on
        supported = False
        for near in range(column, column + 3):
            # Of the same polarity, the places of neighbours differ by 2.
            apart = column_places[near] - line_place
            supported |= column_times[near] >= since and (apart == 0 or apart == 2 or apart == -2)
        for near in range(line, line + 3):
            apart = line_places[near] - column_place
            supported |= line_times[near] >= since and (apart == 0 or apart == 2 or apart == -2)
        keep[i] = supported
        column_times[column + 1], column_places[column + 1] = now, line_place
        line_times[line + 1], line_places[line + 1] = now, column_place
    clock[0] = before
    return -1
