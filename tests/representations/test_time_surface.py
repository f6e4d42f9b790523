import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import TimeSurface, time_surface

SENSOR = Sensor(6, 4)


def some(n, seed):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, 5000, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 120), st.integers(0, 2**32), st.integers(-10, 6000), st.sampled_from([1.0, 700.0, 1e9]))
def test_equals_the_formula_one_by_one(n, seed, at_us, tau_us):
    events = some(n, seed)
    want = np.zeros((2, 4, 6))
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        if t <= at_us:
            want[0 if p else 1, y, x] = math.exp(-(at_us - t) / tau_us)
    np.testing.assert_allclose(time_surface(events, tau_us, at_us), want, rtol=1e-6, atol=1e-30)


def test_by_hand():
    events = Events.checked([0, 1000, 1000], [1, 1, 2], [0, 0, 3], [True, True, False], SENSOR)
    surface = time_surface(events, 1000, 2000)
    assert surface[0, 0, 1] == pytest.approx(math.exp(-1))
    assert surface[1, 3, 2] == pytest.approx(math.exp(-1))
    assert np.count_nonzero(surface) == 2
    assert time_surface(events, 1000)[1, 3, 2] == 1, "the last event is the default instant"


def test_a_shift_of_the_clock_and_a_swap_of_polarity():
    events = some(80, 1)
    shifted = Events(events.t + 10**15, events.x, events.y, ~events.p, SENSOR)
    np.testing.assert_allclose(time_surface(shifted, 500)[::-1], time_surface(events, 500), rtol=1e-6)


def test_no_events_and_the_module():
    out = np.full((2, 4, 6), 3, np.float32)
    assert time_surface(Events.empty(SENSOR), 10, out=out) is out
    assert not out.any()
    events = some(30, 2)
    np.testing.assert_array_equal(TimeSurface(300)(events, 0, 4000), time_surface(events, 300, 4000))


def test_bad_input_is_refused():
    unsorted = Events(
        np.array([5, 3]), np.zeros(2, np.uint16), np.zeros(2, np.uint16), np.ones(2, bool), SENSOR
    )
    with pytest.raises(ShapeError, match="event 1 at 3 µs is out of time order"):
        time_surface(unsorted, 10, 9)
    off = Events(np.array([3]), np.zeros(1, np.uint16), np.full(1, 4, np.uint16), np.ones(1, bool), SENSOR)
    with pytest.raises(ShapeError, match="lies off the 6x4 sensor"):
        time_surface(off, 10)
    for tau in (0, -1, math.nan):
        with pytest.raises(ConfigError, match="tau above 0"):
            time_surface(some(3, 0), tau)
        with pytest.raises(ConfigError, match="tau above 0"):
            TimeSurface(tau)
