"""Prophesee EVT 2.1: words of 64 bits, up to 32 neighbouring events each, read and written.

The upper half of a word is an EVT 2.0 word, the lower half says which of 32 pixels it is about.
Source: docs.prophesee.ai, "EVT 2.1 Format".
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.evt2 import next_high
from eventsnn.kernels.expand import ROOM, expand

STATE = (-1, 0)
"""A decoder that has seen nothing: TIME_HIGH, and the time that it stands for, µs."""

_TIME_HIGH, _EXT_TRIGGER, _OTHERS, _CONTINUED = 0x8, 0xA, 0xE, 0xF


@njit(nogil=True, cache=True)
def decode_evt21(
    words: NDArray[np.uint64],
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
        words: (N,) uint64, in the byte order of this machine.
        state: (2,) int64, as left by the words before, `STATE` at first, changed.
        counts: (3,) int64, added to: words of an unknown type, wraps, events before the first time.
        t: (M,) int64, µs, written to; the last `ROOM` places of all four are only for scratch.
        x: (M,) uint16, px, written to.
        y: (M,) uint16, px, written to.
        p: (M,) bool, written to.
        trigger_t: (K,) int64, µs, written to.
        trigger_kind: (K,) uint8, 1 rising or 2 falling, written to.
        trigger_line: (K,) uint8, written to.
    Returns: how many words were used, events found, and triggers found.
    """
    high, now = np.int64(state[0]), np.int64(state[1])
    events, triggers, at = np.uint64(0), 0, 0
    full = np.uint64(max(t.size - ROOM, 0))
    while at < words.size and events < full:
        upper = np.int64(words[at] >> np.uint64(32))
        kind, payload = upper >> 28, upper & 0xFFFFFFF
        if kind < 2:
            valid = words[at] & np.uint64(0xFFFFFFFF)
            if high >= 0:
                first_x, row = (payload >> 11) & 0x7FF, payload & 0x7FF
                events = expand(valid, now | (payload >> 22), first_x, row, kind == 1, events, t, x, y, p)
            else:
                counts[2] += np.int64(valid != 0)
        elif kind == _TIME_HIGH:
            now, wrapped = next_high(payload, high, now)
            high = payload
            counts[1] += wrapped
        elif kind == _EXT_TRIGGER:
            if triggers == trigger_t.size:
                break
            if high >= 0:
                trigger_t[triggers] = now | (payload >> 22)
                trigger_kind[triggers] = 2 - (payload & 1)
                trigger_line[triggers] = (payload >> 8) & 0x1F
                triggers += 1
        elif kind != _OTHERS and kind != _CONTINUED:
            counts[0] += 1
        at += 1
    state[0], state[1] = high, now
    return at, np.int64(events), triggers
