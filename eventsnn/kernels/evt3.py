"""Prophesee EVT 3.0: words of 16 bits that change one thing each, read and written.

Source: docs.prophesee.ai, "EVT 3.0 Format". Time follows the vendor's decoder: TIME_LOW replaces the low
12 bits without a carry, a new TIME_HIGH clears them, and one that falls by half its range has wrapped.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.expand import ROOM, expand

STATE = (-1, 0, -1, 0, 0)
"""A decoder that has seen nothing: TIME_HIGH, time in µs, y, next x of a vector, its polarity."""

COUNTS = 3
"""Counted: words of an unknown type, wraps of time, events before the first time or row."""

_ADDR_Y, _ADDR_X, _VECT_BASE_X, _VECT_12, _VECT_8, _TIME_LOW = 0x0, 0x2, 0x3, 0x4, 0x5, 0x6
_CONTINUED_4, _TIME_HIGH, _EXT_TRIGGER, _OTHERS, _CONTINUED_12 = 0x7, 0x8, 0xA, 0xE, 0xF
_SIMPLE = (1 << _ADDR_Y) | (1 << _ADDR_X) | (1 << _TIME_LOW)
_FARTHEST_X = 4096
"""Vectors without a base cannot come back from here to the sensor, which has at most 2048 columns."""


@njit(nogil=True, cache=True)
def decode_evt3(
    words: NDArray[np.uint16],
    state: NDArray[np.int64],
    counts: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    trigger_t: NDArray[np.int64],
    trigger_kind: NDArray[np.uint8],
    trigger_line: NDArray[np.uint8],
) -> tuple[int, int, int]:
    """Decode words until they end or a column is full.

    Args:
        words: (N,) uint16, in the byte order of this machine.
        state: (5,) int64, as left by the words before, `STATE` at first, changed.
        counts: (`COUNTS`,) int64, added to.
        t: (M,) int64, µs, written to; the last `ROOM` places of all four are only for scratch.
        x: (M,) uint16, px, written to.
        y: (M,) uint16, px, written to.
        p: (M,) bool, written to.
        trigger_t: (K,) int64, µs, written to.
        trigger_kind: (K,) uint8, 1 rising or 2 falling, written to.
        trigger_line: (K,) uint8, written to.
    Returns: how many words were used, events found, and triggers found.
    """
    high, now, row = np.int64(state[0]), np.int64(state[1]), np.int64(state[2])
    base, base_p = np.int64(state[3]), state[4] != 0
    events, triggers, at = np.uint64(0), 0, 0
    if t.size <= ROOM:
        return 0, 0, 0
    full = np.uint64(t.size - ROOM)
    while at < words.size and events < full:
        word = np.int64(words[at])
        kind, payload = word >> 12, word & 0xFFF
        if high >= 0 and row >= 0 and ((_SIMPLE >> kind) & 1 or word == (_TIME_HIGH << 12 | high)):
            # Written whether it is an event or not, because a branch that guesses wrong costs more.
            row = (payload & 0x7FF) if kind == _ADDR_Y else row
            now = ((now & ~0xFFF) | payload) if kind == _TIME_LOW else now
            t[events], x[events], y[events] = now, np.uint16(payload & 0x7FF), np.uint16(row)
            p[events] = (payload >> 11) != 0
            events += np.uint64(kind == _ADDR_X)
        elif kind == _VECT_12 or kind == _VECT_8:
            valid = np.uint64(payload if kind == _VECT_12 else payload & 0xFF)
            if high >= 0 and row >= 0:
                events = expand(valid, now, base, row, base_p, events, t, x, y, p)
            else:
                counts[2] += np.int64(valid != 0)
            base = min(base + (12 if kind == _VECT_12 else 8), _FARTHEST_X)
        elif kind == _VECT_BASE_X:
            base, base_p = payload & 0x7FF, (payload >> 11) != 0
        elif kind == _TIME_HIGH:
            if payload != high:
                wrapped = high >= payload + 0x800
                counts[1] += wrapped
                now = (((now >> 24) + np.int64(wrapped)) << 24) | (payload << 12)
                high = payload
        elif kind == _EXT_TRIGGER:
            if triggers == trigger_t.size:
                break
            if high >= 0:
                trigger_t[triggers] = now
                trigger_kind[triggers] = 2 - (payload & 1)
                trigger_line[triggers] = payload >> 8
                triggers += 1
        elif kind == _ADDR_Y:
            row = payload & 0x7FF
        elif kind == _TIME_LOW:
            now = (now & ~0xFFF) | payload
        elif kind == _ADDR_X:
            counts[2] += 1
        elif kind not in (_CONTINUED_4, _OTHERS, _CONTINUED_12):
            counts[0] += 1
        at += 1
    state[0], state[1], state[2], state[3], state[4] = high, now, row, base, base_p
    return at, np.int64(events), triggers
