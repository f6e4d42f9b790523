"""An interval cut where the bins of a voxel grid change, and the events of its parts given to the kernels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events

Scaling = Literal["B-1", "B", "centred"]
"""Where bins lie in the interval: the first at its start and the last at its end; at the starts of B equal
slices; or in the middles of B equal slices. Shares for bins beyond the first and last are lost."""

Interpolation = Literal["bilinear", "nearest"]
"""An event is shared by the two bins around its time, or the nearest one gets it; with "B" the bin of its
slice. Halfway the later one is nearest."""

# Starting a thread and adding up the bin that two of them share takes as long as some 100,000 events.
_WORTH_A_THREAD = 500_000

# Below this many events per pixel, stretch and side the adding loop of `share_by_corners` is faster.
_DENSE_CORNERS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Parts of the interval in which every event is shared by the same two bins.

    Args:
        edges_us: (S + 1,) int64, µs; the last part includes its end.
        lower: (S,) int64, the earlier of the two bins; -1 where it does not exist.
        offsets: (S,) float64, share of the later bin at the begin of the part.
        per_us: how this share grows; 0 where the earlier bin gets all.
    """

    edges_us: NDArray[np.int64]
    lower: NDArray[np.int64]
    offsets: NDArray[np.float64]
    per_us: float


def stretches_of(
    bins: int, start_us: int, end_us: int, scaling: Scaling, interpolation: Interpolation
) -> Stretches:
    """Cut an interval where the bins that share an event change.

    Args:
        bins: number of bins B.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
        scaling: where the bins lie in the interval.
        interpolation: how an event between two bins is shared.
    """
    duration = end_us - start_us
    steps = bins - 1 if scaling == "B-1" else bins
    if duration == 0 or steps == 0:
        return Stretches(np.array([start_us, end_us]), np.zeros(1, np.int64), np.zeros(1), 0.0)
    # In halves of a bin: tau = steps * (t - start) / duration - half / 2, and edges lie at whole tau.
    if interpolation == "nearest":
        # The edges lie where a bin begins to be the nearest; those of a slice at its begin.
        half = -1 if scaling == "B-1" else 0
        first, number = 0, bins
    else:
        half = 1 if scaling == "centred" else 0
        first, number = -half, steps + half
    lower = np.arange(first, first + number)
    inner = [start_us - (-(2 * k + half) * duration // (2 * steps)) for k in lower.tolist()[1:]]
    edges_us = np.array([start_us, *inner, end_us])
    if interpolation == "nearest":
        return Stretches(edges_us, lower, np.zeros(number), 0.0)
    offsets = [
        (2 * steps * (int(edge) - start_us) - (half + 2 * k) * duration) / (2 * duration)
        for edge, k in zip(edges_us, lower.tolist(), strict=False)
    ]
    return Stretches(edges_us, lower, np.array(offsets), steps / duration)


def fill(events: Events, stretches: Stretches, grid: NDArray[np.float32], threads: int = 1) -> int:
    """Overwrite a grid with the shares of events.

    Args:
        events: in time order.
        stretches: of the interval.
        grid: (sides, B, H, W) float32, C-contiguous; two sides count ON and OFF.
        threads: how many may share the work; few events leave it to one.
    Returns: -1, or the index of the first event off the sensor, outside the interval or out of time order.
    """
    from eventsnn.kernels.voxel import count_voxels, fill_voxels

    sides, bins, height, width = grid.shape
    last, bilinear = stretches.lower.size, stretches.per_us > 0
    firsts = np.maximum.accumulate(np.searchsorted(events.t, stretches.edges_us))
    firsts[0], firsts[-1] = 0, len(events)

    def work(begin: int, end: int, spare: NDArray[np.float32]) -> int:
        first = int(firsts[begin])
        part = events[first : int(firsts[end])]
        columns = part.t, part.x, part.y, part.p
        edges_us, lower = stretches.edges_us[begin : end + 1], stretches.lower[begin:end]
        until = bins if end == last else int(stretches.lower[end]) + bilinear
        if bilinear:
            offsets = stretches.offsets[begin:end]
            refused = fill_voxels(*columns, edges_us, offsets, lower, stretches.per_us, until, grid, spare)
        else:
            refused = count_voxels(*columns, edges_us, int(lower[0]), until, grid)
        return first + int(refused) if refused >= 0 else -1

    nothing = np.empty((sides, 0, 0), np.float32)
    cuts = _cuts(firsts, threads if len(events) >= _WORTH_A_THREAD else 1)
    if not cuts:
        return work(0, last, nothing)
    # The bin that two threads share is the earlier one's; the later one has a plane of its own for it.
    spares = [np.empty((sides, height, width), np.float32) if bilinear else nothing for _ in cuts]
    with ThreadPoolExecutor(len(cuts)) as pool:
        others = pool.map(work, cuts, [*cuts[1:], last], spares)
        refused = [work(0, cuts[0], nothing), *others]
    for cut, spare in zip(cuts, spares, strict=True):
        if bilinear:
            grid[:, stretches.lower[cut]] += spare
    return min((index for index in refused if index >= 0), default=-1)


def _cuts(firsts: NDArray[np.int64], threads: int) -> list[int]:
    """The stretches that another thread begins with, so that all have about as many events."""
    inner = firsts[1:-1]
    if threads < 2 or not inner.size:
        return []
    wanted = np.arange(1, threads) * (firsts[-1] / threads)
    return sorted({int(np.abs(inner - events).argmin()) + 1 for events in wanted})


def spread(
    events: Events,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    stretches: Stretches,
    grid: NDArray[np.float32],
) -> int:
    """Overwrite a grid with events shared by the four pixels around their positions.

    Args:
        events: in time order.
        x: (N,) float32, px, instead of that of the events.
        y: (N,) float32, px.
        stretches: of the interval.
        grid: (sides, B, H, W) float32, C-contiguous; two sides count ON and OFF.
    Returns: -1, or the index of the first event outside the interval.
    Raises: ShapeError: positions of another shape or dtype.
    """
    from eventsnn.kernels.voxel_corners import hold_corners, release_corners, share_by_corners

    for name, column in (("x", x), ("y", y)):
        if column.shape != events.t.shape or column.dtype != np.float32:
            raise ShapeError(
                f"positions need {name} as {events.t.shape} float32, not {column.shape} {column.dtype}"
            )
    sides, bins, height, width = grid.shape
    held = np.empty((sides, 0, 0, 2), np.float32)
    firsts = np.searchsorted(events.t, stretches.edges_us)
    firsts[0], firsts[-1] = 0, len(events)
    ready = 0
    for s, below in enumerate(stretches.lower.tolist()):
        part = slice(int(firsts[s]), int(firsts[s + 1]))
        columns = events.t[part], x[part], y[part], events.p[part]
        interval_us = int(stretches.edges_us[s]), int(stretches.edges_us[s + 1])
        shares = stretches.per_us, float(stretches.offsets[s])
        above = below + 1 if stretches.per_us else bins
        # Cleared just before they are used, planes are still near the core.
        begin, ready = ready, min(max(below, above if above < bins else 0) + 1, bins)
        grid[:, begin:ready] = 0
        if columns[0].size < _DENSE_CORNERS * sides * height * width:
            refused = share_by_corners(*columns, *interval_us, *shares, below, above, grid)
        else:
            if not held.size:
                held = np.zeros((sides, height + 2, width + 2, 2), np.float32)
            refused = hold_corners(*columns, *interval_us, *shares, held)
            release_corners(held, below, above, grid)
        if refused >= 0:
            return part.start + int(refused)
    grid[:, ready:] = 0
    return -1
