"""Scatter events at fractional positions into two time bins: eight voxels share an event.

In one stretch of the interval every event is shared by the same two bins: one that lies dt µs after the
begin of the stretch gives the later bin dt * per_us + offset, and the earlier bin what is left of 1. Of
its share in each bin every corner of the pixel square around its position gets the bilinear part.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.vectors import add_scaled

# Events per block: 64 kB of places and weights stay near the core.
_BLOCK = 2048


@njit(nogil=True, cache=True)
def share_by_corners(
    t: NDArray[np.int64],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    per_us: float,
    offset: float,
    below: int,
    above: int,
    grid: NDArray[np.float32],
) -> int:
    """Eight float additions per event: best where events are few per pixel.

    Corners off the sensor lose their part, and so does a position that is not a number.

    Args:
        t: (N,) int64, µs.
        x: (N,) float32, px.
        y: (N,) float32, px.
        p: (N,) bool.
        from_us: begin of the stretch, µs.
        to_us: last instant of the stretch, µs.
        per_us: see above.
        offset: see above.
        below: the earlier bin; -1 where there is none.
        above: the later bin; B where there is none.
        grid: (sides, B, H, W) float32, C-contiguous, added to; one side: ON as +1 and OFF as -1.
    Returns: -1, or the index of the first event outside the stretch.
    """
    sides, bins, height, width = grid.shape
    flat = grid.reshape(-1)
    one = np.float32(1)
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    off_at = np.int64(bins * height * width * (sides - 1))
    keep, give = np.float32(below >= 0), np.float32(above < bins)
    now_at, then_at = max(below, 0) * height * width, min(above, bins - 1) * height * width
    right, bottom = np.float32(width), np.float32(height)
    for i in range(t.size):
        if t[i] < from_us or t[i] > to_us:
            return i
        at_x, at_y = x[i] + one, y[i] + one
        if not (at_x > 0 and at_y > 0 and at_x < right + one and at_y < bottom + one):
            continue
        left, top = int(at_x) - 1, int(at_y) - 1
        fx, fy = at_x - np.float32(left + 1), at_y - np.float32(top + 1)
        share = np.float32((t[i] - from_us) * per_us + offset)
        weight = one if p[i] else off_sign
        now, then = keep * weight * (one - share), give * weight * share
        side_at = np.int64(0) if p[i] else off_at
        if left >= 0 and top >= 0 and left + 1 < width and top + 1 < height:
            place = side_at + top * width + left
            w00, w01, w10, w11 = (one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy
            a, b = np.uint64(now_at + place), np.uint64(then_at + place)
            flat[a] += now * w00
            flat[a + np.uint64(1)] += now * w01
            flat[a + np.uint64(width)] += now * w10
            flat[a + np.uint64(width + 1)] += now * w11
            flat[b] += then * w00
            flat[b + np.uint64(1)] += then * w01
            flat[b + np.uint64(width)] += then * w10
            flat[b + np.uint64(width + 1)] += then * w11
            continue
        for row in range(max(top, 0), min(top + 2, height)):
            for column in range(max(left, 0), min(left + 2, width)):
                part = (fx if column > left else one - fx) * (fy if row > top else one - fy)
                place = side_at + row * width + column
                flat[now_at + place] += now * part
                flat[then_at + place] += then * part
    return -1


@njit(nogil=True, cache=True)
def hold_corners(
    t: NDArray[np.int64],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    per_us: float,
    offset: float,
    held: NDArray[np.float32],
) -> int:
    """The same for many events per pixel: both bins side by side, and a margin instead of tests.

    Args:
        t: (N,) int64, µs.
        x: (N,) float32, px.
        y: (N,) float32, px.
        p: (N,) bool.
        from_us: begin of the stretch, µs.
        to_us: last instant of the stretch, µs.
        per_us: see above.
        offset: see above.
        held: (sides, H + 2, W + 2, 2) float32, C-contiguous, added to; pixel (x, y) is at [y + 1, x + 1].
    Returns: -1, or the index of the first event outside the stretch.
    """
    sides, rows, columns, _ = held.shape
    flat = held.reshape(-1)
    one, nothing = np.float32(1), np.float32(0)
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    off_row = np.int32(rows if sides == 2 else 0)
    row_step = np.uint64(2 * columns)
    right, bottom = np.float32(columns - 1), np.float32(rows - 1)
    slope, start = np.float32(per_us), np.float32(offset)
    span_us = to_us - from_us
    place, shares = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.float32)
    upper, lower = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    corners = np.empty(4 * _BLOCK, np.float32)
    for begin in range(0, t.size, _BLOCK):
        end = min(begin + _BLOCK, t.size)
        ts, xs, ys, ps = t[begin:end], x[begin:end], y[begin:end], p[begin:end]
        off_time = np.int64(0)
        for i in range(ts.size):
            dt = ts[i] - from_us
            off_time |= dt | (span_us - dt)
            shares[i] = one - (np.float32(dt) * slope + start)
        if off_time < 0:
            for i in range(ts.size):
                if ts[i] < from_us or ts[i] > to_us:
                    return begin + i
        for i in range(ts.size):
            at_x, at_y = xs[i] + one, ys[i] + one
            # False where there is no number.
            inside = (at_x > nothing) & (at_y > nothing) & (at_x < right) & (at_y < bottom)
            at_x, at_y = at_x if inside else nothing, at_y if inside else nothing
            column, line = np.int32(at_x), np.int32(at_y)
            fx, fy = at_x - np.float32(column), at_y - np.float32(line)
            weight = one if ps[i] else off_sign
            weight = weight if inside else nothing
            upper[i], lower[i] = weight * (one - fy), weight * fy
            line += off_row * (np.int32(1) - np.int32(ps[i]))
            place[i] = np.uint32(2 * (line * np.int32(columns) + column))
            now, then = (one - fx) * shares[i], fx * shares[i]
            corners[4 * i], corners[4 * i + 1] = now, one - fx - now
            corners[4 * i + 2], corners[4 * i + 3] = then, fx - then
        for i in range(ts.size):
            at, four = np.uint64(place[i]), np.uint64(4 * i)
            add_scaled(flat, at, corners, four, upper[i])
            add_scaled(flat, at + row_step, corners, four, lower[i])
    return -1


@njit(nogil=True, cache=True)
def release_corners(held: NDArray[np.float32], below: int, above: int, grid: NDArray[np.float32]) -> None:
    """Add what `hold_corners` holds to two bins, and hold nothing.

    Args:
        held: (sides, H + 2, W + 2, 2) float32, zeroed.
        below: the earlier bin; -1 where there is none.
        above: the later bin; B where there is none.
        grid: (sides, B, H, W) float32, C-contiguous, added to.
    """
    sides, bins, height, width = grid.shape
    for side in range(sides):
        for row in range(height):
            pairs = held[side, row + 1]
            if below >= 0:
                now = grid[side, below, row]
                for column in range(width):
                    now[column] += pairs[column + 1, 0]
            if above < bins:
                then = grid[side, above, row]
                for column in range(width):
                    then[column] += pairs[column + 1, 1]
    held.reshape(-1)[:] = 0
