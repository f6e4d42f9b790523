"""The events that windows still need, in one piece, copied no more often than they must be."""

from __future__ import annotations

import numpy as np

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor


class EventBuffer:
    """A queue of events whose content is one `Events` at any time, so that windows are slices of it.

    While the content lies in one stretch of the stream it is a view of that stretch. Where stretches
    meet it is copied to a room of its own, which grows by doubling and is never written twice: every
    event is copied a small number of times however much windows overlap, and windows handed out stay
    as they are.
    """

    def __init__(self) -> None:
        self._sensor: Sensor | None = None
        self.events = Events.empty(Sensor(1, 1))
        # The stretch that the newest events came from, and which of its events were taken in a row.
        self._stretch = self.events
        self._first = self._last = 0
        # The copy, filled up to `used`, where the content ends; empty while the content is a view.
        self._room = self.events
        self._used = 0

    def expect(self, sensor: Sensor) -> None:
        """Check that the stream is still of the same sensor.

        Raises: ShapeError: another sensor than before.
        """
        if self._sensor is None:
            self._sensor = sensor
            self.events = Events.empty(sensor)
        elif sensor != self._sensor:
            raise ShapeError(f"the stream changed from a {self._sensor} to a {sensor} sensor")

    def __len__(self) -> int:
        return len(self.events)

    def extend(self, stretch: Events, first: int, last: int) -> None:
        """Append `stretch[first:last]`.

        Args:
            stretch: the newest stretch of the stream, the same object from one call to the next.
            first: index of the first event to append.
            last: index after the last one.
        """
        if first == last:
            return
        if stretch is not self._stretch or first != self._last:
            self._stretch, self._first = stretch, first
        self._last = last
        size = len(self) + last - first
        if size <= last - self._first:
            self.events = stretch[last - size : last]
            self._room, self._used = self.events[:0], 0
        else:
            if self._used + last - first > len(self._room):
                self._room, self._used = _room(2 * size, stretch.sensor), 0
                self._write(self.events, 0, len(self))
            self._write(stretch, first, last)
            self.events = self._room[self._used - size : self._used]

    def drop(self, count: int) -> None:
        """Forget the oldest `count` events."""
        self.events = self.events[count:]

    def drop_before(self, time_us: int) -> None:
        """Forget the events before an instant."""
        self.drop(int(np.searchsorted(self.events.t, time_us)))

    def clear(self) -> None:
        """Forget everything but the sensor."""
        self.events = self._stretch = self._room = Events.empty(self.events.sensor)
        self._first = self._last = self._used = 0

    def _write(self, events: Events, first: int, last: int) -> None:
        end = self._used + last - first
        for name in ("t", "x", "y", "p"):
            getattr(self._room, name)[self._used : end] = getattr(events, name)[first:last]
        self._used = end


def _room(size: int, sensor: Sensor) -> Events:
    return Events(
        np.empty(size, np.int64),
        np.empty(size, np.uint16),
        np.empty(size, np.uint16),
        np.empty(size, np.bool_),
        sensor,
    )
