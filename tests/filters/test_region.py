import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Region


def test_is_crop(some, rows):
    events = some(500, 0)
    for x, y, width, height in ((3, 2, 8, 5), (0, 0, 16, 12), (15, 11, 1, 1)):
        kept, _ = Region(x, y, width, height)(events)
        want = events.crop(x, y, Sensor(width, height))
        assert rows(kept) == rows(want)
        assert kept.sensor == want.sensor


def test_the_largest_sensor():
    events = Events.checked([0, 1], [0, 65535], [65535, 0], [1, 1], Sensor(65536, 65536))
    assert len(Region(0, 0, 65536, 65536)(events)[0]) == 2


def test_what_cannot_be_is_refused():
    with pytest.raises(ShapeError, match=r"a 9x1 region at \(8, 0\) leaves the 16x12 sensor"):
        Region(8, 0, 9, 1).sensor(Sensor(16, 12))
    with pytest.raises(ConfigError, match="width is a whole number from 1"):
        Region(0, 0, 0, 1)
