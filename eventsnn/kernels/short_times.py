"""Times in 32 bits, counted from an origin that moves on: half the memory traffic of int64."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LONGEST_US = 2**32 - 1
"""The latest short time; an event later than this after the origin moves the origin first."""


@njit(nogil=True, cache=True)
def move_origin(times: NDArray[np.uint32], shift_us: int) -> None:
    """Count times from a later origin; those before it become 0, which stands for long ago and never.

    Args:
        times: (M,) uint32, µs after the origin, changed in place.
        shift_us: how much later the new origin is, µs, not negative.
    """
    for i in range(times.size):
        times[i] = np.uint32(times[i] - shift_us) if times[i] > shift_us else np.uint32(0)
