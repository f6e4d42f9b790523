"""Many small packets of events joined to stretches, decoded straight into their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.formats.index import Place

STRETCH = 1 << 17
"""A stretch has about this many events; kernels like them much better than the packets of a few ms."""

Fill = Callable[[NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16], NDArray[np.bool_]], int]


class Stretch:
    """Columns of events that are filled packet by packet.

    Args:
        sensor: of the events.
    """

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._room = 0
        self._count = 0
        self._place: Place = ()

    def fits(self, count: int) -> bool:
        """Whether so many more events belong into this stretch; one larger than all may begin it."""
        return not self._count or self._count + count <= STRETCH

    def add(self, place: Place, count: int, fill: Fill) -> int:
        """Append the events of a packet, or of a part of one.

        Args:
            place: where to go on to read these events.
            count: how many there are at most.
            fill: writes them into columns of that length; gives how many they are.
        Returns: what `fill` gave.
        """
        if not count:
            return 0
        if not self._count:
            self._place = place
        after = self._count + count
        if after > self._room:
            self._room = max(after, STRETCH)
            self._t, self._p = np.empty(self._room, np.int64), np.empty(self._room, np.bool_)
            self._x, self._y = np.empty(self._room, np.uint16), np.empty(self._room, np.uint16)
        new = slice(self._count, after)
        found = fill(self._t[new], self._x[new], self._y[new], self._p[new])
        self._count += found
        return found

    def take(self) -> Iterator[tuple[Place, Events]]:
        """What it holds, with its place; it is empty then."""
        count, self._count = self._count, 0
        if not count:
            return
        t, x, y, p = self._t[:count], self._x[:count], self._y[:count], self._p[:count]
        if count < self._room // 2:
            t, x, y, p = t.copy(), x.copy(), y.copy(), p.copy()
        else:
            self._room = 0
        yield self._place, Events(t, x, y, p, self._sensor)
