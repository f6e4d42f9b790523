"""Count events per pixel, polarity and time bin in 8 bits."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.places import BLOCK, find_places_in_time


@njit(nogil=True, cache=True)
def count_saturating(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    edges_us: NDArray[np.int64],
    on_first: bool,
    polarity_step: int,
    bin_step: int,
    highest: int,
    out: NDArray[np.uint8],
) -> int:
    """Overwrite planes with counts that stop at a highest value.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        edges_us: (S + 1,) int64, µs: bin s has [edges_us[s], edges_us[s + 1]), the last one its end too;
            bins beyond S are cleared.
        on_first: whether ON or OFF has the first plane.
        polarity_step: planes from the first to the second polarity of a bin.
        bin_step: planes from a bin to the next.
        highest: where counts stop, 1 to 255.
        out: (2B, H, W) uint8, C-contiguous.
    Returns: -1, or the index of the first event off the sensor, outside the edges, or out of time order
        across an edge; `out` is then half filled.
    """
    planes, height, width = out.shape
    pixels = height * width
    flat = out.reshape(-1)
    full = np.uint8(highest)
    place = np.empty(min(BLOCK, t.size), np.uint32)
    is_first = np.empty(min(BLOCK, t.size), np.bool_)
    last = 0
    for s in range(planes // 2):
        # Cleared just before it is used, a plane is still near the core.
        plane = flat[s * bin_step * pixels :]
        plane[:pixels] = 0
        plane[polarity_step * pixels : (polarity_step + 1) * pixels] = 0
        if s >= edges_us.size - 1:
            continue
        first = last
        last = t.size if s == edges_us.size - 2 else int(np.searchsorted(t, edges_us[s + 1]))
        if last < first:
            return last
        for begin in range(first, last, BLOCK):
            end = min(begin + BLOCK, last)
            ts, ps = t[begin:end], p[begin:end]
            for i in range(ps.size):
                is_first[i] = ps[i] == on_first
            refused = find_places_in_time(
                ts,
                x[begin:end],
                y[begin:end],
                is_first,
                edges_us[s],
                edges_us[s + 1],
                width,
                height,
                polarity_step * pixels,
                place,
            )
            if refused >= 0:
                return begin + refused
            for i in range(ts.size):
                count = plane[place[i]]
                plane[place[i]] = count + np.uint8(count < full)
    return -1
