"""Count events per pixel exactly, and drop those of given pixels."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def count_pixels(
    x: NDArray[np.uint16], y: NDArray[np.uint16], width: int, height: int, counts: NDArray[np.int64]
) -> int:
    """Add the events to the counts of their pixels.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        width: of the sensor, px.
        height: of the sensor, px.
        counts: (H·W,) int64, added to.
    Returns: -1, or the index of the first event off the sensor, before which counting stopped.
    """
    for i in range(x.size):
        if x[i] >= width or y[i] >= height:
            return i
        counts[y[i] * width + x[i]] += 1
    return -1


@njit(nogil=True, cache=True)
def keep_cold(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    width: int,
    height: int,
    hot: NDArray[np.bool_],
    keep: NDArray[np.bool_],
) -> int:
    """Mark the events of pixels that are not hot.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        width: of the sensor, px.
        height: of the sensor, px.
        hot: (H·W,) bool.
        keep: (N,) bool, written to.
    Returns: -1, or the index of the first event off the sensor, before which the work stopped.
    """
    for i in range(x.size):
        if x[i] >= width or y[i] >= height:
            return i
        keep[i] = not hot[y[i] * width + x[i]]
    return -1
