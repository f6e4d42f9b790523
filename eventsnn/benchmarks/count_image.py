"""Count images beside peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.peers import dv_store, eventcv_stream, evutils_array, structured
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.representations import count_image

_MOST_NUMPY = 2_000_000
_MOST_DV = 500_000


def operations(case: Case) -> Iterator[Operation]:
    """Events per pixel and polarity."""
    events = case.events
    out = np.empty((2, events.sensor.height, events.sensor.width), np.float32)
    contenders = [Contender("eventsnn", lambda: count_image(events, out=out), len(events)), *_peers(case)]
    yield Operation(f"count image, {count(len(events))}", events, contenders)


def _peers(case: Case) -> Iterator[Contender]:
    events, few, fewer = case.events, case.first(_MOST_NUMPY), case.first(_MOST_DV)
    size = (events.sensor.width, events.sensor.height)
    eventcv = case.peers.find("eventcv")
    if eventcv:
        stream = eventcv_stream(eventcv.module, events)
        yield Contender(
            "eventcv",
            lambda: stream.count(),
            len(events),
            lambda frame: np.array_equal(frame.numpy()[0], count_image(events).sum(0)),
            "count: one plane, both polarities together",
        )
    evutils = case.peers.find("evutils")
    if evutils:
        array = evutils_array(evutils.module, events)
        yield Contender(
            "evutils",
            lambda: evutils.module.dense.histogram(array, *size, dtype=np.uint16),
            len(events),
            lambda image: np.array_equal(
                np.sort(image.sum((0, 1)))[-2:], np.sort(count_image(events).sum((1, 2)))
            ),
            "histogram: (H, W, 3) of 16 bits",
        )
    dv = case.peers.find("dv-processing", "dv_processing")
    if dv:
        store, accumulator = dv_store(dv.module, fewer), dv.module.EdgeMapAccumulator(size)

        def accumulate() -> Any:
            accumulator.accept(store)
            return accumulator.generateFrame()

        yield Contender(
            "dv-processing", accumulate, len(fewer), note="EdgeMapAccumulator: saturates, one plane of 8 bits"
        )
    yield Contender("NumPy", numpy_count_image(few), len(few), _equals(few), "np.bincount")
    tonic = case.peers.find("tonic", "tonic.functional")
    if tonic:
        table = structured(few)
        yield Contender(
            "tonic",
            lambda: tonic.module.to_frame_numpy(table, (*size, 2), n_time_bins=1),
            len(few),
            lambda frames: np.array_equal(frames[0, ::-1], count_image(few[few.t < few.t[-1]])),
            "leaves out the events of the last µs",
        )


def _equals(events: Events) -> Callable[[Any], bool]:
    return lambda image: np.array_equal(image, count_image(events))


def numpy_count_image(events: Events) -> Callable[[], NDArray[np.int64]]:
    """The same image with np.bincount.

    Args:
        events: any.
    """
    height, width = events.sensor.height, events.sensor.width

    def call() -> NDArray[np.int64]:
        place = (np.where(events.p, 0, height) + events.y) * width + events.x
        return np.bincount(place, minlength=2 * height * width).reshape(2, height, width)

    return call
