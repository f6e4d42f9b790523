import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import TimeSurface, time_surface, time_surface_torch

SENSOR = Sensor(6, 4)


def some(n, seed):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, 5000, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


FADES = {
    "exponential": lambda age, tau_us: math.exp(-age / tau_us),
    "linear": lambda age, tau_us: max(0, 1 - age / tau_us),
}


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 120),
    st.integers(0, 2**32),
    st.integers(-10, 6000),
    st.sampled_from([1.0, 700.0, 1e9]),
    st.sampled_from(["exponential", "linear"]),
    st.sampled_from(["channels", "merged"]),
)
def test_equals_the_formula_one_by_one_and_torch(n, seed, at_us, tau_us, decay, polarity):
    events = some(n, seed)
    planes = 2 if polarity == "channels" else 1
    want = np.zeros((planes, 4, 6))
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        if t <= at_us:
            want[0 if p else planes - 1, y, x] = FADES[decay](at_us - t, tau_us)
    surface = time_surface(events, tau_us, at_us, decay=decay, polarity=polarity)
    np.testing.assert_allclose(surface, want, rtol=1e-6, atol=1e-7 if decay == "linear" else 1e-30)
    t, x, y = (torch.from_numpy(column.astype(np.int64)) for column in (events.t, events.x, events.y))
    p = torch.from_numpy(events.p)
    there = time_surface_torch(t, x, y, p, SENSOR, tau_us, at_us, decay=decay, polarity=polarity)
    assert there.dtype == torch.float32
    np.testing.assert_allclose(there.numpy(), surface, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("hours", [1, 2, 50])
def test_long_windows(hours):
    last = hours * 3_600_000_000
    events = Events.checked([5, last - 30_000, last], [0, 1, 2], [0] * 3, [True] * 3, SENSOR)
    surface = time_surface(events, 20_000)
    # 2**32 units of time to the window: 1 µs, 2 µs, 64 µs.
    unit_us = {1: 1, 2: 2, 50: 64}[hours]
    np.testing.assert_allclose(surface[0, 0, :3], [0, math.exp(-1.5), 1], rtol=unit_us / 20_000)
    old = time_surface(events, float(last))
    np.testing.assert_allclose(old[0, 0, 0], math.exp(-1), rtol=1e-5)


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
    linear = TimeSurface(300, "linear", "merged")
    assert linear.channels == 1
    want = time_surface(events, 300, 4000, decay="linear", polarity="merged")
    np.testing.assert_array_equal(linear(events, 0, 4000), want)
    assert not time_surface(events, 300, int(events.t[0]) - 1).any(), "nothing has happened yet"


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
    with pytest.raises(ConfigError, match="decay is 'exponential' or 'linear', not 'log'"):
        TimeSurface(10, "log")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="polarity is 'channels' or 'merged', not 'sign'"):
        TimeSurface(10, polarity="sign")  # type: ignore[arg-type]
    zero = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ShapeError, match="1 events lie off"):
        time_surface_torch(zero, zero, zero + 4, zero == 0, SENSOR, 10, 0)
