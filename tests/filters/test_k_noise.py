import datetime

import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import KNoise


@pytest.mark.parametrize("time_us", [300, 5000])
def test_equals_dv_processing(time_us, some, rows, dv_kept):
    import dv_processing as dv

    events = some(4000, time_us)
    theirs = dv.noise.KNoiseFilter((16, 12), datetime.timedelta(microseconds=time_us))
    kept, _ = KNoise(time_us)(events)
    assert 0 < len(kept) < len(events)
    assert rows(kept) == dv_kept(theirs, events)


def test_a_column_remembers_its_last_event_only():
    # (5, 3) supports its neighbour (6, 4), unless its column and line fired elsewhere since.
    sensor = Sensor(16, 12)
    near = Events.checked([0, 10], [5, 6], [3, 4], [1, 1], sensor)
    assert KNoise()(near)[0].t.tolist() == [10]
    hidden = Events.checked([0, 1, 2, 10], [5, 5, 12, 6], [3, 9, 3, 4], [1, 1, 1, 1], sensor)
    assert KNoise()(hidden)[0].t.tolist() == []
    other = Events.checked([0, 10], [5, 6], [3, 4], [0, 1], sensor)
    assert KNoise()(other)[0].t.tolist() == []


def test_what_cannot_be_is_refused(some):
    events = some(10, 0)
    _, state = KNoise()(events)
    with pytest.raises(ShapeError, match="is earlier"):
        KNoise()(events, state)
    with pytest.raises(ConfigError, match="time_us is"):
        KNoise(-1)
