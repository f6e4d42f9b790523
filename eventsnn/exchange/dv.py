"""Events to and from dv-processing's EventStore."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from eventsnn.errors import ShapeError, StorageError
from eventsnn.events import Events, Sensor
from eventsnn.formats.aedat4 import MAGIC
from eventsnn.formats.dv_packets import HEADER_SIZE, PACKET_HEADER, Stream, encode_header, encode_packet

_PACKET_EVENTS = 1 << 16
"""Of the sizes from 2**12 to 2**20 the one that dv reads fastest."""


def from_event_store(store: Any, sensor: Sensor) -> Events:
    """Events from a store of dv-processing.

    >>> import dv_processing
    >>> store = dv_processing.EventStore()
    >>> _ = store.push_back(40, 3, 1, True)
    >>> from_event_store(store, Sensor(346, 260))
    Events(1 on 346x260, 40..40 µs)

    Args:
        store: dv_processing.EventStore.
        sensor: the pixel array, which a store does not know.
    Raises: ShapeError: an event lies off the sensor.
    """
    rows = store.numpy()
    # dv holds polarity as a byte of 0 or 1, and bool is the one type that needs no further check.
    polarity = rows["polarity"] != 0
    t, x, y = (np.ascontiguousarray(rows[name]) for name in ("timestamp", "x", "y"))
    return Events.checked(t, x, y, polarity, sensor)


def to_event_store(events: Events) -> Any:
    """Events as a store of dv-processing.

    dv 2 takes events one by one or from a file, and a file is 40 times as fast: a temporary one, without
    compression, of 16 bytes an event.

    >>> to_event_store(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(346, 260))).size()
    2

    Args:
        events: at times from 0 on, with coordinates below 32768.
    Returns: dv_processing.EventStore.

    Raises:
        ShapeError: a time or coordinate that a store cannot hold.
        StorageError: the temporary file cannot be written.
    """
    import dv_processing

    if len(events) and int(events.t[0]) < 0:
        raise ShapeError(f"an EventStore holds no times before 0, such as {int(events.t[0])} µs; shift them")
    if len(events) and max(int(events.x.max()), int(events.y.max())) > np.iinfo(np.int16).max:
        raise ShapeError("an EventStore holds coordinates below 32768 only")
    store = dv_processing.EventStore()
    if not len(events):
        return store
    with TemporaryDirectory(prefix="eventsnn-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "events.aedat4"
        _write(events, path)
        recording = dv_processing.io.MonoCameraRecording(str(path))
        while (batch := recording.getNextEventBatch()) is not None:
            store.add(batch)
    return store


def _write(events: Events, path: Path) -> None:
    header = encode_header([Stream(0, "events", "EVTS", events.sensor)])
    try:
        with path.open("wb") as file:
            file.write(MAGIC + HEADER_SIZE.pack(len(header)) + header)
            for first in range(0, len(events), _PACKET_EVENTS):
                payload = encode_packet(events[first : first + _PACKET_EVENTS])
                file.write(PACKET_HEADER.pack(0, len(payload)) + payload)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror or error}); TMPDIR names another disk"
        ) from error
