"""Voxel grids: big ones beside peers, and windows of real size beside clearing their memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.benchmarks.case import Case, moving_edges
from eventsnn.benchmarks.peers import eventcv_stream, evutils_array, structured
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events, Sensor
from eventsnn.representations import voxel_grid

_MOST = 2_000_000
"""NumPy, tonic and torch hold a dozen columns of 4 or 8 bytes meanwhile."""

_TORCH_NOTE = "bilinear in x, y and t at once: our own code after its equations, one thread"

_REAL_SENSOR = Sensor(1280, 720)


def operations(case: Case) -> Iterator[Operation]:
    """Voxel grids of all events, at pixels and between them, and of windows of real size."""
    events = case.events
    for bins in (5, 10, 15):
        yield Operation(
            f"voxel grid, {bins} bins, {count(case.number)}",
            events,
            [_ours(events, bins), *_peers(case, bins)],
        )
    yield _between_pixels(case, 15)
    yield _nearest(case, 10)
    if (os.cpu_count() or 1) > 1:
        one, two = _ours(events, 10), _ours(events, 10, threads=2)
        yield Operation(f"voxel grid, 10 bins, 2 cores, {count(case.number)}", events, [two, one], cores=2)
    for number in (10_000, 30_000, 100_000):
        window = moving_edges(min(number, case.number), _REAL_SENSOR)
        contenders = [_ours(window, 15), _clearing(window, 15), *_eventcv(case, window, 15)]
        yield Operation(f"voxel grid, 1280x720x15, {count(len(window))}", window, contenders)


def _ours(events: Events, bins: int, threads: int = 1) -> Contender:
    out = np.empty((bins, events.sensor.height, events.sensor.width), np.float32)
    name = "eventsnn" if threads == 1 else f"eventsnn, {threads} threads"
    return Contender(name, lambda: voxel_grid(events, bins, threads=threads, out=out), len(events))


def _nearest(case: Case, bins: int) -> Operation:
    events = case.events
    width, height, start_us = events.sensor.width, events.sensor.height, int(events.t[0])
    span_us = int(events.t[-1]) - start_us + 1
    out = np.empty((2 * bins, height, width), np.float32)

    def ours() -> NDArray[np.float32]:
        return voxel_grid(
            events,
            bins,
            start_us,
            start_us + span_us,
            polarity="channels",
            scaling="B",
            interpolation="nearest",
            out=out,
        )

    contenders = [Contender("eventsnn", ours, len(events))]
    evutils = case.peers.find("evutils")
    if evutils:
        array = evutils_array(evutils.module, events)
        contenders.append(
            Contender(
                "evutils",
                lambda: evutils.module.dense.voxel_histogram(
                    array, width, height, n_bins=bins, dt=span_us, dtype=np.float32
                ),
                len(events),
                lambda grid: np.array_equal(np.concatenate([grid[..., 0], grid[..., 2]]), ours()),
                "voxel_histogram: (B, H, W, 3), one plane empty",
            )
        )
    return Operation(f"event count per slice, {bins} bins, {count(case.number)}", events, contenders)


def _between_pixels(case: Case, bins: int) -> Operation:
    events, rng = case.events, np.random.default_rng(0)
    x = rng.random(len(events), np.float32) + events.x - np.float32(0.5)
    y = rng.random(len(events), np.float32) + events.y - np.float32(0.5)
    out = np.empty((bins, events.sensor.height, events.sensor.width), np.float32)
    few = case.first(_MOST)
    few_x, few_y = x[: len(few)], y[: len(few)]
    contenders = [
        Contender("eventsnn", lambda: voxel_grid(events, bins, positions=(x, y), out=out), len(events)),
        Contender(
            "DSEC/E-RAFT in torch",
            torch_voxel_grid(few, bins, few_x, few_y),
            len(few),
            lambda grid: np.allclose(grid, voxel_grid(few, bins, positions=(few_x, few_y)), atol=1e-2),
            _TORCH_NOTE,
        ),
    ]
    return Operation(f"voxel grid between pixels, {bins} bins, {count(case.number)}", events, contenders)


def _clearing(events: Events, bins: int) -> Contender:
    out = np.empty((bins, events.sensor.height, events.sensor.width), np.float32)
    return Contender("clearing out=", lambda: out.fill(0), len(events))


def _peers(case: Case, bins: int) -> Iterator[Contender]:
    yield from _eventcv(case, case.events, bins)
    few = case.first(_MOST)
    agrees = _equals(few, bins)
    yield Contender("NumPy", numpy_voxel_grid(few, bins), len(few), agrees, "np.bincount, two passes")
    tonic = case.peers.find("tonic", "tonic.functional")
    if tonic:
        table, size = structured(few), (few.sensor.width, few.sensor.height, 2)
        yield Contender(
            "tonic",
            lambda: tonic.module.to_voxel_grid_numpy(table, size, bins),
            len(few),
            # its times run over B bins instead of B - 1, and what falls beyond the last is dropped
            lambda grid: np.allclose(
                grid.reshape(bins, *grid.shape[-2:]), voxel_grid(few, bins + 1)[:bins], atol=1e-2
            ),
            "B bins without the last edge, compared with ours of B + 1 bins",
        )
    yield Contender(
        "DSEC/E-RAFT in torch",
        torch_voxel_grid(few, bins),
        len(few),
        agrees,
        _TORCH_NOTE,
    )


def _eventcv(case: Case, events: Events, bins: int) -> Iterator[Contender]:
    eventcv = case.peers.find("eventcv")
    if eventcv and len(events) > 1:
        stream = eventcv_stream(eventcv.module, events)
        span_ms = int(events.t[-1] - events.t[0]) / 1000
        yield Contender(
            "eventcv",
            lambda: stream.voxel(bins=bins, window_ms=span_ms),
            len(events),
            lambda frame: _equals(events, bins)(frame.numpy()),
            "window_ms is the whole span; its default takes the last 30 ms only",
        )


def _equals(events: Events, bins: int) -> Callable[[Any], bool]:
    return lambda grid: np.allclose(np.asarray(grid), voxel_grid(events, bins), atol=1e-2)


def numpy_voxel_grid(events: Events, bins: int) -> Callable[[], NDArray[np.float32]]:
    """The same grid with np.bincount, the fastest way that plain NumPy has.

    Args:
        events: any.
        bins: at least 2.
    """
    height, width = events.sensor.height, events.sensor.width

    def call() -> NDArray[np.float32]:
        tau = (events.t - events.t[0]) * ((bins - 1) / max(int(events.t[-1] - events.t[0]), 1))
        lower = np.minimum(tau.astype(np.int64), bins - 2)
        place = (lower * height + events.y) * width + events.x
        sign = np.where(events.p, 1.0, -1.0)
        later = sign * (tau - lower)
        size = bins * height * width
        grid = np.bincount(place, sign - later, size) + np.bincount(place + height * width, later, size)
        return grid.reshape(bins, height, width).astype(np.float32)

    return call


def torch_voxel_grid(
    events: Events,
    bins: int,
    at_x: NDArray[np.float32] | None = None,
    at_y: NDArray[np.float32] | None = None,
) -> Callable[[], Any]:
    """Eight scatters, one for each corner of the cell around (x, y, tau), as DSEC and E-RAFT define it.

    Args:
        events: any.
        bins: at least 2.
        at_x: (N,) float32, px, where the events are instead of their pixels.
        at_y: (N,) float32, px.
    """
    import torch

    torch.set_num_threads(1)
    width, height = events.sensor.width, events.sensor.height
    t = torch.from_numpy(events.t - events.t[0]).float()
    columns = events.x if at_x is None else at_x, events.y if at_y is None else at_y, events.p
    x, y, p = (torch.from_numpy(column.astype(np.float32)) for column in columns)

    def call() -> Any:
        grid = torch.zeros(bins * height * width)
        tau = t * ((bins - 1) / t[-1])
        value = 2 * p - 1
        corner = [column.floor().int() for column in (x, y, tau)]
        for beside in (0, 1):
            for below in (0, 1):
                for later in (0, 1):
                    column, line, plane = corner[0] + beside, corner[1] + below, corner[2] + later
                    weight = (
                        value * (1 - (column - x).abs()) * (1 - (line - y).abs()) * (1 - (plane - tau).abs())
                    )
                    inside = (column < width) & (line < height) & (plane < bins)
                    inside &= (column >= 0) & (line >= 0) & (plane >= 0)
                    place = plane.long() * height * width + line.long() * width + column.long()
                    grid.put_(place[inside], weight[inside], accumulate=True)
        return grid.view(bins, height, width)

    return call
