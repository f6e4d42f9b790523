"""Stacked histograms beside peers, and one window of real size beside clearing its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.benchmarks.case import Case, moving_edges
from eventsnn.benchmarks.peers import structured
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events, Sensor
from eventsnn.representations import stacked_histogram

_BINS = 10
_MOST = 2_000_000
"""torch and tonic hold a dozen columns of 8 bytes meanwhile."""


def operations(case: Case) -> Iterator[Operation]:
    """Ten bins of all events, and of windows of a megapixel camera."""
    events = case.events
    contenders = [_ours(events), *_evlib(case, events), *_slow_peers(case)]
    yield Operation(f"stacked histogram, {_BINS} bins, {count(len(events))}", events, contenders)
    for number in (10_000, 100_000):
        window = moving_edges(min(number, case.number), Sensor(1280, 720))
        yield Operation(
            f"stacked histogram, 1280x720x{_BINS}, {count(len(window))}",
            window,
            [_ours(window), _clearing(window), *_evlib(case, window)],
        )


def _ours(events: Events) -> Contender:
    out = np.empty((2 * _BINS, events.sensor.height, events.sensor.width), np.uint8)
    return Contender("eventsnn", lambda: stacked_histogram(events, _BINS, out=out), len(events))


def _clearing(events: Events) -> Contender:
    out = np.empty((2 * _BINS, events.sensor.height, events.sensor.width), np.uint8)
    return Contender("clearing out=", lambda: out.fill(0), len(events))


def _evlib(case: Case, events: Events) -> Iterator[Contender]:
    evlib = case.peers.find("evlib")
    if evlib:
        columns = [column.astype(np.int64) for column in (events.t, events.x, events.y, events.p)]
        start_us, end_us = int(events.t[0]), int(events.t[-1])
        width, height = events.sensor.width, events.sensor.height
        columns_kept, lines_kept = np.arange(width), np.arange(height)
        ends_us, span_us = np.array([end_us]), max(end_us - start_us, 1)
        dense = evlib.module.representations_rs.stacked_histogram_dense
        yield Contender(
            "evlib",
            lambda: dense(*columns, ends_us, span_us, _BINS, 255, lines_kept, columns_kept, height, width),
            len(events),
            lambda planes: np.array_equal(planes[0], stacked_histogram(events, _BINS)),
            "columns converted to 64 bits beforehand",
        )


def _slow_peers(case: Case) -> Iterator[Contender]:
    few = case.first(_MOST)
    yield Contender(
        "RVT in torch",
        torch_histogram(few),
        len(few),
        lambda planes: np.array_equal(planes, stacked_histogram(few, _BINS)),
        "RVT without fast mode: our own code after its equation, one thread",
    )
    tonic = case.peers.find("tonic", "tonic.functional")
    if tonic:
        table = structured(few)
        size = few.sensor.width, few.sensor.height, 2
        yield Contender(
            "tonic",
            lambda: tonic.module.to_frame_numpy(table, size, n_time_bins=_BINS),
            len(few),
            note="to_frame_numpy: 16 bits that wrap, bins of whole µs",
        )


def torch_histogram(events: Events) -> Callable[[], NDArray[Any]]:
    """The same histogram with one torch scatter of 16 bits, as RVT's preprocessing makes it.

    Args:
        events: in time order, at least one.
    """
    import torch

    torch.set_num_threads(1)
    t, x, y, p = (
        torch.from_numpy(column.astype(np.int64)) for column in (events.t, events.x, events.y, events.p)
    )
    height, width = events.sensor.height, events.sensor.width

    def call() -> NDArray[Any]:
        time = (t - t[0]).double() / max(int(t[-1] - t[0]), 1)
        k = (time * _BINS).floor().clamp(max=_BINS - 1).long()
        counts = torch.zeros(2 * _BINS * height * width, dtype=torch.int16)
        place = ((p * _BINS + k) * height + y) * width + x
        counts.put_(place, torch.ones_like(place, dtype=torch.int16), accumulate=True)
        answer: NDArray[Any] = counts.clamp(max=255).byte().view(2 * _BINS, height, width).numpy()
        return answer

    return call
