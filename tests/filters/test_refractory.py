import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Refractory


def one_by_one(step, events):
    last, keep = {}, []
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        pixel = (x, y, p and step.polarity == "same")
        keep.append(pixel not in last or t - last[pixel] >= step.period_us)
        if keep[-1]:
            last[pixel] = t
    return np.array(keep)


@pytest.mark.parametrize("polarity", ["both", "same"])
@pytest.mark.parametrize("period_us", [1, 3000])
def test_equals_remembering_every_pixel(period_us, polarity, some, rows):
    step = Refractory(period_us, polarity)
    events = some(6000, 1, Sensor(5, 3))
    keep = one_by_one(step, events)
    assert not keep.all()
    assert rows(step(events)[0]) == rows(events[keep])


def test_a_dropped_event_does_not_restart_the_dead_time():
    # Fires each 900 µs: where dropped events restarted the dead time, nothing but the first came through.
    events = Events.checked(np.arange(6) * 900, [2] * 6, [1] * 6, [1] * 6, Sensor(4, 4))
    kept, _ = Refractory(1000)(events)
    assert kept.t.tolist() == [0, 1800, 3600]


def test_hours_between_events():
    hour = 3600 * 10**6
    t = [0, 999, 1000, 5 * hour, 5 * hour + 999, 5 * hour + 1000, 9 * hour]
    events = Events.checked(t, [0] * 7, [0] * 7, [0] * 7, Sensor(1, 1))
    assert Refractory(1000)(events)[0].t.tolist() == [0, 1000, 5 * hour, 5 * hour + 1000, 9 * hour]


def test_no_period_keeps_all(some):
    events = some(300, 2)
    assert Refractory(0)(events)[0] is events


def test_what_cannot_be_is_refused(some):
    events = some(10, 0)
    step = Refractory()
    _, state = step(events)
    with pytest.raises(ShapeError, match="is earlier than the one before it"):
        step(events, state)
    with pytest.raises(ConfigError, match="period_us is a whole number"):
        Refractory(-1)
    with pytest.raises(ConfigError, match="polarity is"):
        Refractory(1, "on")
