"""Words of AEDAT 2.0: an address and a time of 32 bits each, big-endian."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

_HALF = 1 << 31
_WHOLE = 1 << 32


@numba.njit(nogil=True, cache=True)
def decode(
    words: NDArray[np.uint32],
    layout: NDArray[np.int64],
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    other_t: NDArray[np.int64],
    other: NDArray[np.uint32],
    other_at: NDArray[np.int64],
) -> tuple[int, int]:
    """Events into columns, all other words into a list of their own.

    Args:
        words: (2N,) address, time, address, time, ... as a little-endian machine reads them.
        layout: (9,) bits that make a word something else than an event; shift, mask and largest value of x;
            the same of y; bit of the polarity; its value for ON.
        state: (2,) in and out: µs of the wraps so far; the last time as stored, -1 before the first.
        t: (N,) out, µs.
        x: (N,) out, px.
        y: (N,) out, px.
        p: (N,) out.
        other_t: (N,) out, µs, of words that are no event.
        other: (N,) out, their addresses.
        other_at: (N,) out, which words they are.
    Returns: how many events, how many other words.
    """
    no_event = layout[0]
    x_shift, x_mask, x_last = layout[1], layout[2], layout[3]
    y_shift, y_mask, y_last = layout[4], layout[5], layout[6]
    p_shift, p_on = layout[7], layout[8]
    high, last = state[0], state[1]
    events = others = 0
    for index in range(words.size // 2):
        address = np.int64(_swapped(words[2 * index]))
        low = np.int64(_swapped(words[2 * index + 1]))
        time = high + low
        if last >= 0 and last - low > _HALF:
            high += _WHOLE
            time += _WHOLE
            last = low
        elif high > 0 and low - last > _HALF:
            time -= _WHOLE  # late: from before the wrap
        else:
            last = low
        if address & no_event:
            other_t[others] = time
            other[others] = address
            other_at[others] = index
            others += 1
        else:
            t[events] = time
            x[events] = x_last - ((address >> x_shift) & x_mask)
            y[events] = y_last - ((address >> y_shift) & y_mask)
            p[events] = ((address >> p_shift) & 1) == p_on
            events += 1
    state[0], state[1] = high, last
    return events, others


@numba.njit(nogil=True, cache=True, inline="always")
def _swapped(word: np.uint32) -> np.uint32:
    number = np.uint32(word)
    return np.uint32(
        (number >> np.uint32(24))
        | ((number >> np.uint32(8)) & np.uint32(0xFF00))
        | ((number << np.uint32(8)) & np.uint32(0xFF0000))
        | (number << np.uint32(24))
    )
