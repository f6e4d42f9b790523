"""Prophesee DAT: records of a time of 32 bits and a place of 32 bits, read and written.

Source: docs.prophesee.ai, "DAT File Format".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

_BLOCK = 4096
"""Records that are looked through for wraps at once."""
_HALF = 1 << 31
_LOW = np.uint64(0xFFFFFFFF)

STATE = (0, 0)
"""A decoder that has seen nothing: the last time as written, and µs to add for the wraps before it."""


@njit(nogil=True, cache=True)
def decode_dat(
    records: NDArray[np.uint64],
    bits: int,
    row_bits: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode records; a time that falls by half the range has wrapped, a smaller fall is a step back.

    Args:
        records: (N,) uint64, in the byte order of this machine, time in the lower half.
        bits: of x, which lies lowest in the upper half.
        row_bits: of y, which lies above x; polarity lies above y.
        state: (2,) int64, as left by the records before, `STATE` at first, changed.
        t: (N,) int64, µs, written to.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: how often time wrapped.
    """
    before, passed, count = state[0], state[1], 0
    for begin in range(0, records.size, _BLOCK):
        some = slice(begin, begin + _BLOCK)
        falls, last = _largest_fall(records[some], before)
        if falls < _HALF:
            _decode(records[some], bits, row_bits, passed, t[some], x[some], y[some], p[some])
            before = last
            continue
        for i in range(begin, min(begin + _BLOCK, records.size)):
            now = np.int64(records[i] & _LOW)
            if before - now >= _HALF:
                passed += 1 << 32
                count += 1
            before = now
            one = slice(i, i + 1)
            _decode(records[one], bits, row_bits, passed, t[one], x[one], y[one], p[one])
    state[0], state[1] = before, passed
    return count


@njit(nogil=True, cache=True)
def _largest_fall(records: NDArray[np.uint64], before: Any) -> tuple[Any, Any]:
    """How far time falls at most from one record to the next, and the last time; both as written."""
    largest = before - np.int64(records[0] & _LOW)
    for i in range(1, records.size):
        largest = max(largest, np.int64(records[i - 1] & _LOW) - np.int64(records[i] & _LOW))
    return largest, np.int64(records[records.size - 1] & _LOW)


@njit(nogil=True, cache=True)
def _decode(
    records: NDArray[np.uint64],
    bits: int,
    row_bits: int,
    passed: Any,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> None:
    x_mask, y_mask = np.uint32((1 << bits) - 1), np.uint32((1 << row_bits) - 1)
    y_shift, p_shift = np.uint32(bits), np.uint32(bits + row_bits)
    for i in range(records.size):
        place = np.uint32(records[i] >> np.uint64(32))
        t[i] = np.int64(records[i] & _LOW) + passed
        x[i] = np.uint16(place & x_mask)
        y[i] = np.uint16((place >> y_shift) & y_mask)
        p[i] = ((place >> p_shift) & np.uint32(1)) != 0


@njit(nogil=True, cache=True)
def encode_dat(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    offset_us: int,
    records: NDArray[np.uint64],
) -> None:
    """Encode events with 14 bits of x and y.

    Args:
        t: (N,) int64, µs.
        x: (N,) uint16, px, below 16384.
        y: (N,) uint16, px, below 16384.
        p: (N,) bool.
        offset_us: what is taken from every time, µs.
        records: (N,) uint64, written to.
    """
    for i in range(t.size):
        place = (np.uint64(p[i]) << np.uint64(28)) | (np.uint64(y[i]) << np.uint64(14)) | np.uint64(x[i])
        time = np.uint64((t[i] - offset_us) & 0xFFFFFFFF)
        records[i] = (place << np.uint64(32)) | time
