"""Thin a stream out to a number of events for each stretch of time."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_some(
    t: NDArray[np.int64],
    window_us: int,
    budget: int,
    clock: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> int:
    """Mark an even share of the events of each window, at most `budget` of them.

    Args:
        t: (N,) int64, µs, ascending.
        window_us: length of a window, µs.
        budget: how many events of a window to keep.
        clock: (5,) int64, changed: time of the last event and begin of its window, µs; events of this
            window so far; how many it is expected to have; what the share has left over.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event that is earlier than the one before.
    """
    before, begin, count, expected, share = clock[0], clock[1], clock[2], clock[3], clock[4]
    for i in range(t.size):
        now = t[i]
        if now < before:
            return i
        before = now
        if now - begin >= window_us:
            windows = (now - begin) // window_us
            begin += windows * window_us
            expected = max(count, budget) if windows == 1 else budget
            count, share = 0, 0
        count += 1
        share += budget
        keep[i] = share >= expected and count <= expected
        if share >= expected:
            share -= expected
    clock[0], clock[1], clock[2], clock[3], clock[4] = before, begin, count, expected, share
    return -1
