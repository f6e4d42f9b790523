"""Count events per pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.places import BLOCK, find_places


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
    Returns: -1, or the index of the first event off the sensor.
    """
    _, height, width = out.shape
    flat = out.ravel()
    off_place = off_plane * width * height
    add_off = np.float32(off_sign)
    place = np.empty(min(BLOCK, x.size), np.uint32)
    for begin in range(0, x.size, BLOCK):
        end = min(begin + BLOCK, x.size)
        ps = p[begin:end]
        refused = find_places(x[begin:end], y[begin:end], ps, width, height, off_place, place)
        if refused >= 0:
            return begin + refused
        if add_off == 1:
            for i in range(ps.size):
                flat[place[i]] += np.float32(1)
        else:
            for i in range(ps.size):
                flat[place[i]] += np.float32(1) if ps[i] else add_off
    return -1
