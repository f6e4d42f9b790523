"""Comma-separated events to arrays, and back, beside peers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.formats import create_events, open_events

_MOST = 5_000_000
_MOST_SAVETXT = 200_000
_NAMES = ("t", "x", "y", "p")
_TYPES = {"t": "i8", "x": "u2", "y": "u2", "p": "u1"}


def operations(case: Case) -> Iterator[Operation]:
    """All columns of a `.csv` file, read from the page cache; then written."""
    events = case.first(_MOST)
    path = case.folder / "events.csv"
    write(path, events)
    plain = case.folder / "plain.csv"
    # peers know no comment before the names
    plain.write_bytes(path.read_bytes().partition(b"\n")[2])

    def ours() -> list[Events]:
        with open_events(plain, events.sensor) as recording:
            return list(recording.events())

    contenders = [
        Contender("eventsnn", ours, len(events), lambda answer: _equal(answer, events)),
        *_readers(case, plain, events),
    ]
    yield Operation(f"read csv, {count(len(events))}", events, contenders)
    contenders = [
        Contender("eventsnn", lambda: write(path, events), len(events)),
        *_writers(case, events),
    ]
    yield Operation(f"write csv, {count(len(events))}", events, contenders)


def write(path: Path, events: Events) -> None:
    """Events as the text file that the name's ending says.

    Args:
        path: of the file.
        events: its content.
    """
    with create_events(path, events.sensor) as writer:
        writer.write(events)


def _readers(case: Case, plain: Path, events: Events) -> Iterator[Contender]:
    polars = case.peers.find("polars")
    if polars:
        yield Contender(
            polars.name,
            lambda: [polars.module.read_csv(plain)],
            len(events),
            lambda answer: _equal(answer, events),
            "read_csv, any table",
        )
    pandas = case.peers.find("pandas")
    if pandas:
        yield Contender(
            pandas.name,
            lambda: [pandas.module.read_csv(plain)],
            len(events),
            lambda answer: _equal(answer, events),
            "read_csv, any table",
        )
    faery = case.peers.find("faery")
    if faery:
        size = (events.sensor.width, events.sensor.height)
        yield Contender(
            faery.name,
            lambda: list(faery.module.events_stream_from_file(plain, dimensions_fallback=size)),
            len(events),
            lambda answer: _equal(answer, events, p="on"),
        )
    columns = np.dtype(list(_TYPES.items()))
    yield Contender(
        "numpy",
        lambda: [np.loadtxt(plain, columns, delimiter=",", skiprows=1)],
        len(events),
        lambda answer: _equal(answer, events),
        "loadtxt with the type of each column given; without, all are floats and it is 10 times slower",
    )


def _writers(case: Case, events: Events) -> Iterator[Contender]:
    polars = case.peers.find("polars")
    if polars:
        frame = polars.module.DataFrame({name: getattr(events, name).view(_TYPES[name]) for name in _NAMES})
        yield Contender(
            polars.name, lambda: frame.write_csv(case.folder / "polars.csv"), len(events), note="any table"
        )
    few = events[:_MOST_SAVETXT]
    table = np.stack([getattr(few, name).astype(np.int64) for name in _NAMES], axis=1)
    yield Contender(
        "numpy",
        lambda: np.savetxt(case.folder / "numpy.csv", table, "%d", ","),
        len(few),
        note="savetxt",
    )


def _equal(parts: list[Any], events: Events, p: str = "p") -> bool:
    def column(name: str) -> Any:
        stored = p if name == "p" else name
        return np.concatenate(
            [np.asarray(getattr(part, name) if isinstance(part, Events) else part[stored]) for part in parts]
        )

    return all(np.array_equal(column(name), getattr(events, name)) for name in _NAMES)
