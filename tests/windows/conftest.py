import itertools

import numpy as np
import pytest

from eventsnn import Events, Sensor

SENSOR = Sensor(65536, 1)


@pytest.fixture(scope="session")
def events_at():
    """Events at these times; x numbers them, so that each can be told from the others."""

    def make(*times, sensor=SENSOR):
        n = len(times)
        return Events.checked(
            np.array(times, np.int64), np.arange(n), np.zeros(n, int), np.ones(n, bool), sensor
        )

    return make


@pytest.fixture(scope="session")
def pieces():
    """A stream cut at these places (indices, in any order, beyond the end too)."""

    def cut(events, places):
        bounds = [0, *sorted(min(place, len(events)) for place in places), len(events)]
        return [events[a:b] for a, b in itertools.pairwise(bounds)]

    return cut


@pytest.fixture(scope="session")
def spans():
    """Windows as plain values: interval, times of the events, partial."""

    def plain(windows):
        return [(w.start_us, w.end_us, w.events.t.tolist(), w.partial) for w in windows]

    return plain
