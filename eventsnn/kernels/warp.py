"""Images of warped events: every event moved along a flow to one instant."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True, error_model="numpy")
def warped_counts(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    flow: NDArray[np.float32],
    duration_us: int,
    to_us: float,
    out: NDArray[np.float32],
) -> int:
    """Add 1 at the pixel nearest to every event's place at one instant.

    The flow is that of the event's own pixel. Events that leave the image, or whose flow is not
    finite, are dropped.

    Args:
        t: (N,) int64, µs, any order.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        flow: (2, H, W) float32, px over `duration_us`, x first.
        duration_us: time that the flow spans, µs.
        to_us: instant to move to, µs.
        out: (H, W) float32, added to.
    Returns: -1, or the index of the first event off the sensor, before which counting stopped.
    """
    height, width = out.shape
    per_us = 1.0 / duration_us
    for i in range(t.size):
        if x[i] >= width or y[i] >= height:
            return i
        late = (to_us - t[i]) * per_us
        to_x = np.rint(x[i] + flow[0, y[i], x[i]] * late)
        to_y = np.rint(y[i] + flow[1, y[i], x[i]] * late)
        if to_x >= 0 and to_x < width and to_y >= 0 and to_y < height:
            out[int(to_y), int(to_x)] += np.float32(1)
    return -1


@njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
def contrast(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    late: NDArray[np.float32],
    weight: NDArray[np.float32],
    u: float,
    v: float,
    image: NDArray[np.float32],
    smooth: NDArray[np.float32],
) -> float:
    """Sum of squares of the smoothed image of events moved by one displacement.

    Events are shared bilinearly by four pixels and the image is smoothed by [1 2 1] / 4 both ways; one
    that leaves it is dropped. Up to a constant, and as long as no event leaves, this is the variance.

    Args:
        x: (N,) float32, px in the image.
        y: (N,) float32, px in the image.
        late: (N,) float32, share of the displacement to move by.
        weight: (N,) float32, what each event adds.
        u: displacement to the right, px.
        v: displacement down, px.
        image: (h, w) float32, scratch.
        smooth: (h, w) float32, scratch.
    """
    height, width = image.shape
    image[:] = 0
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    u32, v32, one = np.float32(u), np.float32(v), np.float32(1)
    for i in range(x.size):
        to_x, to_y = x[i] + u32 * late[i], y[i] + v32 * late[i]
        if to_x >= 0 and to_y >= 0 and to_x < right and to_y < bottom:
            column, line = np.uint64(to_x), np.uint64(to_y)
            fx, fy = to_x - np.float32(column), to_y - np.float32(line)
            beside, below = column + np.uint64(1), line + np.uint64(1)
            upper, lower = weight[i] * (one - fy), weight[i] * fy
            image[line, column] += upper * (one - fx)
            image[line, beside] += upper * fx
            image[below, column] += lower * (one - fx)
            image[below, beside] += lower * fx
    for r in range(height):
        # Slices instead of index arithmetic: the compiler makes vector code of these loops.
        into, row = smooth[r], image[r]
        before, at, after, inner = row[:-2], row[1:-1], row[2:], into[1:-1]
        into[0] = np.float32(2) * row[0] + row[1]
        into[width - 1] = np.float32(2) * row[width - 1] + row[width - 2]
        for c in range(inner.size):
            inner[c] = before[c] + np.float32(2) * at[c] + after[c]
    total = 0.0
    for r in range(1, height - 1):
        above, here, under = smooth[r - 1], smooth[r], smooth[r + 1]
        squares = np.float32(0)
        for c in range(here.size):
            value = above[c] + np.float32(2) * here[c] + under[c]
            squares += value * value
        total += float(squares)
    return total / 256.0


@njit(nogil=True, cache=True, error_model="numpy")
def fit_tiles(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    late: NDArray[np.float32],
    weight: NDArray[np.float32],
    cell: int,
    margin: int,
    reach: float,
    stride: float,
    step: float,
    least: float,
    fewest: int,
    flow: NDArray[np.float32],
) -> None:
    """Find, for every tile of 2x2 cells, the displacement of the greatest contrast near a first guess.

    First a grid of trials around the guess, then a compass search that halves its step.

    Args:
        x: (N,) float32, px.
        y: (N,) float32, px.
        late: (N,) float32, share of the displacement to move by, -0.5 to 0.5.
        weight: (N,) float32, what each event adds to the image.
        cell: side of a cell, px; tiles follow one another at this distance and overlap by half.
        margin: room around a tile for moved events, px.
        reach: half side of the grid of first trials, px; 0 for none.
        stride: distance of these trials, px.
        step: first step of the compass search, px.
        least: last step of the compass search, px.
        fewest: tiles of fewer events keep their guess.
        flow: (2, rows, columns) float32, the guess; overwritten with the result.
    """
    _, rows, columns = flow.shape
    order, first = _by_cell(x, y, cell, rows + 1, columns + 1)
    side = 2 * cell + 2 * margin
    image, smooth = np.empty((side, side), np.float32), np.empty((side, side), np.float32)
    largest = 0
    for row in range(rows):
        for column in range(columns):
            largest = max(largest, _tile_size(first, row, column, columns + 1))
    own = np.empty((4, largest), np.float32)
    trials = int(reach / stride)
    for row in range(rows):
        for column in range(columns):
            events = 0
            for line in (row, row + 1):
                start = line * (columns + 1) + column
                for at in range(first[start], first[start + 2]):
                    i = order[at]
                    own[0, events] = x[i] - np.float32(column * cell - margin)
                    own[1, events] = y[i] - np.float32(row * cell - margin)
                    own[2, events] = late[i]
                    own[3, events] = weight[i]
                    events += 1
            if events < fewest:
                continue
            tx, ty, tl, tw = own[0, :events], own[1, :events], own[2, :events], own[3, :events]
            u0, v0 = float(flow[0, row, column]), float(flow[1, row, column])
            u, v = u0, v0
            best = contrast(tx, ty, tl, tw, u, v, image, smooth)
            for a in range(-trials, trials + 1):
                for b in range(-trials, trials + 1):
                    to_u, to_v = u0 + a * stride, v0 + b * stride
                    score = contrast(tx, ty, tl, tw, to_u, to_v, image, smooth)
                    if score > best:
                        best, u, v = score, to_u, to_v
            length = step
            while length >= least:
                from_u, from_v = u, v
                for du, dv in ((length, 0.0), (-length, 0.0), (0.0, length), (0.0, -length)):
                    score = contrast(tx, ty, tl, tw, from_u + du, from_v + dv, image, smooth)
                    if score > best:
                        best, u, v = score, from_u + du, from_v + dv
                if u == from_u and v == from_v:
                    length /= 2
            flow[0, row, column], flow[1, row, column] = u, v


@njit(nogil=True, cache=True)
def _tile_size(first: NDArray[np.int64], row: int, column: int, columns: int) -> int:
    """Events of the tile whose upper left cell is this one."""
    upper, lower = row * columns + column, (row + 1) * columns + column
    return int(first[upper + 2] - first[upper] + first[lower + 2] - first[lower])


@njit(nogil=True, cache=True)
def _by_cell(
    x: NDArray[np.float32], y: NDArray[np.float32], cell: int, rows: int, columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The events' indices cell by cell, and where each cell's begin."""
    first = np.zeros(rows * columns + 1, np.int64)
    for i in range(x.size):
        first[int(y[i]) // cell * columns + int(x[i]) // cell + 1] += 1
    first = np.cumsum(first)
    free, order = first.copy(), np.empty(x.size, np.int64)
    for i in range(x.size):
        at = int(y[i]) // cell * columns + int(x[i]) // cell
        order[free[at]] = i
        free[at] += 1
    return order, first
