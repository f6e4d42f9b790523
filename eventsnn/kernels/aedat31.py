"""The polarity events of AEDAT 3.1 (libcaer) as columns."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(nogil=True, cache=True)
def decode(
    words: NDArray[np.uint64],
    high_us: int,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Fill the columns with the events that are valid.

    Args:
        words: (N,) bit 0 valid, bit 1 ON, bits 2..16 y, bits 17..31 x, bits 32..62 time.
        high_us: added to the time, µs.
        t: (N,) out, µs.
        x: (N,) out, px.
        y: (N,) out, px.
        p: (N,) out.
    Returns: how many are valid.
    """
    count = 0
    for index in range(words.size):
        word = np.int64(words[index])
        t[count] = high_us + ((word >> 32) & 0x7FFFFFFF)
        x[count] = (word >> 17) & 0x7FFF
        y[count] = (word >> 2) & 0x7FFF
        p[count] = (word >> 1) & 1
        if word & 1:
            count += 1
    return count
