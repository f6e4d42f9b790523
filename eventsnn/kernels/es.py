"""Event Stream 2.0: the bytes of DVS events to columns, and back."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def decode_dvs(
    data: NDArray[np.uint8],
    height: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> tuple[int, int]:
    """Decode whole events; stops at a cut-off one or at one that lies below the picture.

    Args:
        data: (B,) uint8, beginning with an event.
        height: of the picture, px; y is stored from its lower edge.
        state: (1,) int64, the time of the event before, µs, changed.
        t: (N,) int64, µs, written to; N is at least B // 5.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: (bytes used, events written).
    """
    now = state[0]
    # Unsigned, which spares the loop the test for indices that count from the end.
    one, five = np.uint64(1), np.uint64(5)
    at, events, size = np.uint64(0), np.uint64(0), np.uint64(data.size)
    while at + five <= size:
        first = data[at]
        if first >= 254:
            now += 127 if first == 255 else 0
            at += one
            continue
        column = np.uint32(data[at + one]) | np.uint32(data[at + np.uint64(2)]) << np.uint32(8)
        below = np.uint32(data[at + np.uint64(3)]) | np.uint32(data[at + np.uint64(4)]) << np.uint32(8)
        line = height - 1 - np.int64(below)
        if line < 0:
            break
        now += np.int64(first >> np.uint8(1))
        t[events] = now
        x[events] = np.uint16(column)
        y[events] = np.uint16(line)
        p[events] = (first & np.uint8(1)) != 0
        events += one
        at += five
    while at < size and data[at] >= 254:
        now += 127 if data[at] == 255 else 0
        at += one
    state[0] = now
    return int(at), int(events)


@njit(nogil=True, cache=True)
def encode_dvs(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    height: int,
    before_us: int,
    data: NDArray[np.uint8],
) -> int:
    """Encode events.

    Args:
        t: (N,) int64, µs, ascending, none before `before_us`.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        height: of the picture, px.
        before_us: the time of the event before, µs.
        data: (B,) uint8, written to; five bytes an event and one for every 127 µs suffice.
    Returns: bytes written.
    """
    at = 0
    for i in range(t.size):
        gap = t[i] - before_us
        before_us = t[i]
        for _ in range(gap // 127):
            data[at] = 255
            at += 1
        line = height - 1 - np.int64(y[i])
        data[at] = (gap % 127) << 1 | np.int64(p[i])
        data[at + 1] = x[i] & 255
        data[at + 2] = x[i] >> 8
        data[at + 3] = line & 255
        data[at + 4] = line >> 8
        at += 5
    return at
