import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import StackedHistogram, stacked_histogram, stacked_histogram_torch

SENSOR = Sensor(6, 4)


def some(n, seed, span_us):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


def tensors(events):
    columns = events.t, events.x.astype(np.int64), events.y.astype(np.int64), events.p
    return [torch.from_numpy(column) for column in columns]


def one_by_one(events, bins, start_us, end_us, cutoff):
    planes = np.zeros((2, bins, 4, 6), int)
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        k = min((t - start_us) * bins // max(end_us - start_us, 1), bins - 1)
        planes[int(p), k, y, x] += 1
    return np.minimum(planes, cutoff).reshape(2 * bins, 4, 6)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(0, 2**32),
    st.sampled_from([0, 1, 7, 1000, 10**9]),
    st.integers(1, 12),
    st.integers(0, 9),
    st.sampled_from([1, 3, 255]),
)
def test_equals_counting_one_by_one_and_torch(n, seed, span_us, bins, margin_us, cutoff):
    events = some(n, seed, span_us)
    start_us, end_us = int(events.t[0]) - margin_us, int(events.t[-1]) + margin_us
    want = one_by_one(events, bins, start_us, end_us, cutoff)
    planes = stacked_histogram(events, bins, start_us, end_us, count_cutoff=cutoff)
    np.testing.assert_array_equal(planes, want)
    there = stacked_histogram_torch(*tensors(events), SENSOR, bins, start_us, end_us, count_cutoff=cutoff)
    assert there.dtype == torch.uint8
    np.testing.assert_array_equal(there.numpy(), want)


def test_the_convention_of_rvt_by_hand():
    # Its index is x + W y + H W bin + B H W polarity over the time from the first to the last event:
    # 10..110 µs in 5 bins of 20 µs, the last event in the last of them.
    events = Events.checked([10, 29, 30, 90, 110], [0, 1, 2, 3, 4], [0, 1, 2, 3, 0], [0, 1, 1, 0, 1], SENSOR)
    planes = stacked_histogram(events, 5)
    assert planes.shape == (10, 4, 6)
    assert planes.dtype == np.uint8
    assert sorted(map(tuple, np.argwhere(planes).tolist())) == [
        (0, 0, 0),
        (4, 3, 3),
        (5, 1, 1),
        (6, 2, 2),
        (9, 0, 4),
    ]
    assert planes.sum() == 5


def test_counts_stop_where_rvt_wraps():
    many = Events.checked(np.arange(600), [2] * 600, [1] * 600, [True] * 300 + [False] * 300, SENSOR)
    planes = stacked_histogram(many, 1)
    assert planes[:, 1, 2].tolist() == [255, 255]
    assert stacked_histogram(many, 1, count_cutoff=10)[:, 1, 2].tolist() == [10, 10]


def test_more_events_than_a_block_holds():
    rng = np.random.default_rng(3)
    events = some(10_000, 3, 50_000)
    shuffled = events[rng.permutation(10_000)]
    np.testing.assert_array_equal(
        stacked_histogram(events, 3), one_by_one(events, 3, int(events.t[0]), int(events.t[-1]), 255)
    )
    with pytest.raises(ShapeError, match=r"outside|out of time order|follow the start"):
        stacked_histogram(shuffled, 3)


def test_one_pixel_one_instant_and_nothing():
    one = Events.checked([5], [0], [0], [True], Sensor(1, 1))
    assert stacked_histogram(one, 3).ravel().tolist() == [0, 0, 0, 1, 0, 0]
    out = np.full((6, 1, 1), 9, np.uint8)
    assert stacked_histogram(Events.empty(Sensor(1, 1)), 3, out=out) is out
    assert not out.any()


def test_the_module_is_the_function():
    events = some(50, 1, 1000)
    want = stacked_histogram(events, 4, -5, 2000, count_cutoff=2)
    module = StackedHistogram(4, 2)
    assert module.channels == 8
    np.testing.assert_array_equal(module(events, -5, 2000), want)


def test_bad_input_is_refused():
    events = some(20, 2, 1000)
    with pytest.raises(ShapeError, match=r"event 0 at \d+ µs lies outside \[900, 2000\]"):
        stacked_histogram(events, 3, 900, 2000)
    with pytest.raises(ShapeError, match=r"lies outside \[0, 10\]"):
        stacked_histogram(events, 3, 0, 10)
    with pytest.raises(ShapeError, match="the end must follow the start"):
        stacked_histogram(events, 3, 10, 0)
    with pytest.raises(ShapeError, match="20 events lie outside"):
        stacked_histogram_torch(*tensors(events), SENSOR, 3, 2000, 3000)
    t, x, y, p = tensors(events)
    with pytest.raises(ShapeError, match="20 events lie off"):
        stacked_histogram_torch(t, x + 6, y, p, SENSOR, 3, 0, 1000)
    for bins, cutoff in ((0, 255), (1, 0), (1, 256)):
        with pytest.raises(ConfigError, match=r"at least 1 bin|stop at 1 to 255"):
            stacked_histogram(events, bins, count_cutoff=cutoff)
        with pytest.raises(ConfigError, match=r"at least 1 bin|stop at 1 to 255"):
            StackedHistogram(bins, cutoff)
