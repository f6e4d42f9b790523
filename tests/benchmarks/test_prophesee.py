import numpy as np

from eventsnn.benchmarks.prophesee import dense_rows
from eventsnn.events import Events, Sensor
from eventsnn.formats import create_events


def test_dense_rows_are_ordered_on_the_sensor_and_short_in_evt3(tmp_path):
    for sensor in (Sensor(20, 15), Sensor(640, 480)):
        events = dense_rows(30_000, sensor)
        same = Events.checked(events.t, events.x, events.y, events.p, sensor)
        assert len(same) == 30_000
        assert np.array_equal(dense_rows(30_000, sensor).x, events.x)
    with create_events(tmp_path / "a.raw", sensor) as writer:
        writer.write(events)
    assert (tmp_path / "a.raw").stat().st_size < 2.1 * len(events)
