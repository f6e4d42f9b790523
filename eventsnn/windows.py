"""Cut a stream of events into windows, in bounded memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The events of the half-open interval [start_us, end_us).

    `partial` marks the last window of a stream, which may hold less than its interval could.
    """

    events: Events
    start_us: int
    end_us: int
    partial: bool = False


class TimeWindows:
    """Windows of a fixed length, from stretches of events as they come.

    Windows follow one another without gap or overlap from the first event on; a window without
    events is delivered too. A jump of time by more than `max_gap_us` (a camera clock that was reset,
    a stream that stopped) starts a new sequence at the next event instead of a flood of empty windows.

    Args:
        length_us: length of every window, µs.
        max_gap_us: longest silence that is still filled with empty windows, µs.
    Raises: ConfigError: a length that is not positive, or a negative gap.
    """

    def __init__(self, length_us: int, max_gap_us: int = 1_000_000) -> None:
        if length_us < 1:
            raise ConfigError(f"a window must last at least 1 µs, not {length_us}")
        if max_gap_us < 0:
            raise ConfigError(f"the longest silence cannot be negative, as {max_gap_us} µs is")
        self.length_us = length_us
        self.max_gap_us = max_gap_us
        self._held: list[Events] = []
        self._start_us: int | None = None
        self._last_us = 0
        self._sensor: Sensor | None = None

    def push(self, events: Events) -> Iterator[Window]:
        """Take the next stretch of the stream; gives the windows that it completes.

        Args:
            events: in time order, of the same sensor as before.
        Raises: ShapeError: another sensor than before.
        """
        if not len(events):
            return
        if self._sensor is None:
            self._sensor = events.sensor
        elif events.sensor != self._sensor:
            raise ShapeError(f"the stream changed from a {self._sensor} to a {events.sensor} sensor")
        jumps = np.flatnonzero(np.diff(events.t) > self.max_gap_us) + 1
        for first, last in itertools.pairwise([0, *jumps.tolist(), len(events)]):
            yield from self._push_unbroken(events[first:last])

    def _push_unbroken(self, events: Events) -> Iterator[Window]:
        first_us = int(events.t[0])
        if self._start_us is not None and not 0 <= first_us - self._last_us <= self.max_gap_us:
            yield from self.flush()
        if self._start_us is None:
            self._start_us = first_us
        self._last_us = int(events.t[-1])
        while self._last_us >= self._start_us + self.length_us:
            end_us = self._start_us + self.length_us
            inside = events.between(self._start_us, end_us)
            events = events[len(inside) :]
            yield self._window([*self._held, inside], end_us)
        self._held.append(events)

    def flush(self) -> Iterator[Window]:
        """The last, partial window, where events are left; the next push starts anew."""
        if self._start_us is not None and self._held:
            yield self._window(self._held, self._start_us + self.length_us, partial=True)
        self._held = []
        self._start_us = None

    def _window(self, parts: list[Events], end_us: int, partial: bool = False) -> Window:
        assert self._start_us is not None
        window = Window(Events.concat(parts), self._start_us, end_us, partial)
        self._held = []
        self._start_us = end_us
        return window


def windows(stream: Iterable[Events], length_us: int) -> Iterator[Window]:
    """Windows of `length_us` over a whole stream, the last partial one included.

    Args:
        stream: stretches of events in time order, such as `Recording.events()`.
        length_us: length of every window, µs.
    """
    cutter = TimeWindows(length_us)
    for events in stream:
        yield from cutter.push(events)
    yield from cutter.flush()
