import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import TimeScale

FAR = 2**62 - 1
FACTOR = st.one_of(st.integers(1, 9), st.integers(1, 2**31 - 1))
TIME = st.one_of(st.integers(-50, 50), st.integers(-FAR, FAR))


def at(*t):
    return Events.checked(t, [0] * len(t), [0] * len(t), [1] * len(t), Sensor(1, 1))


def test_rounds_down_so_that_order_stays():
    assert TimeScale(1, 3)(at(-4, -3, -1, 0, 2, 3))[0].t.tolist() == [-2, -1, -1, 0, 0, 1]
    assert TimeScale(2, 1, origin_us=10)(at(8, 10, 11))[0].t.tolist() == [6, 10, 12]


@settings(max_examples=200, deadline=None)
@given(FACTOR, FACTOR, TIME, st.lists(TIME, min_size=1, max_size=5))
def test_equals_whole_numbers_without_end(numerator, denominator, origin_us, times):
    times.sort()
    step = TimeScale(numerator, denominator, origin_us)
    want = [origin_us + (t - origin_us) * numerator // denominator for t in times]
    ends = (times[0], times[-1])
    far = any(abs(t - origin_us) > FAR for t in ends) or max(abs(want[0]), abs(want[-1])) > FAR
    if far:
        with pytest.raises(ShapeError, match="over 100,000 years away"):
            step(at(*times))
    else:
        assert step(at(*times))[0].t.tolist() == want
        assert step(at(*times))[0].t.dtype == np.int64


def test_options_are_checked():
    for options in ({"numerator": 0}, {"denominator": 2**31}, {"origin_us": 2**62}):
        with pytest.raises(ConfigError, match=next(iter(options))):
            TimeScale(**options)
