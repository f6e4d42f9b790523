import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import EventSpikeTensor, event_spike_tensor, voxel_grid

SENSOR = Sensor(6, 4)


def some(n, seed, span_us=1000):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**32), st.sampled_from([0, 3, 1000, 10**9]), st.integers(1, 9))
def test_the_trilinear_kernel_is_our_voxel_grid(n, seed, span_us, bins):
    events = some(n, seed, span_us)
    voxels = voxel_grid(events, bins, -5, span_us + 9, polarity="channels")
    tensor = event_spike_tensor(events, bins, -5, span_us + 9, measurement="count")
    np.testing.assert_allclose(tensor, np.roll(voxels, bins, axis=0), atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 9))
def test_any_kernel_one_by_one(n, seed, bins, half):
    events = some(n, seed)
    kernel = np.random.default_rng(seed).normal(size=2 * half + 1)
    want = np.zeros((2, bins, 4, 6))
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        for k in range(bins):
            distance = t / 1000 - k / max(bins - 1, 1)
            want[int(p), k, y, x] += t / 1000 * np.interp(distance, np.linspace(-1, 1, 2 * half + 1), kernel)
    tensor = event_spike_tensor(events, bins, 0, 1000, kernel=kernel)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor, want.reshape(2 * bins, 4, 6), atol=1e-4)


def test_the_convention_of_the_authors_by_hand():
    # Their code: t / t.max() times the kernel of t - bin / (C - 1), polarity -1 first.
    events = Events.checked([0, 50, 100], [0, 1, 2], [0, 1, 2], [True, True, False], SENSOR)
    tensor = event_spike_tensor(events, 4)
    want = np.zeros((8, 4, 6))
    # Halfway lies halfway between bins 1 and 2, and brings 0.5; time 0 brings nothing.
    want[5, 1, 1], want[6, 1, 1], want[3, 2, 2] = 0.25, 0.25, 1
    np.testing.assert_allclose(tensor, want, atol=1e-6)


def test_the_module_is_the_function():
    events = some(50, 1)
    module = EventSpikeTensor(3, "count", (0.0, 1.0, 0.5))
    assert module.channels == 6
    assert module == EventSpikeTensor(3, "count", (0.0, 1.0, 0.5))
    want = event_spike_tensor(events, 3, -1, 1001, measurement="count", kernel=[0, 1, 0.5])
    np.testing.assert_array_equal(module(events, -1, 1001), want)


def test_bad_input_is_refused():
    events = some(20, 2)
    with pytest.raises(ShapeError, match=r"lies outside \[0, 500\]"):
        event_spike_tensor(events, 3, 0, 500)
    with pytest.raises(ConfigError, match="at least 1 bin"):
        EventSpikeTensor(0)
    with pytest.raises(ConfigError, match="measurement is 'time' or 'count', not 'polarity'"):
        EventSpikeTensor(3, "polarity")  # type: ignore[arg-type]
    for kernel in ((1.0,), (1.0,) * 4, (1.0, float("nan"), 1.0)):
        with pytest.raises(ConfigError, match="odd number of at least 3"):
            EventSpikeTensor(3, kernel=kernel)
        with pytest.raises(ConfigError, match="odd number of at least 3"):
            event_spike_tensor(events, 3, kernel=kernel)
