"""Drop the events of a pixel that come too soon after the last one it kept."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.short_times import LONGEST_US, move_origin


@njit(nogil=True, cache=True)
def keep_rested(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    period_us: int,
    clock: NDArray[np.int64],
    times: NDArray[np.uint32],
    t_out: NDArray[np.int64],
    x_out: NDArray[np.uint16],
    y_out: NDArray[np.uint16],
    p_out: NDArray[np.bool_],
) -> int:
    """Keep the events whose pixel kept none for at least a period.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool; polarities have planes of their own where `times` has two.
        period_us: dead time, µs.
        clock: (2,) int64, µs: origin of the times and time of the last event, changed.
        times: (1 or 2, H, W) uint32, when a pixel last kept an event, µs after the origin, changed.
        t_out: (N,) int64, written to.
        x_out: (N,) uint16, written to.
        y_out: (N,) uint16, written to.
        p_out: (N,) bool, written to.
    Returns: how many were kept, or -1 - i where event i is off the sensor or before the one before it.
    """
    planes, lines, columns = times.shape
    flat = times.ravel()
    wide, high = np.uint64(columns), np.uint64(lines)
    plane = np.uint64((planes - 1) * lines * columns)
    period = np.uint32(period_us)
    origin, before = clock[0], clock[1]
    kept = 0
    for i in range(t.size):
        now, column, line = t[i], np.uint64(x[i]), np.uint64(y[i])
        if now < before or column >= wide or line >= high:
            return -1 - i
        before = now
        if now - origin > LONGEST_US:
            move_origin(flat, now - period_us - origin)
            origin = now - period_us
        short = np.uint32(now - origin)
        place = line * wide + column + plane * np.uint64(p[i])
        last = flat[place]
        rested = np.uint32(short - last) >= period
        t_out[kept], x_out[kept], y_out[kept], p_out[kept] = now, x[i], y[i], p[i]
        kept += int(rested)
        flat[place] = short if rested else last
    clock[0], clock[1] = origin, before
    return kept
