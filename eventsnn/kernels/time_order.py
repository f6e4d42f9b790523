"""Find where the clock of a stream was set back."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def clock_steps(t: NDArray[np.int64], latest_us: int, horizon_us: int, places: NDArray[np.int64]) -> int:
    """Where events lie more than `horizon_us` behind the latest one since the last such place.

    Args:
        t: (N,) int64, µs, in any order.
        latest_us: the latest event before them, µs.
        horizon_us: how far behind is still a late event of the same clock, µs.
        places: (N,) int64, written: the index of each first event after a step.
    Returns: how many places were written.
    """
    count = 0
    for i in range(t.size):
        if t[i] < latest_us - horizon_us:
            places[count] = i
            count += 1
            latest_us = t[i]
        elif t[i] > latest_us:
            latest_us = t[i]
    return count
