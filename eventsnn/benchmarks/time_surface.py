"""Time surfaces beside peers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.peers import dv_store, eventcv_stream, evutils_array
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.representations import time_surface

_MOST_DV = 500_000
_TAU_US = 20_000


def operations(case: Case) -> Iterator[Operation]:
    """Exponential time surfaces of the last event of each pixel and polarity."""
    events = case.events
    out = np.empty((2, events.sensor.height, events.sensor.width), np.float32)
    contenders = [
        Contender("eventsnn", lambda: time_surface(events, _TAU_US, out=out), len(events)),
        *_peers(case),
    ]
    yield Operation(f"time surface, {count(len(events))}", events, contenders)


def _peers(case: Case) -> Iterator[Contender]:
    events, fewer = case.events, case.first(_MOST_DV)
    size = (events.sensor.width, events.sensor.height)
    eventcv = case.peers.find("eventcv")
    if eventcv:
        stream = eventcv_stream(eventcv.module, events)
        yield Contender(
            "eventcv",
            lambda: stream.tsurf(tau_ms=_TAU_US / 1000),
            len(events),
            lambda frame: np.allclose(frame.numpy(), time_surface(events, _TAU_US), atol=1e-4),
        )
    evutils = case.peers.find("evutils")
    if evutils:
        array = evutils_array(evutils.module, events)
        yield Contender(
            "evutils",
            lambda: evutils.module.dense.timesurface(array, *size, tau=_TAU_US),
            len(events),
            note="timesurface: one plane, signed by the last polarity",
        )
    dv = case.peers.find("dv-processing", "dv_processing")
    if dv:
        store, surface = dv_store(dv.module, fewer), dv.module.TimeSurface(size)

        def accept() -> Any:
            surface.accept(store)
            return surface.generateFrame()

        yield Contender("dv-processing", accept, len(fewer), note="TimeSurface: linear, one plane of 8 bits")
