"""Scatter events into the time bins of a voxel grid.

The caller cuts the interval into stretches at whole µs, so that a loop walks the events stretch by stretch
and never asks which bin an event is in. In one stretch every event is shared by the same two bins, or
belongs to one; a stretch with many events per pixel takes another loop than one with few.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.places import BLOCK, find_places_in_time

# One packed word per pixel: Σ dt in the low bits, signed, and the count of events above them.
_TIME_BITS = 40
_ONE_EVENT = 1 << _TIME_BITS
_LARGEST_TIME_SUM = (1 << (_TIME_BITS - 1)) - 1
_LARGEST_COUNT = (1 << (63 - _TIME_BITS)) - 1

# Unpacking costs a pass over the sensor: it pays from about this many events per pixel and stretch.
_DENSE = 0.2


@njit(nogil=True, cache=True)
def fill_voxels(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    edges_us: NDArray[np.int64],
    offsets: NDArray[np.float64],
    lower: NDArray[np.int64],
    per_us: float,
    until: int,
    out: NDArray[np.float32],
    spare: NDArray[np.float32],
) -> int:
    """Overwrite the bins from `lower[0]` on with the events' shares.

    In stretch s an event dt µs after `edges_us[s]` gives bin `lower[s]` + 1 the share
    dt * per_us + offsets[s], and bin `lower[s]` what is left of 1; bins that do not exist get nothing.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        edges_us: (S + 1,) int64, µs: stretch s is [edges_us[s], edges_us[s + 1]), the last one closed.
        offsets: (S,) float64.
        lower: (S,) int64, ascending one by one; -1 where there is no lower bin.
        per_us: see above.
        until: the first bin that is left alone; those below it that no stretch reaches are cleared.
        out: (sides, B, H, W) float32: one side takes ON as +1 and OFF as -1, two count ON and OFF.
        spare: (sides, H, W) float32 takes the place of bin `lower[0]` where another thread writes to it as
            well; (sides, 0, 0) where none does.
    Returns: -1, or the index of the first event off the sensor, outside the edges, or out of time order
        across an edge; `out` is then half filled.
    """
    sides, bins, height, width = out.shape
    pixels = height * width
    words = pixels * sides
    flat, flat_spare = out.reshape(-1), spare.reshape(-1)
    held = np.empty(0, np.int64)
    ready = max(lower[0], 0)
    shared = ready if spare.size else -1
    first = 0
    for s in range(lower.size):
        from_us, to_us = edges_us[s], edges_us[s + 1]
        last = t.size if s == lower.size - 1 else int(np.searchsorted(t, to_us))
        if last < first:
            return last
        # A bin that does not exist is played by its neighbour, with weight 0.
        below, above = max(lower[s], 0), min(lower[s] + 1, bins - 1)
        keep = np.float32(1.0 if lower[s] >= 0 else 0.0)
        give = np.float32(1.0 if lower[s] + 1 < bins else 0.0)
        # Plane by plane: where each begins, and how far on that of the OFF events lies.
        now, now_at, now_step = flat, below * pixels, bins * pixels
        if below == shared:
            now, now_at, now_step = flat_spare, 0, pixels
        then, then_at, then_step = flat, above * pixels, bins * pixels
        if above == shared:
            then, then_at, then_step = flat_spare, 0, pixels
        fresh_now, fresh_then = ready <= below, ready <= above and above > below
        ready = max(ready, above + 1)
        chunk = min(_LARGEST_TIME_SUM // (to_us - from_us + 1), _LARGEST_COUNT)
        if last - first >= _DENSE * words and words <= chunk and words < 2**31:
            if held.size == 0:
                held = np.zeros(words, np.int64)
            for begin in range(first, last, chunk):
                end = min(begin + chunk, last)
                refused = _pack(
                    t[begin:end], x[begin:end], y[begin:end], p[begin:end],
                    from_us, to_us, width, height, sides, held,
                )  # fmt: skip
                if refused >= 0:
                    return begin + refused
                for side in range(sides):
                    _unpack(
                        held[side * pixels : (side + 1) * pixels],
                        now[now_at + side * now_step :], then[then_at + side * then_step :],
                        fresh_now, fresh_then, keep, give, per_us, offsets[s],
                    )  # fmt: skip
                fresh_now = fresh_then = False
        else:
            for side in range(sides):
                if fresh_now:
                    _clear(now, now_at + side * now_step, pixels)
                if fresh_then:
                    _clear(then, then_at + side * then_step, pixels)
            refused = _add(
                t[first:last], x[first:last], y[first:last], p[first:last], from_us, to_us, width, height,
                sides, now, now_at, now_step, then, then_at, then_step, keep, give, per_us, offsets[s],
            )  # fmt: skip
            if refused >= 0:
                return first + refused
        first = last
    for side in range(sides):
        _clear(flat, (side * bins + ready) * pixels, (until - ready) * pixels)
    return -1


@njit(nogil=True, cache=True)
def count_voxels(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    edges_us: NDArray[np.int64],
    first_bin: int,
    until: int,
    out: NDArray[np.float32],
) -> int:
    """Overwrite the bins from `first_bin` on with the events of one stretch each.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        edges_us: (S + 1,) int64, µs: bin `first_bin` + s has [edges_us[s], edges_us[s + 1]), the last one
            its end too.
        first_bin: see above.
        until: the first bin that is left alone; those below it beyond the stretches are cleared.
        out: (sides, B, H, W) float32: one side takes ON as +1 and OFF as -1, two count ON and OFF.
    Returns: as `fill_voxels`.
    """
    sides, bins, height, width = out.shape
    pixels = height * width
    flat = out.reshape(-1)
    off_place = bins * pixels * (sides - 1)
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    place = np.empty(min(BLOCK, t.size), np.uint32)
    last = 0
    for s in range(until - first_bin):
        for side in range(sides):
            _clear(flat, (side * bins + first_bin + s) * pixels, pixels)
        if s >= edges_us.size - 1:
            continue
        first = last
        last = t.size if s == edges_us.size - 2 else int(np.searchsorted(t, edges_us[s + 1]))
        if last < first:
            return last
        plane = flat[(first_bin + s) * pixels :]
        for begin in range(first, last, BLOCK):
            end = min(begin + BLOCK, last)
            ts, ps = t[begin:end], p[begin:end]
            refused = find_places_in_time(
                ts,
                x[begin:end],
                y[begin:end],
                ps,
                edges_us[s],
                edges_us[s + 1],
                width,
                height,
                off_place,
                place,
            )
            if refused >= 0:
                return begin + refused
            for i in range(ps.size):
                plane[place[i]] += np.float32(1) if ps[i] else off_sign
    return -1


@njit(nogil=True, cache=True)
def _clear(flat: NDArray[np.float32], begin: int, size: int) -> None:
    cells = flat[begin : begin + size]
    for i in range(cells.size):
        cells[i] = 0


@njit(nogil=True, cache=True)
def _add(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    width: int,
    height: int,
    sides: int,
    now: NDArray[np.float32],
    now_at: int,
    now_step: int,
    then: NDArray[np.float32],
    then_at: int,
    then_step: int,
    keep: np.float32,
    give: np.float32,
    per_us: float,
    offset: float,
) -> int:
    """Two float additions per event: best where events are few per pixel."""
    one = np.float32(1)
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    span_us = np.uint64(to_us - from_us)
    wide, high = np.uint64(width), np.uint64(height)
    now_off, then_off = np.uint64(now_step * (sides - 1)), np.uint64(then_step * (sides - 1))
    now_on, then_on = np.uint64(now_at), np.uint64(then_at)
    for i in range(t.size):
        dt = t[i] - from_us
        column, line = np.uint64(x[i]), np.uint64(y[i])
        if np.uint64(dt) > span_us or column >= wide or line >= high:
            return i
        share = np.float32(dt * per_us + offset)
        place, off = line * wide + column, np.uint64(not p[i])
        sign = one if p[i] else off_sign
        now[now_on + place + off * now_off] += keep * sign * (one - share)
        then[then_on + place + off * then_off] += give * sign * share
    return -1


@njit(nogil=True, cache=True)
def _pack(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    width: int,
    height: int,
    sides: int,
    held: NDArray[np.int64],
) -> int:
    """One exact integer addition per event: count and time together in one word.

    Block by block: all but the last loop become vector code.
    """
    off_place = width * height if sides == 2 else 0
    word_at_0 = _ONE_EVENT - from_us
    place = np.empty(min(BLOCK, t.size), np.uint32)
    for begin in range(0, t.size, BLOCK):
        end = min(begin + BLOCK, t.size)
        ts, ps = t[begin:end], p[begin:end]
        refused = find_places_in_time(
            ts, x[begin:end], y[begin:end], ps, from_us, to_us, width, height, off_place, place
        )
        if refused >= 0:
            return begin + refused
        if sides == 2:
            for i in range(ts.size):
                held[place[i]] += word_at_0 + ts[i]
        else:
            for i in range(ts.size):
                word = word_at_0 + ts[i]
                held[place[i]] += word if ps[i] else -word
    return -1


@njit(nogil=True, cache=True)
def _unpack(
    held: NDArray[np.int64],
    now: NDArray[np.float32],
    then: NDArray[np.float32],
    fresh_now: bool,
    fresh_then: bool,
    keep: np.float32,
    give: np.float32,
    per_us: float,
    offset: float,
) -> None:
    """Give what is held to two bins, written to where fresh and else added to, and hold nothing."""
    for i in range(held.size):
        word = held[i]
        time_sum = (word << (64 - _TIME_BITS)) >> (64 - _TIME_BITS)
        count = (word - time_sum) >> _TIME_BITS
        share = time_sum * per_us + count * offset
        now[i] = (np.float32(0) if fresh_now else now[i]) + keep * np.float32(count - share)
        then[i] = (np.float32(0) if fresh_then else then[i]) + give * np.float32(share)
        held[i] = 0
