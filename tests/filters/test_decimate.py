import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Decimate, filtered


def test_every_third_of_the_stream(some, rows):
    events = some(20, 0)
    assert rows(Decimate(3)(events)[0]) == rows(events)[::3]
    assert Decimate(1)(events)[0] is events
    pieces = list(filtered([events[:1], events[1:2], events[2:4], events[4:]], Decimate(3)))
    assert [len(piece) for piece in pieces] == [1, 0, 1, 5]


def test_every_third_of_each_pixel(some, rows):
    events = some(500, 1)
    seen, want = {}, []
    for t, x, y, p in rows(events):
        if seen.setdefault((x, y), 0) % 3 == 0:
            want.append((t, x, y, p))
        seen[x, y] += 1
    assert rows(Decimate(3, "pixel")(events)[0]) == want


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="every is"):
        Decimate(0)
    with pytest.raises(ConfigError, match="count_by is"):
        Decimate(2, "line")
    outside = Events(
        np.zeros(2, np.int64),
        np.full(2, 4, np.uint16),
        np.zeros(2, np.uint16),
        np.ones(2, bool),
        Sensor(4, 4),
    )
    with pytest.raises(ShapeError, match=r"event 0 at \(4, 0\) is off"):
        Decimate(2, "pixel")(outside)
