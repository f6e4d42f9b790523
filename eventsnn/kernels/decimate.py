"""Keep every n-th event of each pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def keep_every(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    width: int,
    height: int,
    every: int,
    skip: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> int:
    """Mark the first event of each pixel and then every n-th.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        width: of the sensor, px.
        height: of the sensor, px.
        every: n.
        skip: (H·W,) int64, how many more events a pixel drops, changed.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event off the sensor, before which the work stopped.
    """
    for i in range(x.size):
        if x[i] >= width or y[i] >= height:
            return i
        place = y[i] * width + x[i]
        keep[i] = skip[place] == 0
        skip[place] = every - 1 if keep[i] else skip[place] - 1
    return -1
