import datetime

import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import BackgroundActivity

SENSOR = Sensor(16, 12)
NEVER = -(10**18)


def one_by_one(step, events):
    last = np.full((2, events.sensor.height + 2, events.sensor.width + 2), NEVER)
    keep = []
    for t, x, y, p in zip(events.t, events.x, events.y, events.p, strict=True):
        around = last[:, y : y + 3, x : x + 3].copy()
        if not step.own_pixel:
            around[:, 1, 1] = NEVER
        around = around[int(p)] if step.polarity == "same" else around.max(0)
        keep.append((t - around <= step.time_us).sum() >= step.neighbours)
        last[int(p), y + 1, x + 1] = t
    return np.array(keep)


@pytest.mark.parametrize(
    "step",
    [
        BackgroundActivity(500),
        BackgroundActivity(0),
        BackgroundActivity(500, own_pixel=True),
        BackgroundActivity(700, polarity="same"),
        BackgroundActivity(2000, neighbours=2),
        BackgroundActivity(4000, neighbours=3, own_pixel=True, polarity="same"),
        BackgroundActivity(30_000, neighbours=8),
    ],
)
def test_equals_looking_at_every_neighbour(step, some, rows):
    events = some(3000, 1)
    keep = one_by_one(step, events)
    assert 0 < keep.sum() < len(events)
    assert rows(step(events)[0]) == rows(events[keep])


def test_equals_dv_processing(some, rows, dv_kept):
    import dv_processing as dv

    events = some(3000, 2)
    # For dv_processing an age of exactly the duration is too old.
    theirs = dv.noise.BackgroundActivityNoiseFilter((16, 12), datetime.timedelta(microseconds=501))
    assert rows(BackgroundActivity(500)(events)[0]) == dv_kept(theirs, events)


@pytest.mark.parametrize("neighbours", [1, 2])
def test_support_lasts_as_long_as_it_says_even_over_hours(neighbours):
    hour = 3600 * 10**6
    # Three times the same: two pixels fire, then the one between them once in time and once too late.
    t = np.concatenate([start + np.array([0, 0, 1000, 1001]) for start in (0, hour, 5 * hour)])
    events = Events.checked(t, [4, 6, 5, 5] * 3, [3] * 12, [1] * 12, SENSOR)
    kept, _ = BackgroundActivity(1000, neighbours)(events)
    assert kept.t.tolist() == [1000, hour + 1000, 5 * hour + 1000]


def test_all_kept_is_the_same_object(some):
    events = some(1, 0)
    same = Events(np.repeat(events.t, 3), *(np.repeat(c, 3) for c in (events.x, events.y, events.p)), SENSOR)
    step = BackgroundActivity(own_pixel=True)
    _, state = step(same)
    assert step(same, state)[0] is same


@pytest.mark.parametrize("neighbours", [1, 2])
def test_what_cannot_be_is_refused(neighbours, some):
    step = BackgroundActivity(neighbours=neighbours)
    events = some(5000, 3)
    _, state = step(events)
    with pytest.raises(ShapeError, match=r"event 0 at .* is earlier than the one before it"):
        step(events, state)
    x = events.x.copy()
    x[4500] = 16
    with pytest.raises(ShapeError, match=r"event 4500 at \(16, .* is off the 16x12 sensor"):
        step(Events(events.t, x, events.y, events.p, SENSOR))
    t = events.t.copy()
    t[4500:] -= 10**6
    with pytest.raises(ShapeError, match=r"event 4500 at .* is earlier"):
        step(Events(t, events.x, events.y, events.p, SENSOR))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time_us": -1}, "time_us is a whole number from 0 to"),
        ({"time_us": 0.5}, "time_us is a whole number"),
        ({"time_us": "2"}, "time_us is a whole number"),
        ({"neighbours": 9}, "neighbours is a whole number from 1 to 8, not 9"),
        ({"neighbours": True}, "neighbours is a whole number"),
        ({"polarity": "on"}, "polarity is 'both' or 'same', not 'on'"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(ConfigError, match=words):
        BackgroundActivity(**options)


def test_a_sensor_beyond_32_bits_is_refused():
    sensor = Sensor(65536, 65536)
    with pytest.raises(ShapeError, match="too large"):
        BackgroundActivity()(Events.checked([0], [0], [0], [1], sensor))
