"""The events of a mask of neighbouring pixels, which Prophesee's vector words hold."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

ROOM = 32
"""Places behind the last event of a column that `expand` may write to."""


@njit(nogil=True, cache=True)
def expand(
    valid: int,
    t_us: int,
    first_x: int,
    row: int,
    on: bool,
    events: int,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Append an event for each bit that is set.

    Args:
        valid: uint64, bit k is the pixel at `first_x` + k; at most 32 bits.
        t_us: time, µs.
        first_x: px.
        row: y, px.
        on: polarity.
        events: uint64, how many the columns hold; `ROOM` more must fit.
        t: (N,) int64, µs, written to.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: how many the columns hold now.
    """
    column = np.uint64(first_x)
    while valid:
        t[events], y[events], p[events] = t_us, np.uint16(row), on
        x[events] = np.uint16(column)
        events += valid & np.uint64(1)
        valid >>= np.uint64(1)
        column += np.uint64(1)
    return events
