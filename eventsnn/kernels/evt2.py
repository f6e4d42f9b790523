"""Prophesee EVT 2.0: words of 32 bits, one event each, read and written.

Source: docs.prophesee.ai, "EVT 2.0 Format". TIME_HIGH that falls by half its range has wrapped.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.expand import ROOM

STATE = (-1, 0)
"""A decoder that has seen nothing: TIME_HIGH, and the time that it stands for, µs."""

_TIME_HIGH, _EXT_TRIGGER, _OTHERS, _CONTINUED = 0x8, 0xA, 0xE, 0xF


@njit(nogil=True, cache=True)
def next_high(word_high: int, high: int, now: int) -> tuple[int, int]:
    """The time that a TIME_HIGH of 28 bits stands for.

    Args:
        word_high: the new TIME_HIGH, in units of 64 µs.
        high: the one before, -1 where there was none.
        now: the time that this stood for, µs.
    Returns: time, µs, and 1 where TIME_HIGH wrapped.
    """
    wrapped = np.int64(high >= word_high + (1 << 27))
    return (((now >> 34) + wrapped) << 34) | (word_high << 6), wrapped


@njit(nogil=True, cache=True)
def decode_evt2(
    words: NDArray[np.uint32],
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
        words: (N,) uint32, in the byte order of this machine.
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
        word = np.int64(words[at])
        kind, payload = word >> 28, word & 0xFFFFFFF
        if kind < 2:
            if high >= 0:
                t[events] = now | (payload >> 22)
                x[events], y[events] = np.uint16((payload >> 11) & 0x7FF), np.uint16(payload & 0x7FF)
                p[events] = kind == 1
                events += np.uint64(1)
            else:
                counts[2] += 1
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
