"""Polarities of nested stretches of events, one plane each."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.places import BLOCK, find_places


@njit(nogil=True, cache=True)
def show_newest(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    firsts: NDArray[np.int64],
    out: NDArray[np.int8],
) -> int:
    """Overwrite plane s with the polarity of each pixel's last event from `firsts[s]` on.

    Walks from the newest event to the oldest: what is written stays, and a plane begins as a copy of the
    one after it.

    Args:
        x: (N,) uint16, px, in the order of time.
        y: (N,) uint16, px.
        p: (N,) bool.
        firsts: (S,) int64, ascending, firsts[0] = 0.
        out: (S, H, W) int8, C-contiguous: 1 for ON, -1 for OFF, 0 for no event.
    Returns: -1, or the index of an event off the sensor; `out` is then half filled.
    """
    stacks, height, width = out.shape
    pixels = height * width
    flat = out.reshape(-1)
    place = np.empty(min(BLOCK, x.size), np.uint32)
    last = x.size
    for s in range(stacks - 1, -1, -1):
        plane = flat[s * pixels : (s + 1) * pixels]
        if s == stacks - 1:
            plane[:] = 0
        else:
            plane[:] = flat[(s + 1) * pixels : (s + 2) * pixels]
        for end in range(last, firsts[s], -BLOCK):
            begin = max(end - BLOCK, firsts[s])
            ps = p[begin:end]
            refused = find_places(x[begin:end], y[begin:end], ps, width, height, 0, place)
            if refused >= 0:
                return int(begin + refused)
            for i in range(ps.size - 1, -1, -1):
                if plane[place[i]] == 0:
                    plane[place[i]] = np.int8(1) if ps[i] else np.int8(-1)
        last = firsts[s]
    return -1


@njit(nogil=True, cache=True)
def sum_until(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    lasts: NDArray[np.int64],
    highest: int,
    out: NDArray[np.int8],
) -> int:
    """Overwrite plane s with each pixel's ON minus OFF events before `lasts[s]`, limited both ways.

    Args:
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        lasts: (S,) int64, ascending, lasts[-1] = N.
        highest: the limit, 1 to 127. Sums are limited when they are written, not before.
        out: (S, H, W) int8, C-contiguous.
    Returns: as `show_newest`.
    """
    stacks, height, width = out.shape
    pixels = height * width
    flat = out.reshape(-1)
    balance = np.zeros(pixels, np.int32)
    place = np.empty(min(BLOCK, x.size), np.uint32)
    first = 0
    for s in range(stacks):
        for begin in range(first, lasts[s], BLOCK):
            end = min(begin + BLOCK, lasts[s])
            ps = p[begin:end]
            refused = find_places(x[begin:end], y[begin:end], ps, width, height, 0, place)
            if refused >= 0:
                return begin + refused
            for i in range(ps.size):
                balance[place[i]] += np.int32(1) if ps[i] else np.int32(-1)
        first = lasts[s]
        plane = flat[s * pixels : (s + 1) * pixels]
        for i in range(pixels):
            plane[i] = np.int8(min(max(balance[i], -highest), highest))
    return -1
