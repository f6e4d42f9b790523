"""Events of ROS messages to columns: records that each hold one event, and libcaer's compressed words.

All decoders here take the same arguments, so that one loop over messages serves them all. The records have
an alignment of 1 byte, because messages begin anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

STATE = (0, 0, 0, 0, 0)
"""What a decoder remembers at the begin of a file."""


@njit(nogil=True, cache=True)
def decode_dvs(
    records: NDArray[Any],
    begins: bool,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode events of dvs_msgs.

    Args:
        records: (N,) of the fields x, y (uint16), seconds, ns (uint32), p (uint8).
        begins: not used.
        base_ns: not used; each event has its own time.
        state: not used.
        t: (N,) int64, µs, written to; parts of a µs are cut off.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: events written.
    """
    for i in range(records.size):
        record = records[i]
        x[i] = record.x
        y[i] = record.y
        t[i] = np.int64(record.seconds) * 1_000_000 + np.int64(record.ns // np.uint32(1000))
        p[i] = record.p != 0
    return int(records.size)


@njit(nogil=True, cache=True)
def decode_libcaer(
    records: NDArray[Any],
    begins: bool,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode libcaer's polarity events: polarity, y and x in 32 bits, then µs in 31 bits.

    Args:
        records: (N,) of the fields low, high (uint32).
        begins: whether a message begins, which forgets the counter's wraps.
        base_ns: added to each time, ns; holds the wraps up to the message's begin.
        state: (5,) int64, the last counter and what wraps add in µs, changed.
        t: (N,) int64, µs, written to; parts of a µs are cut off.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: events written.
    """
    base_us = base_ns // 1000
    if begins:
        state[0], state[1] = 0, 0
    before, wraps_us = state[0], state[1]
    for i in range(records.size):
        word = records[i].low
        now = np.int64(records[i].high & np.uint32(0x7FFFFFFF))
        if now < before:
            wraps_us += 1 << 31
        before = now
        t[i] = base_us + wraps_us + now
        p[i] = (word >> 1 & 1) != 0
        y[i] = word >> 2 & 0x7FFF
        x[i] = word >> 17 & 0x7FFF
    state[0], state[1] = before, wraps_us
    return int(records.size)


@njit(nogil=True, cache=True)
def decode_mono(
    records: NDArray[Any],
    begins: bool,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode the plain encoding: ns in 32 bits, x in 16, y in 15, polarity.

    Args:
        records: (N,) of the fields low, high (uint32).
        begins: not used.
        base_ns: added to each time, ns.
        state: not used.
        t: (N,) int64, µs, written to; parts of a µs are cut off.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: events written.
    """
    for i in range(records.size):
        place = records[i].high
        t[i] = (base_ns + np.int64(records[i].low)) // 1000
        x[i] = place & 0xFFFF
        y[i] = place >> 16 & 0x7FFF
        p[i] = (place >> 31) != 0
    return int(records.size)


@njit(nogil=True, cache=True)
def decode_libcaer_compressed(
    records: NDArray[Any],
    begins: bool,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode libcaer's events as words of 16 bits that change one thing each, as EVT 3.0 does with x and y.

    Args:
        records: (N,) of the field word (uint16).
        begins: whether a message begins, and its time.
        base_ns: added to each time, ns.
        state: (5,) int64, changed: time in µs, x, next y of a vector with its polarity in bit 16, and in
            the last place the number of words of an unknown type, counted.
        t: (8 N,) int64, µs, written to.
        x: (8 N,) uint16, px, written to.
        y: (8 N,) uint16, px, written to.
        p: (8 N,) bool, written to.
    Returns: events written.
    """
    base_us = base_ns // 1000
    now = np.int64(0) if begins else state[0]
    column, line, unknown = state[1], state[2] & 0xFFFF, state[4]
    on = (state[2] >> 16) != 0
    events = 0
    for i in range(records.size):
        word = np.int64(records[i].word)
        kind, payload = word >> 12, word & 0xFFF
        if kind == 0:
            now = payload << 12 | now & 0xFFF
        elif kind == 1:
            now = now & ~0xFFF | payload
        elif kind == 2:
            column = payload & 0x7FF
        elif kind == 3:
            t[events], x[events], y[events] = base_us + now, column, payload & 0x7FF
            p[events] = (payload >> 11) != 0
            events += 1
        elif kind == 4:
            line, on = payload & 0x7FF, (payload >> 11) != 0
        elif kind == 5:
            for bit in range(8):
                if payload >> bit & 1:
                    t[events], x[events], y[events], p[events] = base_us + now, column, line + bit, on
                    events += 1
            line = min(line + 8, 0xFFF0)
        else:
            unknown += 1
    state[0], state[1], state[2], state[4] = now, column, line | np.int64(on) << 16, unknown
    return events
