"""Time surfaces beside peers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.peers import dv_store, eventcv_stream, evutils_array
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.representations import speed_invariant_time_surface, time_surface

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
    few = case.first(_MOST_DV)
    contenders = [
        Contender("eventsnn", lambda: speed_invariant_time_surface(few, 4, polarity="merged"), len(few)),
        *_dv(case, "SpeedInvariantTimeSurface", "leaves out a row and a column of every neighbourhood"),
    ]
    yield Operation(f"speed-invariant surface, r = 4, {count(len(few))}", few, contenders)


def _peers(case: Case) -> Iterator[Contender]:
    events = case.events
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
    yield from _dv(case, "TimeSurface", "linear, one plane of 8 bits")


def _dv(case: Case, kind: str, note: str) -> Iterator[Contender]:
    dv = case.peers.find("dv-processing", "dv_processing")
    if dv:
        few = case.first(_MOST_DV)
        store = dv_store(dv.module, few)
        surface = getattr(dv.module, kind)((few.sensor.width, few.sensor.height))

        def accept() -> Any:
            surface.accept(store)
            return surface.generateFrame()

        yield Contender("dv-processing", accept, len(few), note=f"{kind}: {note}")
