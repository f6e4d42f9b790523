"""Scatter events at fractional positions into two time bins: eight voxels share an event."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eventsnn.kernels.vectors import add_pairs


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
    keep: float,
    give: float,
    now: NDArray[np.float32],
    then: NDArray[np.float32],
) -> int:
    """Eight float additions per event: best where events are few per pixel.

    An event dt µs after `from_us` gives the later bin the share dt * per_us + offset, and of its share in
    each bin every corner of the pixel square around its position the bilinear part; corners off the sensor
    lose theirs, and so does what has no number.

    Args:
        t: (N,) int64, µs.
        x: (N,) float32, px.
        y: (N,) float32, px.
        p: (N,) bool.
        from_us: first instant allowed, µs.
        to_us: last instant allowed, µs.
        per_us: see above.
        offset: see above.
        keep: weight of the earlier bin: 0 where there is none.
        give: weight of the later bin: 0 where there is none.
        now: (sides, H, W) float32, the earlier bin, added to; one side: ON as +1 and OFF as -1.
        then: (sides, H, W) float32, the later bin, added to.
    Returns: -1, or the index of the first event outside the allowed time.
    """
    sides, height, width = now.shape
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    for i in range(t.size):
        if not from_us <= t[i] <= to_us:
            return i
        at_x, at_y = x[i], y[i]
        if not (at_x > -1 and at_y > -1 and at_x < width and at_y < height):
            continue
        left, top = int(np.floor(at_x)), int(np.floor(at_y))
        fx, fy = at_x - np.float32(left), at_y - np.float32(top)
        share = np.float32((t[i] - from_us) * per_us + offset)
        sign = np.float32(1.0) if p[i] else off_sign
        side = 0 if p[i] else sides - 1
        for below in range(2):
            row = top + below
            if row < 0 or row >= height:
                continue
            part = sign * (fy if below else np.float32(1) - fy)
            for beside in range(2):
                column = left + beside
                if column < 0 or column >= width:
                    continue
                weight = part * (fx if beside else np.float32(1) - fx)
                now[side, row, column] += np.float32(keep) * weight * (np.float32(1) - share)
                then[side, row, column] += np.float32(give) * weight * share
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
    """The same for many events per pixel: both bins side by side, with a margin instead of tests.

    Args:
        t: (N,) int64, µs.
        x: (N,) float32, px.
        y: (N,) float32, px.
        p: (N,) bool.
        from_us: first instant allowed, µs.
        to_us: last instant allowed, µs.
        per_us: see `share_by_corners`.
        offset: see `share_by_corners`.
        held: (sides, H + 2, W + 2, 2) float32, C-contiguous, added to; pixel (x, y) is at [y + 1, x + 1].
    Returns: -1, or the index of the first event outside the allowed time.
    """
    sides, rows, columns, _ = held.shape
    flat = held.ravel()
    one = np.float32(1)
    off_sign = np.float32(1.0 if sides == 2 else -1.0)
    off_row = np.uint64(rows if sides == 2 else 0)
    below = np.uint64(2 * columns)
    right, bottom = np.float32(columns - 1), np.float32(rows - 1)
    span_us = np.uint64(to_us - from_us)
    for i in range(t.size):
        dt = t[i] - from_us
        if np.uint64(dt) > span_us:
            return i
        at_x, at_y = x[i] + one, y[i] + one
        # What has no number is not inside either.
        if not (at_x > 0 and at_y > 0 and at_x < right and at_y < bottom):
            continue
        left, top = np.uint64(np.int32(at_x)), np.uint64(np.int32(at_y))
        fx, fy = at_x - np.float32(np.int32(at_x)), at_y - np.float32(np.int32(at_y))
        now = one - np.float32(dt * per_us + offset)
        sign = one if p[i] else off_sign
        place = np.uint64(2) * ((top + off_row * np.uint64(not p[i])) * np.uint64(columns) + left)
        add_pairs(flat, place, sign * (one - fy), one - fx, now)
        add_pairs(flat, place + below, sign * fy, one - fx, now)
    return -1


@njit(nogil=True, cache=True)
def release_corners(
    held: NDArray[np.float32],
    keep: float,
    give: float,
    now: NDArray[np.float32],
    then: NDArray[np.float32],
) -> None:
    """Add what `hold_corners` holds to two bins, and hold nothing.

    Args:
        held: (sides, H + 2, W + 2, 2) float32, zeroed.
        keep: weight of the earlier bin.
        give: weight of the later bin.
        now: (sides, H, W) float32, the earlier bin, added to.
        then: (sides, H, W) float32, the later bin, added to.
    """
    sides, height, width = now.shape
    for side in range(sides):
        for row in range(height):
            for column in range(width):
                pair = held[side, row + 1, column + 1]
                now[side, row, column] += np.float32(keep) * pair[0]
                then[side, row, column] += np.float32(give) * pair[1]
    held[:] = 0
