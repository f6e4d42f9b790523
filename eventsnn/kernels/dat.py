"""Prophesee DAT: records of a time of 32 bits and a place of 32 bits, read and written.

Source: docs.prophesee.ai, "DAT File Format".
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

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
    before, passed = np.uint64(state[0]), np.uint64(state[1])
    x_mask, y_mask = np.uint64((1 << bits) - 1), np.uint64((1 << row_bits) - 1)
    y_shift, p_shift = np.uint64(32 + bits), np.uint64(32 + bits + row_bits)
    half, whole, low = np.uint64(1 << 31), np.uint64(1 << 32), np.uint64(0xFFFFFFFF)
    wraps = 0
    for i in range(records.size):
        record = records[i]
        now = record & low
        if before >= now + half:
            passed += whole
            wraps += 1
        before = now
        t[i] = np.int64(now + passed)
        x[i] = np.uint16((record >> np.uint64(32)) & x_mask)
        y[i] = np.uint16((record >> y_shift) & y_mask)
        p[i] = ((record >> p_shift) & np.uint64(1)) != 0
    state[0], state[1] = np.int64(before), np.int64(passed)
    return wraps


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
