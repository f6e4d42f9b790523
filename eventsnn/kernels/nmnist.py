"""N-MNIST and N-Caltech101: five big-endian bytes an event to columns, and back."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

OVERFLOW_LINE = 240
OVERFLOW_US = 1 << 13
_WRAP_US = 1 << 23


@njit(nogil=True, cache=True)
def decode_words(
    data: NDArray[np.uint8],
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode events; marks of the time counter are taken in and left out.

    Args:
        data: (5 N,) uint8, whole events.
        state: (3,) int64, changed: µs to add to the counter, the time of the event before in µs, and how
            often the counter wrapped.
        t: (N,) int64, µs, written to.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: events written.
    """
    shift_us, before_us, wraps = state
    events = 0
    for at in range(0, data.size, 5):
        if data[at + 1] == OVERFLOW_LINE:
            shift_us += OVERFLOW_US
            continue
        now = shift_us + (
            np.int64(data[at + 2] & 127) << 16 | np.int64(data[at + 3]) << 8 | np.int64(data[at + 4])
        )
        # A step back of more than half the counter is the counter's own.
        if before_us - now > _WRAP_US // 2:
            shift_us += _WRAP_US
            now += _WRAP_US
            wraps += 1
        before_us = now
        t[events] = now
        x[events] = data[at]
        y[events] = data[at + 1]
        p[events] = data[at + 2] >= 128
        events += 1
    state[0], state[1], state[2] = shift_us, before_us, wraps
    return events


@njit(nogil=True, cache=True)
def encode_words(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    shift_us: int,
    data: NDArray[np.uint8],
) -> tuple[int, int]:
    """Encode events, with marks where the counter of 23 bits would not reach.

    Args:
        t: (N,) int64, µs, ascending, none before `shift_us`.
        x: (N,) uint16, px, below 256.
        y: (N,) uint16, px, below 256 and not `OVERFLOW_LINE`.
        p: (N,) bool.
        shift_us: what the marks before add, µs.
        data: (B,) uint8, written to; five bytes for every event and every 2**13 µs suffice.
    Returns: (bytes written, `shift_us` from now on).
    """
    at = 0
    for i in range(t.size):
        while t[i] - shift_us >= _WRAP_US:
            data[at] = 0
            data[at + 1] = OVERFLOW_LINE
            data[at + 2 : at + 5] = 0
            at += 5
            shift_us += OVERFLOW_US
        word = t[i] - shift_us
        data[at] = x[i]
        data[at + 1] = y[i]
        data[at + 2] = np.int64(p[i]) << 7 | word >> 16
        data[at + 3] = word >> 8 & 255
        data[at + 4] = word & 255
        at += 5
    return at, shift_us
