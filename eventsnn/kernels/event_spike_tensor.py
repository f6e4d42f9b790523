"""Spread events over time bins by a kernel given as a table."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True, error_model="numpy")
def spread_by_table(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    start_us: int,
    end_us: int,
    by_time: bool,
    table: NDArray[np.float32],
    out: NDArray[np.float32],
) -> int:
    """Add the kernel's value at its time's distance from every bin for each event.

    Args:
        t: (N,) int64, µs, any order.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        start_us: instant of the first bin, µs.
        end_us: instant of the last bin, µs.
        by_time: whether an event weighs its normalised time, or 1.
        table: (2 M + 1,) float32, the kernel at distances from -1 to 1, linear in between.
        out: (2B, H, W) float32, C-contiguous, added to: B bins of OFF, then B of ON.
    Returns: -1, or the index of the first event off the sensor or outside the interval.
    """
    planes, height, width = out.shape
    bins = planes // 2
    pixels = height * width
    flat = out.reshape(-1)
    middle = table.size // 2
    per_us = 1.0 / max(end_us - start_us, 1)
    # In steps of the table from its first value: bin 0 is where an event's own time is.
    per_bin = middle / (bins - 1) if bins > 1 else 0.0
    for i in range(t.size):
        if t[i] < start_us or t[i] > end_us or x[i] >= width or y[i] >= height:
            return i
        time = (t[i] - start_us) * per_us
        weight = np.float32(time) if by_time else np.float32(1)
        place = y[i] * width + x[i] + (bins * pixels if p[i] else 0)
        at = middle + time * middle
        for _ in range(bins):
            lower = min(max(int(at), 0), table.size - 2)
            share = np.float32(at - lower)
            value = table[lower] + share * (table[lower + 1] - table[lower])
            if value != 0:
                flat[np.uint64(place)] += weight * value
            place += pixels
            at -= per_bin
    return -1
