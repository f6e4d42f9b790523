"""Events of ROS messages to columns: records that each hold one event, and libcaer's compressed words.

All decoders here take the same arguments, so that one loop over messages serves them all.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

STATE = (0, 0, 0, 0, 0)
"""What a decoder remembers at the begin of a file."""


@njit(nogil=True, cache=True)
def _word(data: NDArray[np.uint8], at: int) -> np.int64:
    return np.int64(
        np.uint32(data[at])
        | np.uint32(data[at + 1]) << np.uint32(8)
        | np.uint32(data[at + 2]) << np.uint32(16)
        | np.uint32(data[at + 3]) << np.uint32(24)
    )


@njit(nogil=True, cache=True)
def decode_dvs(
    data: NDArray[np.uint8],
    record: int,
    first: int,
    last: int,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode events of dvs_msgs: x, y, seconds, nanoseconds, polarity.

    Args:
        data: (B,) uint8, all events of a message.
        record: bytes from one event to the next, 13 in ROS 1 and 16 in CDR, whose padding puts x and y of
            all but the first event 2 bytes nearer to the event before.
        first: number of the first event wanted.
        last: number of the first event not wanted.
        base_ns: not used; each event has its own time.
        state: not used.
        t: (last - first,) int64, µs, written to; parts of a µs are cut off.
        x: (last - first,) uint16, px, written to.
        y: (last - first,) uint16, px, written to.
        p: (last - first,) bool, written to.
    Returns: events written.
    """
    events = np.uint64(0)
    for number in range(first, last):
        at = number * record
        place = at - 2 if record == 16 and number else at
        x[events] = np.uint16(data[place]) | np.uint16(data[place + 1]) << 8
        y[events] = np.uint16(data[place + 2]) | np.uint16(data[place + 3]) << 8
        t[events] = _word(data, at + 4) * 1_000_000 + _word(data, at + 8) // 1000
        p[events] = data[at + 12] != 0
        events += np.uint64(1)
    return last - first


@njit(nogil=True, cache=True)
def decode_libcaer(
    data: NDArray[np.uint8],
    record: int,
    first: int,
    last: int,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode libcaer's polarity events: polarity, y and x in 32 bits, then µs in 31 bits.

    Args:
        data: (B,) uint8, all events of a message.
        record: 8.
        first: number of the first event wanted; 0 begins a message and forgets the counter's wraps.
        last: number of the first event not wanted.
        base_ns: added to each time, ns; holds the wraps up to the message's begin.
        state: (5,) int64, the last counter and what wraps add in µs, changed.
        t: (last - first,) int64, µs, written to.
        x: (last - first,) uint16, px, written to.
        y: (last - first,) uint16, px, written to.
        p: (last - first,) bool, written to.
    Returns: events written.
    """
    base_us = base_ns // 1000
    if first == 0:
        state[0], state[1] = 0, 0
    before, wraps_us = state[0], state[1]
    events = np.uint64(0)
    for number in range(first, last):
        word = _word(data, number * 8)
        low = _word(data, number * 8 + 4) & 0x7FFFFFFF
        if low < before:
            wraps_us += 1 << 31
        before = low
        t[events] = base_us + wraps_us + low
        p[events] = (word >> 1 & 1) != 0
        y[events] = word >> 2 & 0x7FFF
        x[events] = word >> 17 & 0x7FFF
        events += np.uint64(1)
    state[0], state[1] = before, wraps_us
    return last - first


@njit(nogil=True, cache=True)
def decode_mono(
    data: NDArray[np.uint8],
    record: int,
    first: int,
    last: int,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode the plain encoding: ns in 32 bits, x in 16, y in 15, polarity.

    Args:
        data: (B,) uint8, all events of a message.
        record: 8.
        first: number of the first event wanted.
        last: number of the first event not wanted.
        base_ns: added to each time, ns.
        state: not used.
        t: (last - first,) int64, µs, written to; parts of a µs are cut off.
        x: (last - first,) uint16, px, written to.
        y: (last - first,) uint16, px, written to.
        p: (last - first,) bool, written to.
    Returns: events written.
    """
    events = np.uint64(0)
    for number in range(first, last):
        place = _word(data, number * 8 + 4)
        t[events] = (base_ns + _word(data, number * 8)) // 1000
        x[events] = place & 0xFFFF
        y[events] = place >> 16 & 0x7FFF
        p[events] = (place >> 31) != 0
        events += np.uint64(1)
    return last - first


@njit(nogil=True, cache=True)
def decode_libcaer_compressed(
    data: NDArray[np.uint8],
    record: int,
    first: int,
    last: int,
    base_ns: int,
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> int:
    """Decode libcaer's events as words of 16 bits that change one thing each, as EVT 3.0 does with x and y.

    Args:
        data: (B,) uint8, all words of a message.
        record: 2.
        first: number of the first word wanted; 0 begins a message and its time.
        last: number of the first word not wanted.
        base_ns: added to each time, ns.
        state: (5,) int64, changed: time in µs, x, next y of a vector with its polarity in bit 16, and in
            the last place the number of words of an unknown type, counted.
        t: (8 (last - first),) int64, µs, written to.
        x: (8 (last - first),) uint16, px, written to.
        y: (8 (last - first),) uint16, px, written to.
        p: (8 (last - first),) bool, written to.
    Returns: events written.
    """
    base_us = base_ns // 1000
    now = np.int64(0) if first == 0 else state[0]
    column, line, unknown = state[1], state[2] & 0xFFFF, state[4]
    on = (state[2] >> 16) != 0
    events = 0
    for number in range(first, last):
        kind = data[number * 2 + 1] >> 4
        payload = np.int64(data[number * 2]) | np.int64(data[number * 2 + 1] & 15) << 8
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
