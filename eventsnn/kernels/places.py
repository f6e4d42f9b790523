"""Where events lie in flat planes: the first step of every dense kernel.

Kernels take events in blocks: this pass over a block is vector code, and what follows can scatter
without a test per event.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 4096
"""Events per block: 16 kB of places stay near the core."""


@njit(nogil=True, cache=True)
def find_places(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    width: int,
    height: int,
    off_place: int,
    place: NDArray[np.uint32],
) -> int:
    """Note the place of each event: y * width + x, and `off_place` more for OFF events.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        width: of the sensor, px.
        height: of the sensor, px.
        off_place: places of OFF events start here; all places are below 2**31.
        place: (N,) uint32, written to.
    Returns: -1, or the index of the first event off the sensor.
    """
    row, right, bottom = np.int32(width), np.int32(width - 1), np.int32(height - 1)
    off = np.int32(off_place)
    # The sign bit of a sum of differences tells of a refused event without a branch.
    beyond = np.int32(0)
    for i in range(x.size):
        column, line = np.int32(x[i]), np.int32(y[i])
        beyond |= (right - column) | (bottom - line)
        place[i] = np.uint32(line * row + column + off * (np.int32(1) - np.int32(p[i])))
    if beyond < 0:
        for i in range(x.size):
            if x[i] >= width or y[i] >= height:
                return i
    return -1


@njit(nogil=True, cache=True)
def find_places_in_time(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    width: int,
    height: int,
    off_place: int,
    place: NDArray[np.uint32],
) -> int:
    """`find_places` that refuses events outside [from_us, to_us] too.

    Args:
        t: (N,) int64, µs.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        from_us: the earliest time, µs.
        to_us: the latest time, µs.
        width: of the sensor, px.
        height: of the sensor, px.
        off_place: places of OFF events start here; all places are below 2**31.
        place: (N,) uint32, written to.
    Returns: -1, or the index of the first event off the sensor or outside these times.
    """
    refused = find_places(x, y, p, width, height, off_place, place)
    off_time = np.int64(0)
    for i in range(t.size):
        off_time |= (t[i] - from_us) | (to_us - t[i])
    if off_time < 0:
        for i in range(t.size if refused < 0 else refused):
            if not from_us <= t[i] <= to_us:
                return i
    return refused
