"""Mean 0 and deviation 1 over the values that are not 0."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


# Sums may be taken in any order: that is what lets the compiler add several values at once.
@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz"})
def normalise_nonzero(values: NDArray[np.float32], sample: bool) -> None:
    """Shift and scale in place what is not 0; equal values are only shifted, a single one as well.

    Args:
        values: (N,) float32, C-contiguous.
        sample: divide the squares by their number less one, as for a sample, instead of their number.
    """
    number, total = np.int64(0), 0.0
    for value in values:
        number += np.int64(value != 0)
        total += np.float64(value)
    if number == 0:
        return
    mean = total / number
    squares = 0.0
    for value in values:
        difference = np.float64(value) - mean if value != 0 else 0.0
        squares += difference * difference
    deviation = np.sqrt(squares / (number - 1 if sample and number > 1 else number))
    # Rounding leaves equal values a deviation of this order.
    scale = np.float32(1.0 / deviation if deviation > 1e-6 * abs(mean) else 1.0)
    shift = np.float32(mean)
    for i in range(values.size):
        value = values[i]
        values[i] = (value - shift) * scale if value != 0 else np.float32(0)
