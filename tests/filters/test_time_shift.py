import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import TimeShift

FAR = 2**62 - 1


def at(*t):
    return Events.checked(t, [0] * len(t), [0] * len(t), [1] * len(t), Sensor(1, 1))


def test_is_exact():
    times = (-5, 0, 1_600_000_000_000_001)
    assert TimeShift(-7)(at(*times))[0].t.tolist() == [-12, -7, 1_599_999_999_999_994]
    assert TimeShift(-FAR)(at(0, FAR))[0].t.tolist() == [-FAR, 0]


def test_too_far_is_refused():
    with pytest.raises(ShapeError, match=r"5 µs moved by .* is over 100,000 years away"):
        TimeShift(FAR)(at(-1, 5))
    with pytest.raises(ConfigError, match="offset_us is"):
        TimeShift(2**62)
