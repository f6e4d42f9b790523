"""Mean 0 and deviation 1 over the values that are not 0."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def normalise_nonzero(values: NDArray[np.float32], sample: bool) -> None:
    """Shift and scale in place what is not 0; equal values are only shifted, a single one as well.

    Args:
        values: (N,) float32, C-contiguous.
        sample: divide the squares by their number less one, as for a sample, instead of their number.
    """
    number, total = 0, 0.0
    for value in values:
        number += value != 0
        total += value
    if number == 0:
        return
    mean = total / number
    squares = 0.0
    for value in values:
        if value != 0:
            squares += (value - mean) ** 2
    deviation = np.sqrt(squares / max(number - 1, 1) if sample else squares / number)
    # Rounding leaves equal values a deviation of this order.
    scale = np.float32(1.0 / deviation if deviation > 1e-6 * abs(mean) else 1.0)
    shift = np.float32(mean)
    for i in range(values.size):
        if values[i] != 0:
            values[i] = (values[i] - shift) * scale
