"""Copy the events that a mask keeps."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def compact(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    t_out: NDArray[np.int64],
    x_out: NDArray[np.uint16],
    y_out: NDArray[np.uint16],
    p_out: NDArray[np.bool_],
) -> int:
    """Copy the events where `keep` is true, in order.

    Args:
        t: (N,) int64, µs.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        keep: at least (N,) bool.
        t_out: (N,) int64, written to.
        x_out: (N,) uint16, written to.
        y_out: (N,) uint16, written to.
        p_out: (N,) bool, written to.
    Returns: how many were kept.
    """
    # Unsigned, which spares the loop the test for indices that count from the end.
    kept = np.uint64(0)
    for i in range(t.size):
        # Written whether kept or not, because a branch that guesses wrong costs more.
        t_out[kept], x_out[kept], y_out[kept], p_out[kept] = t[i], x[i], y[i], p[i]
        kept += np.uint64(keep[i])
    return int(kept)
