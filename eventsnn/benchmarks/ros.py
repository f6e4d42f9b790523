"""ROS 1 bags of dvs_msgs to arrays, beside peers; rosbags writes the bag, so the group needs it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eventsnn.benchmarks.case import Case
from eventsnn.benchmarks.timing import Contender, Operation, count
from eventsnn.events import Events
from eventsnn.formats import open_events

_TOPIC = "/davis/left/events"
_KIND = "dvs_msgs/msg/EventArray"
_RECORD = np.dtype([("x", "<u2"), ("y", "<u2"), ("seconds", "<u4"), ("ns", "<u4"), ("p", "u1")])
_MESSAGE_EVENTS = 20_000


def operations(case: Case) -> Iterator[Operation]:
    """All columns of an uncompressed bag that the page cache holds."""
    rosbags = case.peers.find("rosbags", "rosbags.rosbag1")
    if rosbags is None:
        return
    events = case.events
    path = case.folder / "events.bag"
    _write(path, events, rosbags.module)

    def ours() -> list[Events]:
        with open_events(path) as recording:
            return list(recording.events())

    def with_numpy() -> list[tuple[Any, ...]]:
        with rosbags.module.Reader(path) as reader:
            return [_columns(raw) for _, _, raw in reader.messages()]

    contenders = [
        Contender("eventsnn", ours, len(events), lambda answer: _equal(_ours(answer), events)),
        Contender(
            rosbags.name, with_numpy, len(events), lambda answer: _equal(answer, events),
            "its container, and numpy for the events",
        ),
    ]  # fmt: skip
    eventcv = case.peers.find("eventcv")
    if eventcv:
        contenders.append(
            Contender(
                eventcv.name,
                lambda: eventcv.module.load(str(path), topic=_TOPIC),
                len(events),
                lambda stream: _equal([_of_eventcv(stream)], events),
            )
        )
    yield Operation(f"read ROS 1 dvs_msgs, {count(len(events))}", events, contenders)


def _write(path: Path, events: Events, rosbag1: Any) -> None:
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    event = "uint16 x\nuint16 y\ntime ts\nbool polarity"
    array = "std_msgs/Header header\nuint32 height\nuint32 width\ndvs_msgs/Event[] events"
    store.register(get_types_from_msg(event, "dvs_msgs/msg/Event"))
    store.register(get_types_from_msg(array, _KIND))
    with rosbag1.Writer(path) as writer:
        connection = writer.add_connection(_TOPIC, _KIND, typestore=store)
        for begin in range(0, len(events), _MESSAGE_EVENTS):
            piece = events[begin : begin + _MESSAGE_EVENTS]
            records = np.empty(len(piece), _RECORD)
            for name in ("x", "y", "p"):
                records[name] = getattr(piece, name)
            records["seconds"], records["ns"] = piece.t // 1_000_000, piece.t % 1_000_000 * 1000
            start = records[0]
            header = struct.pack("<4I", 0, int(start["seconds"]), int(start["ns"]), 0)
            size = struct.pack("<3I", events.sensor.height, events.sensor.width, len(piece))
            writer.write(connection, int(piece.t[0]) * 1000, header + size + records.tobytes())


def _columns(raw: bytes) -> tuple[Any, ...]:
    """t, x, y, p of a message, as a careful user of rosbags would take them."""
    (name,) = struct.unpack_from("<I", raw, 12)
    (number,) = struct.unpack_from("<I", raw, 24 + name)
    records = np.frombuffer(raw, _RECORD, number, 28 + name)
    t = records["seconds"].astype(np.int64) * 1_000_000 + records["ns"] // 1000
    return t, records["x"].copy(), records["y"].copy(), records["p"].astype(bool)


def _ours(stretches: list[Events]) -> list[tuple[Any, ...]]:
    return [(part.t, part.x, part.y, part.p) for part in stretches]


def _of_eventcv(stream: Any) -> tuple[Any, ...]:
    table = stream.numpy()
    return table[:, 2], table[:, 0], table[:, 1], table[:, 3] > 0


def _equal(parts: list[tuple[Any, ...]], events: Events) -> bool:
    return all(
        np.array_equal(np.concatenate([part[k] for part in parts]), getattr(events, name))
        for k, name in enumerate(("t", "x", "y", "p"))
    )
