"""What the flow network is shown: a voxel grid of events moved along a flow, and its packing.

Time runs in the B-1 convention of Zhu et al. (CVPR 2019): tau = (t - start) / (end - start) * (B - 1),
and an event between two bins gives each of them its share.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True, error_model="numpy")
def warped_voxel_channels(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    start_us: int,
    end_us: int,
    flow: NDArray[np.float32],
    stride: int,
    out: NDArray[np.float32],
) -> int:
    """Count per polarity after moving every event to the middle of the window along the flow.

    The flow at an event's pixel is looked up bilinearly between the centres of the flow's cells; the
    moved event is shared bilinearly by four pixels and two bins. One that leaves the sensor is dropped.

    Args:
        t: (N,) int64, µs, any order.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        start_us: instant of the first bin, µs.
        end_us: instant of the last bin, µs.
        flow: (2, h, w) float32, px of the sensor over [start_us, end_us], x first.
        stride: side of a flow cell, px.
        out: (2B, H, W) float32, added to.
    Returns: -1, or the index of the first refused event.
    """
    planes, height, width = out.shape
    bins = planes // 2
    duration = end_us - start_us
    cells_y, cells_x = flow.shape[1], flow.shape[2]
    per_us = np.float32((bins - 1) / duration) if duration > 0 else np.float32(0)
    whole = np.float32(1.0 / duration) if duration > 0 else np.float32(0)
    inverse = np.float32(1.0 / stride)
    half, one = np.float32(0.5), np.float32(1)
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    last_x, last_y = np.float32(cells_x - 1), np.float32(cells_y - 1)
    for i in range(t.size):
        dt = t[i] - start_us
        if dt < 0 or dt > duration or x[i] >= width or y[i] >= height:
            return i
        at_x, at_y = np.float32(x[i]), np.float32(y[i])
        cell_x = min(max((at_x + half) * inverse - half, np.float32(0)), last_x)
        cell_y = min(max((at_y + half) * inverse - half, np.float32(0)), last_y)
        left, top = np.int64(cell_x), np.int64(cell_y)
        beside, below = min(left + 1, cells_x - 1), min(top + 1, cells_y - 1)
        fx, fy = cell_x - np.float32(left), cell_y - np.float32(top)
        w00, w01, w10, w11 = (one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy
        u = w00 * flow[0, top, left] + w01 * flow[0, top, beside]
        u += w10 * flow[0, below, left] + w11 * flow[0, below, beside]
        v = w00 * flow[1, top, left] + w01 * flow[1, top, beside]
        v += w10 * flow[1, below, left] + w11 * flow[1, below, beside]
        late = half - np.float32(dt) * whole
        to_x, to_y = at_x + u * late, at_y + v * late
        if not (to_x >= 0 and to_y >= 0 and to_x <= right and to_y <= bottom):
            continue
        left, top = np.int64(to_x), np.int64(to_y)
        beside, below = min(left + 1, width - 1), min(top + 1, height - 1)
        fx, fy = to_x - np.float32(left), to_y - np.float32(top)
        tau = min(np.float32(dt) * per_us, np.float32(bins - 1))
        k = np.int64(tau)
        share = tau - np.float32(k)
        k = k if p[i] else k + bins
        now = one - share
        out[k, top, left] += now * (one - fx) * (one - fy)
        out[k, top, beside] += now * fx * (one - fy)
        out[k, below, left] += now * (one - fx) * fy
        out[k, below, beside] += now * fx * fy
        if share > 0:
            out[k + 1, top, left] += share * (one - fx) * (one - fy)
            out[k + 1, top, beside] += share * fx * (one - fy)
            out[k + 1, below, left] += share * (one - fx) * fy
            out[k + 1, below, beside] += share * fx * fy
    return -1


@njit(nogil=True, cache=True, error_model="numpy")
def pack_channels(
    counts: NDArray[np.float32],
    flow: NDArray[np.float32],
    stride: int,
    scale: float,
    out: NDArray[np.float32],
) -> None:
    """`log(1 + count)` and the flow side by side, channels innermost, in one pass.

    Args:
        counts: (B, H, W) float32, not negative.
        flow: (2, H/stride, W/stride) float32, repeated over its cells.
        stride: side of a flow cell, px.
        scale: factor of the flow.
        out: (H, W, B + 2) float32, written.
    """
    bins, height, width = counts.shape
    factor = np.float32(scale)
    for y in range(height):
        for x in range(width):
            for k in range(bins):
                count = counts[k, y, x]
                # Most voxels hold nothing and need no logarithm.
                out[y, x, k] = np.log1p(count) if count > 0 else np.float32(0)
            out[y, x, bins] = flow[0, y // stride, x // stride] * factor
            out[y, x, bins + 1] = flow[1, y // stride, x // stride] * factor
