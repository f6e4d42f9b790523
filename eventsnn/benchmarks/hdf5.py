"""HDF5 files: our own layout and DSEC's, whole and in windows of time, beside h5py alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.formats import EventFile, create_events, open_events

_BLOCK = 1 << 18
_WINDOW_US = 50_000
_WINDOWS = 20

_Columns = tuple[NDArray[Any], ...]


def operations(case: Case) -> Iterator[Operation]:
    """Reading whole files, then random windows of 50 ms."""
    events = case.events
    own, dsec = case.folder / "own.h5", case.folder / "dsec.h5"
    for path, name in ((own, "hdf5"), (dsec, "dsec")):
        with create_events(path, case.sensor, format=name) as writer:
            writer.write(events)
    h5py = case.peers.find("h5py") if case.peers.find("hdf5plugin") else None
    whole = [_columns(events)]
    contenders = [
        _contender("eventsnn", lambda: _whole(own), whole, "own HDF5, Blosc-LZ4"),
        _contender("eventsnn, DSEC", lambda: _whole(dsec), whole, "Blosc-Zstd"),
    ]
    if h5py:
        module = h5py.module
        contenders.append(_contender("h5py, DSEC", lambda: _h5py_whole(module, dsec), whole, "Blosc-Zstd"))
    yield Operation(f"read HDF5, {count(len(events))}", events, contenders)
    if int(events.t[-1]) < 2 * _WINDOW_US:
        return
    starts = np.random.default_rng(0).integers(0, int(events.t[-1]) - _WINDOW_US, _WINDOWS).tolist()
    parts = [_columns(events.between(start, start + _WINDOW_US)) for start in starts]
    with ExitStack() as stack:
        of_dsec, of_own = (stack.enter_context(open_events(path)) for path in (dsec, own))
        of_own.index()
        contenders = [
            _contender("eventsnn, DSEC", lambda: _windows(of_dsec, starts), parts, "Blosc-Zstd"),
            _contender("eventsnn", lambda: _windows(of_own, starts), parts, "own HDF5, Blosc-LZ4"),
        ]
        if h5py:
            content = stack.enter_context(h5py.module.File(dsec))
            contenders.append(
                _contender("h5py, DSEC", lambda: _h5py_windows(content, starts), parts, "ms_to_idx")
            )
        yield Operation(f"{_WINDOWS} windows of 50 ms from HDF5", events, contenders)


def _contender(
    name: str, read: Callable[[], Iterator[_Columns]], expected: list[_Columns], note: str
) -> Contender:
    """Reads stretch by stretch and keeps none; the answer is compared in a reading of its own."""

    def run() -> None:
        for _ in read():
            pass

    def right(_: object) -> bool:
        stretches = list(read())
        return all(
            np.array_equal(np.concatenate([part[k] for part in stretches]), np.concatenate(column))
            for k, column in enumerate(zip(*expected, strict=True))
        )

    return Contender(name, run, sum(columns[0].size for columns in expected), right, note)


def _columns(events: Events) -> _Columns:
    return events.t, events.x, events.y, events.p


def _whole(path: Path) -> Iterator[_Columns]:
    with open_events(path) as recording:
        yield from map(_columns, recording.events())


def _windows(recording: EventFile, starts: list[int]) -> Iterator[_Columns]:
    for start in starts:
        yield from map(_columns, recording.events(start, start + _WINDOW_US))


def _h5py_rows(content: Any, first: int, last: int) -> _Columns:
    group = content["events"]
    t = group["t"][first:last].astype(np.int64) + content["t_offset"][()]
    return t, group["x"][first:last], group["y"][first:last], group["p"][first:last].view(np.bool_)


def _h5py_whole(h5py: Any, path: Path) -> Iterator[_Columns]:
    with h5py.File(path) as content:
        rows = content["events/t"].shape[0]
        for first in range(0, rows, _BLOCK):
            yield _h5py_rows(content, first, min(first + _BLOCK, rows))


def _h5py_windows(content: Any, starts: list[int]) -> Iterator[_Columns]:
    table, offset = content["ms_to_idx"], int(content["t_offset"][()])
    for start in starts:
        begin, end = start - offset, start - offset + _WINDOW_US
        columns = _h5py_rows(content, int(table[max(0, begin) // 1000]), int(table[-(-end // 1000)]))
        inside = slice(*np.searchsorted(columns[0], (start, start + _WINDOW_US)))
        yield tuple(column[inside] for column in columns)
