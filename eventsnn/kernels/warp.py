"""Images of warped events: every event moved along a flow to one instant."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True, error_model="numpy")
def warped_counts(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    flow: NDArray[np.float32],
    duration_us: int,
    to_us: float,
    out: NDArray[np.float32],
) -> int:
    """Add 1 at the pixel nearest to every event's place at one instant.

    The flow is that of the event's own pixel. Events that leave the image, or whose flow is not
    finite, are dropped.

    Args:
        t: (N,) int64, µs, any order.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        flow: (2, H, W) float32, px over `duration_us`, x first.
        duration_us: time that the flow spans, µs.
        to_us: instant to move to, µs.
        out: (H, W) float32, added to.
    Returns: -1, or the index of the first event off the sensor, before which counting stopped.
    """
    height, width = out.shape
    per_us = 1.0 / duration_us
    for i in range(t.size):
        if x[i] >= width or y[i] >= height:
            return i
        late = (to_us - t[i]) * per_us
        to_x = np.rint(x[i] + flow[0, y[i], x[i]] * late)
        to_y = np.rint(y[i] + flow[1, y[i], x[i]] * late)
        if to_x >= 0 and to_x < width and to_y >= 0 and to_y < height:
            out[int(to_y), int(to_x)] += np.float32(1)
    return -1
