"""The voxel kernels through the function that plans for them, against loops that follow the formula."""

import numpy as np
import pytest

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import voxel_grid

SENSOR = Sensor(7, 5)


def some(n, start_us, end_us, seed=0):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(start_us, end_us + 1, n))
    x = rng.integers(0, 7, n).astype(np.uint16)
    y = rng.integers(0, 5, n).astype(np.uint16)
    return Events(t, x, y, rng.random(n) < 0.5, SENSOR)


def reference(events, start_us, end_us, bins, x=None, y=None):
    """(2, B, H, W) float64, ON first: max(0, 1 - |b - tau|), times the same of x and y where given."""
    grid = np.zeros((2, bins, 5, 7))
    x = events.x if x is None else x
    y = events.y if y is None else y
    for t, at_x, at_y, p in zip(events.t.tolist(), x.tolist(), y.tolist(), events.p, strict=True):
        tau = (t - start_us) / (end_us - start_us) * (bins - 1)
        in_t = np.maximum(0, 1 - np.abs(np.arange(bins) - tau))
        in_y = np.maximum(0, 1 - np.abs(np.arange(5) - at_y))
        in_x = np.maximum(0, 1 - np.abs(np.arange(7) - at_x))
        grid[0 if p else 1] += in_t[:, None, None] * in_y[:, None] * in_x
    return grid


# Few events take the adding loop, many the packed one; 997 µs is divisible by no number of stretches.
@pytest.mark.parametrize("number", [30, 3000])
@pytest.mark.parametrize("bins", [2, 3, 5])
@pytest.mark.parametrize("end_us", [1, 5, 997, 10**12])
def test_both_loops_match_the_formula(number, bins, end_us):
    start_us = -7
    events = some(number, start_us, end_us)
    want = reference(events, start_us, end_us, bins)
    counts = voxel_grid(events, bins, start_us, end_us, polarity="channels")
    np.testing.assert_allclose(counts.reshape(want.shape), want, rtol=1e-5, atol=1e-5)
    grid = voxel_grid(events, bins, start_us, end_us)
    np.testing.assert_allclose(grid, want[0] - want[1], rtol=1e-5, atol=3e-5)


@pytest.mark.parametrize("number", [1, 60, 3000])
@pytest.mark.parametrize("bins", [2, 5])
def test_both_loops_for_positions_match_the_formula(number, bins):
    events = some(number, 0, 997)
    rng = np.random.default_rng(1)
    x = (events.x + rng.uniform(-2, 2, number)).astype(np.float32)
    y = (events.y + rng.uniform(-2, 2, number)).astype(np.float32)
    want = reference(events, 0, 997, bins, x, y)
    counts = voxel_grid(events, bins, 0, 997, polarity="channels", positions=(x, y))
    np.testing.assert_allclose(counts.reshape(want.shape), want, rtol=1e-4, atol=1e-4)
    grid = voxel_grid(events, bins, 0, 997, positions=(x, y))
    np.testing.assert_allclose(grid, want[0] - want[1], rtol=1e-4, atol=1e-3)


def test_a_burst_takes_the_packed_loop_and_the_rest_the_adding_one():
    burst, rest = some(2000, 300, 310), some(10, 311, 1000)
    events = Events.concat([burst, rest])
    want = reference(events, 0, 1000, 5)
    np.testing.assert_allclose(voxel_grid(events, 5, 0, 1000), want[0] - want[1], rtol=1e-5, atol=3e-5)


@pytest.mark.parametrize("number", [40, 20_000])
@pytest.mark.parametrize("at", [0, 17, 39])
@pytest.mark.parametrize(("column", "value"), [("x", 7), ("x", 65535), ("y", 5), ("t", -1), ("t", 1001)])
def test_names_the_first_event_it_refuses(number, at, column, value):
    at = at * number // 40
    events = some(number, 0, 1000)
    getattr(events, column)[at] = value
    with pytest.raises(ShapeError, match=f"event {at} at"):
        voxel_grid(events, 5, 0, 1000)


@pytest.mark.parametrize("number", [40, 20_000])
@pytest.mark.parametrize("between_pixels", [False, True])
def test_refuses_time_that_jumps_back_over_an_edge(number, between_pixels):
    events = some(number, 0, 1000)
    events.t[: number // 2] = np.sort(events.t[: number // 2] // 4) + 750
    positions = (events.x.astype(np.float32), events.y.astype(np.float32)) if between_pixels else None
    with pytest.raises(ShapeError, match="time order"):
        voxel_grid(events, 5, 0, 1000, positions=positions)


def test_positions_that_are_not_numbers_or_far_off_are_dropped():
    events = some(5, 0, 10)
    for number in (5, 500):
        events = some(number, 0, 10)
        bad = np.resize(np.array([np.nan, np.inf, -np.inf, -1, 7], np.float32), number)
        good = np.full(number, 2, np.float32)
        assert not voxel_grid(events, 3, 0, 10, positions=(bad, good)).any()
        assert not voxel_grid(events, 3, 0, 10, positions=(good, bad)).any()


@pytest.mark.parametrize("threads", [2, 3, 9])
@pytest.mark.parametrize("polarity", ["sign", "channels"])
@pytest.mark.parametrize("scaling", ["B-1", "B", "centred"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_threads_change_nothing(threads, polarity, scaling, interpolation, monkeypatch):
    monkeypatch.setattr("eventsnn.representations.voxel_stretches._WORTH_A_THREAD", 1)
    for events in (some(3000, 0, 1000), some(40, 0, 1000), some(5, 0, 1000)):
        options = {"polarity": polarity, "scaling": scaling, "interpolation": interpolation}
        one = voxel_grid(events, 5, 0, 1000, **options)
        out = np.full(one.shape, np.nan, np.float32)
        several = voxel_grid(events, 5, 0, 1000, **options, threads=threads, out=out)
        np.testing.assert_allclose(several, one, atol=1e-4)
    events = some(3000, 0, 1000)
    events.x[1234] = 7
    events.x[2900] = 7
    with pytest.raises(ShapeError, match="event 1234 at"):
        voxel_grid(events, 5, 0, 1000, **options, threads=threads)
    events = some(3000, 0, 1000)
    events.t[:1500] = np.sort(events.t[:1500] // 4) + 750
    with pytest.raises(ShapeError, match="time order"):
        voxel_grid(events, 5, 0, 1000, **options, threads=threads)
