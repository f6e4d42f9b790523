"""`eventsnn bench`: how fast this machine turns events into tensors, beside other libraries.

Every contender of an operation runs in turn, round after round, and its best round counts: what else
the machine does then hits all of them alike. The plain copy of the same four arrays is the yardstick.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.command_line import sensor_size
from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.representations import count_image, time_surface, voxel_grid

_TAU_US = 20_000
_WINDOW_EVENTS = 40_000
_MOST_DV_EVENTS = 500_000
"""dv_processing takes events one by one from Python; its rate does not depend on their number."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One implementation of one operation.

    Args:
        operation: what was done, on how many events.
        implementation: whose code did it.
        ms: best wall time of one call, ms.
        mev_s: million events per second.
        of_copy: this rate over that of the plain copy, in the same rounds.
        ours: the rate of eventsnn over this one.
    """

    operation: str
    implementation: str
    ms: float
    mev_s: float
    of_copy: float
    ours: float


@dataclass(frozen=True, slots=True)
class _Contender:
    implementation: str
    call: Callable[[], Any]
    events: int


def add_parser(subparsers: Any) -> None:
    """Add the command to a command line; it stores `run` as the `run` of its options.

    Args:
        subparsers: what `ArgumentParser.add_subparsers` gave.
    """
    parser = subparsers.add_parser(
        "bench",
        help="how fast this machine is, beside other libraries",
        description="Time eventsnn's kernels beside a plain copy, NumPy, tonic and dv_processing in one run.",
        epilog="example:\n  eventsnn bench --events 5000000 --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=5_000_000, help="random events (default: %(default)s)")
    parser.add_argument(
        "--sensor", type=sensor_size, default=Sensor(346, 260), help="WIDTHxHEIGHT, px (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=7, help="rounds, the best counts (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Time everything and print it.

    Args:
        args: the options of `add_parser`.
    Returns: the exit code, 0.
    Raises: ConfigError: not one event or not one round.
    """
    if args.events < 1 or args.rounds < 1:
        raise ConfigError(f"bench needs at least 1 event and 1 round, not {args.events} and {args.rounds}")
    events = _random_events(args.events, args.sensor)
    tonic, notes = _tonic()
    notes.append(
        f"dv_processing: rate over {_count(min(args.events, _MOST_DV_EVENTS))}, for it takes them one by one "
        "from Python (not timed); its count image saturates, its time surface is linear, both 8-bit"
    )
    timings: list[Timing] = []
    for operation, contenders in _operations(events, tonic):
        timings += _timed(operation, contenders, args.rounds)
    if args.json:
        about = {"machine": platform.machine(), "cores": os.cpu_count(), "sensor": str(events.sensor)}
        print(
            json.dumps({**about, "notes": notes, "timings": [asdict(timing) for timing in timings]}, indent=1)
        )
        return 0
    print(f"random events on {events.sensor}, best of {args.rounds} interleaved rounds, 1 thread\n")
    print("\n".join(as_table(timings)))
    for note in notes:
        print(f"\n{note}")
    return 0


def as_table(timings: Iterable[Timing]) -> Iterator[str]:
    """The lines of a table, one for each timing.

    Args:
        timings: those of one operation next to each other.
    """
    yield f"{'operation':<34}{'implementation':<18}{'ms':>9}{'Mev/s':>9}{'of copy':>9}{'ours is':>9}"
    before = None
    for timing in timings:
        name = timing.operation if timing.operation != before else ""
        before = timing.operation
        yield (
            f"{name:<34}{timing.implementation:<18}{timing.ms:>9.2f}{timing.mev_s:>9.1f}"
            f"{timing.of_copy:>9.2f}{timing.ours:>8.1f}x"
        )


def _operations(events: Events, tonic: Any) -> Iterator[tuple[str, list[_Contender]]]:
    """What is timed, and by whom: eventsnn comes first, the plain copy last."""
    window = events[: min(len(events), _WINDOW_EVENTS)]
    few = events[: min(len(events), _MOST_DV_EVENTS)]
    structured = _structured(events) if tonic else None
    size = (events.sensor.width, events.sensor.height, 2)
    copy = _copy(events)
    for bins in (5, 10, 15):
        contenders = [_voxel(events, bins), _Contender("NumPy", _numpy_voxel(events, bins), len(events))]
        if tonic:
            call = _call(tonic.to_voxel_grid_numpy, structured, size, bins)
            contenders.append(_Contender("tonic", call, len(events)))
        yield f"voxel grid, {bins} bins, {_count(len(events))}", [*contenders, copy]
    contenders = [_voxel(window, 5), _Contender("NumPy", _numpy_voxel(window, 5), len(window))]
    yield f"voxel grid, 5 bins, {_count(len(window))}", [*contenders, _copy(window)]

    out = np.zeros((2, events.sensor.height, events.sensor.width), np.float32)
    store = _dv_store(few)
    contenders = [
        _Contender("eventsnn", lambda: count_image(events, out=out), len(events)),
        _Contender("NumPy", _numpy_count(events), len(events)),
        _Contender("dv_processing", _dv_edge_map(few, store), len(few)),
    ]
    if tonic:
        call = _call(tonic.to_frame_numpy, structured, size, n_time_bins=1)
        contenders.append(_Contender("tonic", call, len(events)))
    yield f"count image, {_count(len(events))}", [*contenders, copy]
    contenders = [
        _Contender("eventsnn", lambda: time_surface(events, _TAU_US, out=out), len(events)),
        _Contender("dv_processing", _dv_time_surface(few, store), len(few)),
    ]
    yield f"time surface, {_count(len(events))}", [*contenders, copy]


