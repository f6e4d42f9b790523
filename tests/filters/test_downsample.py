import numpy as np
import pytest

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Downsample, Refractory


def test_every_event_finds_its_cell(some):
    events = some(300, 0, Sensor(7, 5))
    small, _ = Downsample(3)(events)
    assert small.sensor == Sensor(3, 2)
    np.testing.assert_array_equal(small.x, events.x // 3)
    np.testing.assert_array_equal(small.y, events.y // 3)
    np.testing.assert_array_equal(small.t, events.t)


def test_a_cell_counts_an_edge_once():
    # Four pixels of a cell fire, then two of the next cell, then the first cell again after its dead time.
    events = Events.checked(
        [0, 1, 2, 3, 4, 5, 100], [0, 1, 0, 1, 2, 3, 1], [0, 0, 1, 1, 0, 1, 1], [1] * 7, Sensor(4, 2)
    )
    kept, _ = Downsample(2, period_us=100)(events)
    assert (kept.t.tolist(), kept.x.tolist(), kept.y.tolist()) == ([0, 4, 100], [0, 1, 0], [0, 0, 0])


def test_is_a_refractory_period_after_division(some, rows):
    events = some(2000, 1)
    small, _ = Downsample(2)(events)
    want, _ = Refractory(800, "same")(small)
    assert rows(Downsample(2, 800, "same")(events)[0]) == rows(want)


def test_options_are_checked():
    for options in ({"factor": 0}, {"period_us": -1}, {"polarity": "on"}):
        with pytest.raises(ConfigError, match=next(iter(options))):
            Downsample(**options)
