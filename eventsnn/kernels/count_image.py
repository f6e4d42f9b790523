"""Count events per pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def count_events(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    off_plane: int,
    off_sign: float,
    out: NDArray[np.float32],
) -> int:
    """Add 1 to plane 0 per ON event and `off_sign` to plane `off_plane` per OFF event.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        off_plane: plane of the OFF events.
        off_sign: what an OFF event adds.
        out: (C, H, W) float32, C-contiguous, added to.
    Returns: -1, or the index of the first event off the sensor, before which counting stopped.
    """
    _, height, width = out.shape
    flat = out.ravel()
    # Unsigned places spare the loop the test for indices that count from the end.
    wide, high = np.uint64(width), np.uint64(height)
    off_place = np.uint64(off_plane * width * height)
    on, off = np.float32(1), np.float32(off_sign)
    for i in range(x.size):
        column, line = np.uint64(x[i]), np.uint64(y[i])
        if column >= wide or line >= high:
            return i
        place = line * wide + column + off_place * np.uint64(not p[i])
        flat[place] += on if p[i] else off
    return -1
