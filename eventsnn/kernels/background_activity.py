"""Keep events whose neighbour pixels fired shortly before."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.short_times import LONGEST_US, move_origin


@njit(nogil=True, cache=True)
def keep_supported(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    time_us: int,
    own_pixel: bool,
    clock: NDArray[np.int64],
    marks: NDArray[np.uint32],
    t_out: NDArray[np.int64],
    x_out: NDArray[np.uint16],
    y_out: NDArray[np.uint16],
    p_out: NDArray[np.bool_],
) -> int:
    """Keep the events with at least one supporter: each event marks its neighbours, and reads one mark.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool; polarities have planes of their own where `marks` has two.
        time_us: longest age of support, µs.
        own_pixel: whether a pixel supports itself.
        clock: (2,) int64, µs: origin of the marks and time of the last event, changed.
        marks: (1 or 2, H + 2, W + 2) uint32, when a neighbour last fired, µs after the origin, changed.
        t_out: (N,) int64, written to.
        x_out: (N,) uint16, written to.
        y_out: (N,) uint16, written to.
        p_out: (N,) bool, written to.
    Returns: how many were kept, or -1 - i where event i is off the sensor or before the one before it.
    """
    planes, lines, columns = marks.shape
    flat = marks.ravel()
    # Unsigned places spare the loop the test for indices that count from the end.
    wide, high = np.uint64(columns - 2), np.uint64(lines - 2)
    stride, one, two = np.uint64(columns), np.uint64(1), np.uint64(2)
    plane = np.uint64((planes - 1) * lines * columns)
    longest = np.uint32(time_us)
    origin, before = clock[0], clock[1]
    kept = 0
    for i in range(t.size):
        now, column, line = t[i], np.uint64(x[i]), np.uint64(y[i])
        if now < before or column >= wide or line >= high:
            return -1 - i
        before = now
        if now - origin > LONGEST_US:
            move_origin(flat, now - time_us - 1 - origin)
            origin = now - time_us - 1
        short = np.uint32(now - origin)
        above = line * stride + column + plane * np.uint64(p[i])
        beside = above + stride
        below = beside + stride
        # Written whether kept or not, because a branch that guesses wrong costs more.
        t_out[kept], x_out[kept], y_out[kept], p_out[kept] = now, x[i], y[i], p[i]
        kept += int(flat[beside + one] >= np.uint32(short - longest))
        flat[above] = flat[above + one] = flat[above + two] = short
        flat[beside] = flat[beside + two] = short
        flat[below] = flat[below + one] = flat[below + two] = short
        if own_pixel:
            flat[beside + one] = short
    clock[0], clock[1] = origin, before
    return kept


@njit(nogil=True, cache=True)
def keep_well_supported(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    time_us: int,
    own_pixel: bool,
    supporters: int,
    clock: NDArray[np.int64],
    times: NDArray[np.uint32],
    t_out: NDArray[np.int64],
    x_out: NDArray[np.uint16],
    y_out: NDArray[np.uint16],
    p_out: NDArray[np.bool_],
) -> int:
    """Keep the events with several supporters: each event notes its time, and counts those around it.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool; polarities have planes of their own where `times` has two.
        time_us: longest age of support, µs.
        own_pixel: whether a pixel supports itself.
        supporters: how many pixels must support an event.
        clock: (2,) int64, µs: origin of the times and time of the last event, changed.
        times: (1 or 2, H + 2, W + 2) uint32, when a pixel last fired, µs after the origin, changed.
        t_out: (N,) int64, written to.
        x_out: (N,) uint16, written to.
        y_out: (N,) uint16, written to.
        p_out: (N,) bool, written to.
    Returns: how many were kept, or -1 - i where event i is off the sensor or before the one before it.
    """
    planes, lines, columns = times.shape
    flat = times.ravel()
    wide, high = np.uint64(columns - 2), np.uint64(lines - 2)
    stride, one, two = np.uint64(columns), np.uint64(1), np.uint64(2)
    plane = np.uint64((planes - 1) * lines * columns)
    longest = np.uint32(time_us)
    origin, before = clock[0], clock[1]
    kept = 0
    for i in range(t.size):
        now, column, line = t[i], np.uint64(x[i]), np.uint64(y[i])
        if now < before or column >= wide or line >= high:
            return -1 - i
        before = now
        if now - origin > LONGEST_US:
            move_origin(flat, now - time_us - 1 - origin)
            origin = now - time_us - 1
        short = np.uint32(now - origin)
        since = np.uint32(short - longest)
        above = line * stride + column + plane * np.uint64(p[i])
        beside = above + stride
        below = beside + stride
        support = np.int64(flat[above] >= since) + np.int64(flat[above + one] >= since)
        support += np.int64(flat[above + two] >= since) + np.int64(flat[beside] >= since)
        support += np.int64(flat[beside + two] >= since) + np.int64(flat[below] >= since)
        support += np.int64(flat[below + one] >= since) + np.int64(flat[below + two] >= since)
        support += np.int64(own_pixel and flat[beside + one] >= since)
        t_out[kept], x_out[kept], y_out[kept], p_out[kept] = now, x[i], y[i], p[i]
        kept += int(support >= supporters)
        flat[beside + one] = short
    clock[0], clock[1] = origin, before
    return kept
