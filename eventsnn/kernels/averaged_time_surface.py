"""Histograms of averaged time surfaces: what the recent past around the events of a cell looks like."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def add_surfaces(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    width: int,
    height: int,
    cell: int,
    tau_us: float,
    window_us: int,
    itself: bool,
    sums: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> int:
    """Add up the time surfaces of all events, cell by cell.

    A pixel holds the decayed sum of its events in the window and a queue of them, so that an event costs
    one step per pixel around it, however many events these had.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        width: of the sensor, px.
        height: of the sensor, px.
        cell: side of a cell, px; an event sees only pixels of its own.
        tau_us: time constant, µs.
        window_us: how long an event is remembered, µs, its end included.
        itself: whether an event sees itself and those before it at the same instant.
        sums: (rows, columns, 2, S, S) float64, ON first, added to: the sum of each event's surface.
        counts: (rows, columns, 2) int64, added to: events.
    Returns: -1, or the index of the first event off the sensor or out of time order.
    """
    side = sums.shape[3]
    radius = side // 2
    pixels = width * height
    rate = -1.0 / tau_us
    total, seen_us = np.zeros(2 * pixels), np.zeros(2 * pixels, np.int64)
    oldest, newest = np.full(2 * pixels, -1), np.full(2 * pixels, -1)
    following = np.empty(t.size, np.int64)
    before, begin = t[0] if t.size else 0, 0
    while begin < t.size:
        now, end = t[begin], begin + 1
        if now < before:
            return begin
        before = now
        while not itself and end < t.size and t[end] == now:
            end += 1
        for i in range(begin, end):
            if x[i] >= width or y[i] >= height:
                return i
            column, line = np.int64(x[i]), np.int64(y[i])
            row, column_of_cells, polarity = line // cell, column // cell, np.int64(not p[i])
            surface = sums[row, column_of_cells, polarity]
            counts[row, column_of_cells, polarity] += 1
            if itself:
                surface[radius, radius] += 1
            left, top = column_of_cells * cell, row * cell
            right, bottom = min(left + cell, width), min(top + cell, height)
            for b in range(max(line - radius, top), min(line + radius + 1, bottom)):
                for a in range(max(column - radius, left), min(column + radius + 1, right)):
                    at = polarity * pixels + b * width + a
                    past = oldest[at]
                    while past >= 0 and now - t[past] > window_us:
                        total[at] -= math.exp(rate * (seen_us[at] - t[past]))
                        past = following[past]
                    oldest[at] = past
                    if past >= 0:
                        total[at] *= math.exp(rate * (now - seen_us[at]))
                        seen_us[at] = now
                        surface[b - line + radius, a - column + radius] += total[at]
        for i in range(begin, end):
            at = np.int64(not p[i]) * pixels + y[i] * width + x[i]
            following[i] = -1
            if oldest[at] < 0:
                oldest[at], total[at] = i, 1.0
            else:
                following[newest[at]] = i
                total[at] = total[at] * math.exp(rate * (now - seen_us[at])) + 1.0
            newest[at], seen_us[at] = i, now
        begin = end
    return -1
