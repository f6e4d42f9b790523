"""Scatter events into the time bins of a voxel grid.

Time runs in the B-1 convention of Zhu et al. (CVPR 2019): tau = (t - start) / (end - start) * (B - 1),
and an event between two bins gives each of them its share. The bins are cut at whole µs, so a loop
walks the events stretch by stretch and never asks which bin an event is in.

Every kernel adds to `out` (C-contiguous float32) and gives -1, or the index of the first event that
it refuses: off the sensor, outside [start_us, end_us], or out of time order across the edge of a bin.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# One packed word per pixel: Σ dt in the low bits, signed, and the count of events above them.
_TIME_BITS = 40
_ONE_EVENT = 1 << _TIME_BITS
_LARGEST_TIME_SUM = (1 << (_TIME_BITS - 1)) - 1
_LARGEST_COUNT = (1 << (63 - _TIME_BITS)) - 1

# Events per block of the packed loop: its 48 kB of places and words stay near the core.
_BLOCK = 4096

# Unpacking costs a pass over the sensor per bin: it pays from about this many events per pixel and bin.
_DENSE = 0.25


@njit(nogil=True, cache=True)
def voxel_channels(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    start_us: int,
    end_us: int,
    out: NDArray[np.float32],
) -> int:
    """Count per polarity: the first B planes hold ON, the next B hold OFF.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        start_us: instant of the first bin, µs.
        end_us: instant of the last bin, µs.
        out: (2B, H, W) float32, added to.
    Returns: -1, or the index of the first refused event.
    """
    return _scatter(t, x, y, p, start_us, end_us, out, out.shape[0] // 2, True)


@njit(nogil=True, cache=True)
def voxel_signed(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    start_us: int,
    end_us: int,
    out: NDArray[np.float32],
) -> int:
    """Add ON as +1 and OFF as -1.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        start_us: instant of the first bin, µs.
        end_us: instant of the last bin, µs.
        out: (B, H, W) float32, added to.
    Returns: -1, or the index of the first refused event.
    """
    return _scatter(t, x, y, p, start_us, end_us, out, out.shape[0], False)


@njit(nogil=True, cache=True)
def _scatter(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    start_us: int,
    end_us: int,
    out: NDArray[np.float32],
    bins: int,
    channels: bool,
) -> int:
    """Cut the events at the edges of the bins and hand each stretch to the faster loop."""
    events = t.size
    if events == 0:
        return -1
    _, height, width = out.shape
    planes = out.reshape(out.shape[0], height * width)
    duration = end_us - start_us
    stretches = bins - 1 if duration > 0 and bins > 1 else 1
    chunk = min(_LARGEST_TIME_SUM // (duration // stretches + 1), _LARGEST_COUNT)
    words = planes.shape[1] * (2 if channels else 1)
    dense = events >= _DENSE * words * stretches and words <= chunk and words < 2**31
    held = np.zeros(words if dense else 0, np.int64)
    first = 0
    for k in range(stretches):
        # An event's share of bin k + 1 is (stretches * (t - from_us) + rest) / duration.
        from_us = start_us + -(-k * duration // stretches)
        to_us = start_us + -(-(k + 1) * duration // stretches)
        rest = stretches * (from_us - start_us) - k * duration
        last = events if k == stretches - 1 else int(np.searchsorted(t, to_us))
        if last < first:
            return last
        step = chunk if dense else max(last - first, 1)
        for begin in range(first, last, step):
            end = min(begin + step, last)
            ts, xs, ys, ps = t[begin:end], x[begin:end], y[begin:end], p[begin:end]
            if dense:
                bad = _pack(ts, xs, ys, ps, from_us, to_us, height, width, channels, held)
                _unpack(held, channels, planes, k, bins, stretches, rest, duration)
            else:
                bad = _add(
                    ts, xs, ys, ps, from_us, to_us, height, width, channels,
                    planes, k, bins, stretches, rest, duration,
                )  # fmt: skip
            if bad >= 0:
                return begin + bad
        first = last
    return -1


@njit(nogil=True, cache=True, error_model="numpy")
def _add(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    height: int,
    width: int,
    channels: bool,
    planes: NDArray[np.float32],
    k: int,
    bins: int,
    stretches: int,
    rest: int,
    duration: int,
) -> int:
    """Two float additions per event: best where events are few per pixel."""
    per_us = stretches / duration if duration > 0 and bins > 1 else 0.0
    offset = rest / duration if duration > 0 and bins > 1 else 0.0
    off_plane = bins if channels else 0
    off_sign = np.float32(1.0 if channels else -1.0)
    later = 1 if bins > 1 else 0
    span_us = np.uint64(to_us - from_us)
    for i in range(t.size):
        dt = t[i] - from_us
        if np.uint64(dt) > span_us or x[i] >= width or y[i] >= height:
            return i
        share = np.float32(dt * per_us + offset)
        place = y[i] * width + x[i]
        plane = k if p[i] else k + off_plane
        sign = np.float32(1.0) if p[i] else off_sign
        planes[plane, place] += sign * (np.float32(1.0) - share)
        planes[plane + later, place] += sign * share
    return -1


@njit(nogil=True, cache=True)
def _pack(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    from_us: int,
    to_us: int,
    height: int,
    width: int,
    channels: bool,
    held: NDArray[np.int64],
) -> int:
    """One exact integer addition per event: count and time together in one word.

    Block by block, so that the compiler turns all but the last of the three loops into vector code.
    """
    off_place = np.int32(height * width if channels else 0)
    sign_mask = np.int64(0 if channels else -1)
    row, right, bottom = np.int32(width), np.int32(width - 1), np.int32(height - 1)
    span_us = to_us - from_us
    place, word = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.int64)
    for begin in range(0, t.size, _BLOCK):
        end = min(begin + _BLOCK, t.size)
        ts, xs, ys, ps = t[begin:end], x[begin:end], y[begin:end], p[begin:end]
        # The sign bit of a sum of differences tells of a refused event without a branch.
        off_sensor = np.int32(0)
        for i in range(xs.size):
            column, line = np.int32(xs[i]), np.int32(ys[i])
            off_sensor |= (right - column) | (bottom - line)
            place[i] = np.uint32(line * row + column + off_place * (np.int32(1) - np.int32(ps[i])))
        off_time = np.int64(0)
        for i in range(xs.size):
            dt = ts[i] - from_us
            off_time |= dt | (span_us - dt)
            negate = (np.int64(ps[i]) - 1) & sign_mask
            word[i] = ((_ONE_EVENT + dt) ^ negate) - negate
        if off_sensor < 0 or off_time < 0:
            for i in range(xs.size):
                if not (from_us <= ts[i] <= to_us and xs[i] < width and ys[i] < height):
                    return begin + i
        for i in range(xs.size):
            held[place[i]] += word[i]
    return -1


@njit(nogil=True, cache=True, error_model="numpy")
def _unpack(
    held: NDArray[np.int64],
    channels: bool,
    planes: NDArray[np.float32],
    k: int,
    bins: int,
    stretches: int,
    rest: int,
    duration: int,
) -> None:
    """Give what is held to bins k and k + 1, and hold nothing."""
    pixels = planes.shape[1]
    scale = 1.0 / duration if duration > 0 and bins > 1 else 0.0
    later = 1 if bins > 1 else 0
    for side in range(2 if channels else 1):
        now, then = planes[k + side * bins], planes[k + side * bins + later]
        words = held[side * pixels : (side + 1) * pixels]
        for i in range(pixels):
            word = words[i]
            time_sum = (word << (64 - _TIME_BITS)) >> (64 - _TIME_BITS)
            count = (word - time_sum) >> _TIME_BITS
            share = (stretches * time_sum + rest * count) * scale
            now[i] += np.float32(count - share)
            then[i] += np.float32(share)
            words[i] = 0
    return


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
