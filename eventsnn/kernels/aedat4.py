"""The 16-byte events of AEDAT4 as columns."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(nogil=True, cache=True)
def split(
    words: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> None:
    """Fill the columns from events of time (int64), x (int16), y (int16), polarity (uint8), 3 unused bytes.

    Args:
        words: (2N,) the events; a negative coordinate becomes one far off every sensor.
        t: (N,) out, µs.
        x: (N,) out, px.
        y: (N,) out, px.
        p: (N,) out.
    """
    for index in range(t.size):
        word = words[2 * index + 1]
        t[index] = words[2 * index]
        x[index] = word & 0xFFFF
        y[index] = (word >> 16) & 0xFFFF
        p[index] = (word >> 32) & 0xFF != 0