def _timed(operation: str, contenders: list[_Contender], rounds: int) -> Iterator[Timing]:
    for contender in contenders:
        # The first call compiles, or touches memory for the first time.
        contender.call()
    best = [float("inf")] * len(contenders)
    for _ in range(rounds):
        for index, contender in enumerate(contenders):
            start = time.perf_counter()
            contender.call()
            best[index] = min(best[index], time.perf_counter() - start)
    rates = [contender.events / seconds / 1e6 for contender, seconds in zip(contenders, best, strict=True)]
    for contender, seconds, rate in zip(contenders, best, rates, strict=True):
        yield Timing(
            operation, contender.implementation, seconds * 1e3, rate, rate / rates[-1], rates[0] / rate
        )


def _random_events(number: int, sensor: Sensor) -> Events:
    generator = np.random.default_rng(0)
    return Events(
        np.sort(generator.integers(0, max(number // 10, 1), number)),
        generator.integers(0, sensor.width, number, np.uint16),
        generator.integers(0, sensor.height, number, np.uint16),
        generator.random(number) < 0.5,
        sensor,
    )


def _count(events: int) -> str:
    return f"{events / 1e6:g} M events" if events >= 1e6 else f"{events / 1e3:g} k events"


def _call(function: Callable[..., Any], *args: Any, **options: Any) -> Callable[[], Any]:
    return lambda: function(*args, **options)


def _voxel(events: Events, bins: int) -> _Contender:
    out = np.zeros((bins, events.sensor.height, events.sensor.width), np.float32)
    return _Contender("eventsnn", lambda: voxel_grid(events, bins, out=out), len(events))


def _copy(events: Events) -> _Contender:
    columns: list[NDArray[Any]] = [events.t, events.x, events.y, events.p]
    copies = [np.empty_like(column) for column in columns]

    def call() -> None:
        for copy, column in zip(copies, columns, strict=True):
            np.copyto(copy, column)

    return _Contender("plain copy", call, len(events))


def _numpy_voxel(events: Events, bins: int) -> Callable[[], NDArray[Any]]:
    """The same grid with np.bincount, the fastest way that plain NumPy has."""
    height, width = events.sensor.height, events.sensor.width

    def call() -> NDArray[Any]:
        tau = (events.t - events.t[0]) * ((bins - 1) / max(int(events.t[-1] - events.t[0]), 1))
        lower = np.minimum(tau.astype(np.int64), bins - 2)
        place = (lower * height + events.y) * width + events.x
        sign = np.where(events.p, 1.0, -1.0)
        later = sign * (tau - lower)
        size = bins * height * width
        grid = np.bincount(place, sign - later, size) + np.bincount(place + height * width, later, size)
        return grid.reshape(bins, height, width).astype(np.float32)

    return call


def _numpy_count(events: Events) -> Callable[[], NDArray[Any]]:
    height, width = events.sensor.height, events.sensor.width

    def call() -> NDArray[Any]:
        place = (np.where(events.p, 0, height) + events.y) * width + events.x
        return np.bincount(place, minlength=2 * height * width).reshape(2, height, width)

    return call


def _dv_store(events: Events) -> Any:
    import dv_processing as dv

    store = dv.EventStore()
    columns = (column.tolist() for column in (events.t, events.x, events.y, events.p))
    for t, x, y, p in zip(*columns, strict=True):
        store.push_back(t, x, y, p)
    return store


def _dv_edge_map(events: Events, store: Any) -> Callable[[], Any]:
    import dv_processing as dv

    accumulator = dv.EdgeMapAccumulator((events.sensor.width, events.sensor.height))

    def call() -> Any:
        accumulator.accept(store)
        return accumulator.generateFrame()

    return call


def _dv_time_surface(events: Events, store: Any) -> Callable[[], Any]:
    import dv_processing as dv

    surface = dv.TimeSurface((events.sensor.width, events.sensor.height))

    def call() -> Any:
        surface.accept(store)
        return surface.generateFrame()

    return call


def _tonic() -> tuple[Any, list[str]]:
    """The functions of tonic, or None and what to do to have them."""
    try:
        import tonic.functional
    except ImportError as error:
        return None, [f"tonic was not measured ({error}); to compare: pip install 'eventsnn[bench]'"]
    return tonic.functional, []


def _structured(events: Events) -> NDArray[Any]:
    """Events as tonic wants them; polarity as int8, for its voxel grid takes every bool event for ON."""
    array = np.empty(len(events), [("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.int8)])
    for name in ("x", "y", "t", "p"):
        array[name] = getattr(events, name)
    return array
