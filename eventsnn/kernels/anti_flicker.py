"""Find pixels that blink at a steady rate."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_steady(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    shortest_us: int,
    longest_us: int,
    periods: int,
    clock: NDArray[np.int64],
    polarities: NDArray[np.int8],
    rises: NDArray[np.int64],
    counts: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> int:
    """Mark the events of pixels that do not blink.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        shortest_us: shortest period that counts as blinking, µs.
        longest_us: longest, µs.
        periods: how many of these in a row make a blinking pixel.
        clock: (1,) int64, µs, time of the last event, changed.
        polarities: (H, W) int8, of the pixel's last event, 1 for ON, changed; anything before the first.
        rises: (H, W) int64, µs, when the pixel last turned from OFF to ON, changed.
        counts: (H, W) int64, blinking periods in a row; -1 before the first rise, changed.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event that is off the sensor or earlier than the one before.
    """
    height, width = polarities.shape
    before = clock[0]
    for i in range(t.size):
        now, column, line = t[i], x[i], y[i]
        if now < before or column >= width or line >= height:
            return i
        before = now
        count = counts[line, column]
        period = now - rises[line, column]
        if count > 0 and period > longest_us:
            count = 0
        if p[i] and polarities[line, column] == 0:
            if count >= 0 and shortest_us <= period <= longest_us:
                count += 1
            else:
                count = 0
            rises[line, column] = now
        polarities[line, column] = p[i]
        counts[line, column] = count
        keep[i] = count < periods
    clock[0] = before
    return -1
