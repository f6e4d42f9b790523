import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import SpikeCube, spike_cube, spike_cube_torch, stacked_histogram

SENSOR = Sensor(6, 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(0, 2**32), st.sampled_from([0, 7, 10_000]), st.integers(1, 6))
def test_equals_the_histogram_above_0_and_torch(n, seed, span_us, steps):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    events = Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)
    counts = stacked_histogram(events, steps, -3, span_us + 2).reshape(2, steps, 4, 6)
    cube = spike_cube(events, steps, -3, span_us + 2)
    assert cube.dtype == np.uint8
    np.testing.assert_array_equal(cube.reshape(steps, 2, 4, 6), (counts[::-1] > 0).swapaxes(0, 1))
    columns = (torch.from_numpy(c) for c in (t, events.x.astype(int), events.y.astype(int), events.p))
    there = spike_cube_torch(*columns, SENSOR, steps, -3, span_us + 2)
    assert there.dtype == torch.uint8
    np.testing.assert_array_equal(there.numpy(), cube)


def test_by_hand():
    events = Events.checked([0, 1, 5, 9], [2, 2, 3, 4], [0, 0, 1, 2], [True, True, False, True], SENSOR)
    cube = spike_cube(events, 2, 0, 10)
    # ON and OFF of [0, 5), ON and OFF of [5, 10).
    assert sorted(map(tuple, np.argwhere(cube).tolist())) == [(0, 0, 2), (2, 2, 4), (3, 1, 3)]
    assert cube.max() == 1
    module = SpikeCube(2)
    assert module.channels == 4
    np.testing.assert_array_equal(module(events, 0, 10), cube)


def test_one_pixel_and_nothing():
    one = Events.checked([5, 5], [0, 0], [0, 0], [False, False], Sensor(1, 1))
    assert spike_cube(one, 2).ravel().tolist() == [0, 1, 0, 0]
    assert not spike_cube(Events.empty(SENSOR), 2).any()


def test_bad_input_is_refused():
    events = Events.checked([5], [0], [0], [False], SENSOR)
    with pytest.raises(ConfigError, match="at least 1 time step"):
        spike_cube(events, 0)
    with pytest.raises(ConfigError, match="at least 1 time step"):
        SpikeCube(0)
    with pytest.raises(ShapeError, match="lies outside"):
        spike_cube(events, 2, 6, 7)
    with pytest.raises(ShapeError, match="out must be"):
        spike_cube(events, 2, out=np.zeros((4, 4, 6), bool))
