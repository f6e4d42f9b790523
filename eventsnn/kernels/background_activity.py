"""Keep events whose neighbour pixels fired shortly before."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.compact import compact
from eventsnn.kernels.pixel_blocks import BLOCK, first_refused, locate, make_room


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
    plane = (planes - 1) * lines * columns
    # Unsigned places spare the loop the test for indices that count from the end.
    stride, one, two = np.uint64(columns), np.uint64(1), np.uint64(2)
    longest = np.uint32(time_us)
    short, place = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    keep = np.empty(BLOCK, np.bool_)
    origin, before = clock[0], clock[1]
    kept, start = 0, 0
    while start < t.size:
        stop = min(start + BLOCK, t.size)
        refused = first_refused(t[start:stop], x[start:stop], y[start:stop], before, columns - 2, lines - 2)
        if refused >= 0:
            return -1 - start - refused
        origin, fit = make_room(t[start:stop], time_us + 1, origin, flat)
        stop = start + fit
        before = t[stop - 1]
        tb, xb, yb, pb = t[start:stop], x[start:stop], y[start:stop], p[start:stop]
        locate(tb, xb, yb, pb, origin, columns, plane, short, place)
        for i in range(fit):
            now, above = short[i], np.uint64(place[i])
            beside = above + stride
            below = beside + stride
            keep[i] = flat[beside + one] >= np.uint32(now - longest)
            flat[above] = flat[above + one] = flat[above + two] = now
            flat[beside] = flat[beside + two] = now
            flat[below] = flat[below + one] = flat[below + two] = now
            if own_pixel:
                flat[beside + one] = now
        kept += compact(tb, xb, yb, pb, keep, t_out[kept:], x_out[kept:], y_out[kept:], p_out[kept:])
        start = stop
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
    plane = (planes - 1) * lines * columns
    stride, one, two = np.uint64(columns), np.uint64(1), np.uint64(2)
    longest = np.uint32(time_us)
    short, place = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    keep = np.empty(BLOCK, np.bool_)
    origin, before = clock[0], clock[1]
    kept, start = 0, 0
    while start < t.size:
        stop = min(start + BLOCK, t.size)
        refused = first_refused(t[start:stop], x[start:stop], y[start:stop], before, columns - 2, lines - 2)
        if refused >= 0:
            return -1 - start - refused
        origin, fit = make_room(t[start:stop], time_us + 1, origin, flat)
        stop = start + fit
        before = t[stop - 1]
        tb, xb, yb, pb = t[start:stop], x[start:stop], y[start:stop], p[start:stop]
        locate(tb, xb, yb, pb, origin, columns, plane, short, place)
        for i in range(fit):
            now, above = short[i], np.uint64(place[i])
            since = np.uint32(now - longest)
            beside = above + stride
            below = beside + stride
            support = np.int64(flat[above] >= since) + np.int64(flat[above + one] >= since)
            support += np.int64(flat[above + two] >= since) + np.int64(flat[beside] >= since)
            support += np.int64(flat[beside + two] >= since) + np.int64(flat[below] >= since)
            support += np.int64(flat[below + one] >= since) + np.int64(flat[below + two] >= since)
            support += np.int64(own_pixel and flat[beside + one] >= since)
            keep[i] = support >= supporters
            flat[beside + one] = now
        kept += compact(tb, xb, yb, pb, keep, t_out[kept:], x_out[kept:], y_out[kept:], p_out[kept:])
        start = stop
    clock[0], clock[1] = origin, before
    return kept
