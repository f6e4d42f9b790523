"""Event Stream files to arrays, beside peers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.formats import create_events, open_events


def operations(case: Case) -> Iterator[Operation]:
    """All columns of a `.es` file that the page cache holds."""
    events = case.events
    path = case.folder / "events.es"
    with create_events(path, events.sensor) as writer:
        writer.write(events)

    def ours() -> list[Events]:
        with open_events(path) as recording:
            return list(recording.events())

    contenders = [Contender("eventsnn", ours, len(events), lambda answer: _equal(answer, events))]
    event_stream = case.peers.find("event-stream", "event_stream")
    if event_stream:

        def theirs() -> list[Any]:
            with event_stream.module.Decoder(str(path)) as decoder:
                return list(decoder)

        contenders.append(
            Contender(
                event_stream.name, theirs, len(events),
                lambda answer: _same_columns(answer, events, upside_down=True),
                "y from the lower edge, as stored",
            )
        )  # fmt: skip
    faery = case.peers.find("faery")
    if faery:
        contenders.append(
            Contender(
                faery.name,
                lambda: list(faery.module.events_stream_from_file(path)),
                len(events),
                lambda answer: _same_columns(answer, events, upside_down=False),
            )
        )
    yield Operation(f"read Event Stream, {count(len(events))}", events, contenders)


def _equal(stretches: list[Events], events: Events) -> bool:
    return all(
        np.array_equal(np.concatenate([getattr(part, name) for part in stretches]), getattr(events, name))
        for name in ("t", "x", "y", "p")
    )


def _same_columns(packets: list[Any], events: Events, upside_down: bool) -> bool:
    def column(name: str) -> Any:
        return np.concatenate([packet[name] for packet in packets])

    y = events.sensor.height - 1 - column("y").astype(np.int64) if upside_down else column("y")
    return (
        np.array_equal(column("t"), events.t)
        and np.array_equal(column("x"), events.x)
        and np.array_equal(y, events.y)
        and np.array_equal(column("on"), events.p)
    )
