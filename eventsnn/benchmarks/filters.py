"""Filters beside eventcv, dv_processing, evutils and tonic; each makes new arrays of what it keeps."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.peers import dv_store, eventcv_stream, evutils_array, structured
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.filters import BackgroundActivity, FastDecay, Filter, KNoise, Refractory, Region

_TIME_US = 2000
_PERIOD_US = 1000
_HALF_LIFE_US = 10_000
_MOST_DV = 500_000
_MOST_TONIC = 100_000
_STRETCH = 100_000
_RESTARTS = "a dropped event restarts the dead time, so that other events are kept"


def operations(case: Case) -> Iterator[Operation]:
    """Every filter that a peer has too."""
    events = case.events
    for name, step in (
        (f"background activity, {_TIME_US} µs", BackgroundActivity(_TIME_US)),
        (f"refractory period, {_PERIOD_US} µs", Refractory(_PERIOD_US)),
        (f"KNoise, {_TIME_US} µs", KNoise(_TIME_US)),
        (f"fast decay, {_HALF_LIFE_US} µs", FastDecay(_HALF_LIFE_US)),
        ("region, the middle quarter", _middle(events)),
    ):
        contenders = [
            Contender("eventsnn", _once(step, events), len(events)),
            Contender(
                "eventsnn, streaming",
                _streaming(step, events),
                len(events),
                partial(_is_number_kept, step, events),
                f"in stretches of {count(_STRETCH)}",
            ),
            *_peers(case, step),
        ]
        yield Operation(f"{name}, {count(len(events))}", events, contenders)


def _is_number_kept(step: Filter, events: Events, number: int) -> bool:
    return number == len(step(events)[0])


def _middle(events: Events) -> Region:
    width, height = events.sensor.width, events.sensor.height
    return Region(width // 4, height // 4, max(width // 2, 1), max(height // 2, 1))


def _once(step: Filter, events: Events) -> Callable[[], Events]:
    return lambda: step(events)[0]


def _streaming(step: Filter, events: Events) -> Callable[[], int]:
    def call() -> int:
        kept, state = 0, None
        for first in range(0, len(events), _STRETCH):
            some, state = step(events[first : first + _STRETCH], state)
            kept += len(some)
        return kept

    return call


def _peers(case: Case, step: Filter) -> Iterator[Contender]:
    yield from _eventcv(case, step)
    yield from _dv(case, step)
    if isinstance(step, Refractory):
        yield from _evutils(case, step)
    if isinstance(step, BackgroundActivity | Refractory):
        yield from _tonic(case, step)


def _eventcv(case: Case, step: Filter) -> Iterator[Contender]:
    peer = case.peers.find("eventcv")
    if not peer or not isinstance(step, BackgroundActivity | Refractory | Region):
        return
    stream = eventcv_stream(peer.module, case.events)
    call: Callable[[], Any]
    if isinstance(step, BackgroundActivity):
        call = partial(stream.background_activity_filter, step.time_us)
    elif isinstance(step, Refractory):
        call = partial(stream.refractory_filter, step.period_us)
    else:
        call = partial(stream.crop, step.x, step.y, step.width, step.height)
    yield Contender(
        "eventcv", call, len(case.events), lambda kept: kept.shape[0] == len(step(case.events)[0])
    )


def _dv(case: Case, step: Filter) -> Iterator[Contender]:
    peer = case.peers.find("dv-processing", "dv_processing")
    if not peer:
        return
    few, dv, note = case.first(_MOST_DV), peer.module, ""
    size = (few.sensor.width, few.sensor.height)
    options: tuple[Any, ...]
    if isinstance(step, BackgroundActivity):
        # An age of exactly the duration is too old for it.
        kind, options = dv.noise.BackgroundActivityNoiseFilter, (size, _microseconds(step.time_us + 1))
    elif isinstance(step, KNoise):
        kind, options = dv.noise.KNoiseFilter, (size, _microseconds(step.time_us))
    elif isinstance(step, FastDecay):
        half_life = _microseconds(step.half_life_us)
        kind, options = dv.noise.FastDecayNoiseFilter, (size, half_life, step.cell_px, step.threshold)
    elif isinstance(step, Region):
        kind, options = dv.EventRegionFilter, ((step.x, step.y, step.width, step.height),)
        note = "keeps the coordinates"
    else:
        return
    # For it every pixel fired at time 0.
    later = Events(few.t + 10 * _HALF_LIFE_US, few.x, few.y, few.p, few.sensor)
    store = dv_store(dv, later)

    def call() -> Any:
        # A filter takes no events twice.
        filter = kind(*options)
        filter.accept(store)
        return filter.generateEvents()

    yield Contender("dv-processing", call, len(few), lambda kept: len(kept) == len(step(few)[0]), note)


def _evutils(case: Case, step: Refractory) -> Iterator[Contender]:
    peer = case.peers.find("evutils")
    functions = case.peers.find("evutils", "evutils.transforms.functional")
    if not peer or not functions:
        return
    array, refractory_period = evutils_array(peer.module, case.events), functions.module.refractory_period
    yield Contender(
        "evutils", lambda: refractory_period(array, step.period_us), len(case.events), note=_RESTARTS
    )


def _tonic(case: Case, step: BackgroundActivity | Refractory) -> Iterator[Contender]:
    peer = case.peers.find("tonic", "tonic.functional")
    if not peer:
        return
    few = case.first(_MOST_TONIC)
    table, functions = structured(few), peer.module
    call: Callable[[], Any]
    if isinstance(step, BackgroundActivity):
        call, note = (
            partial(functions.denoise_numpy, table, step.time_us),
            "4 neighbours; keeps the first events",
        )
    else:
        call, note = partial(functions.refractory_period_numpy, table, step.period_us), _RESTARTS
    yield Contender("tonic", call, len(few), note=note)


def _microseconds(time_us: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=time_us)
