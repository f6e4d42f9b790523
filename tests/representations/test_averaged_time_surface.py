import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import (
    AveragedTimeSurface,
    averaged_time_surface,
    averaged_time_surface_torch,
)

SENSOR = Sensor(7, 5)


def some(n, seed, span_us=2000):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 7, n), rng.integers(0, 5, n), rng.random(n) < 0.5, SENSOR)


def tensors(events):
    columns = events.t, events.x.astype(np.int64), events.y.astype(np.int64), events.p
    return [torch.from_numpy(column) for column in columns]


def one_by_one(events, cell_px, radius_px, tau_us, window_us, convention):
    """Equations 3 to 6 of the paper, and what tonic changes."""
    side, rows, columns = 2 * radius_px + 1, -(-5 // cell_px), -(-7 // cell_px)
    sums, counts = np.zeros((2, side, side, rows, columns)), np.zeros((2, rows, columns))
    listed = list(zip(events.t.tolist(), events.x.tolist(), events.y.tolist(), events.p, strict=True))
    for i, (t, x, y, p) in enumerate(listed):
        row, column, q = y // cell_px, x // cell_px, 0 if p else 1
        counts[q, row, column] += 1
        for j, (t_j, x_j, y_j, p_j) in enumerate(listed):
            past = t_j < t if convention == "hats" else j <= i
            near = abs(x_j - x) <= radius_px and abs(y_j - y) <= radius_px
            same = p_j == p and (y_j // cell_px, x_j // cell_px) == (row, column)
            if past and near and same and t - t_j <= window_us:
                share = math.exp(-(t - t_j) / tau_us)
                sums[q, y_j - y + radius_px, x_j - x + radius_px, row, column] += share
    if convention == "hats":
        counts = counts.sum(0, keepdims=True)
    return (sums / np.maximum(counts, 1)[:, None, None]).reshape(2 * side * side, rows, columns)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 80),
    st.integers(0, 2**32),
    st.sampled_from([0, 40, 2000]),
    st.sampled_from([(1, 0), (3, 1), (4, 2), (10, 3)]),
    st.sampled_from([(1e9, 100_000), (300.0, 500), (20.0, 7)]),
    st.sampled_from(["hats", "tonic"]),
)
def test_equals_the_paper_one_by_one_and_torch(n, seed, span_us, reach, times, convention):
    events = some(n, seed, span_us)
    want = one_by_one(events, *reach, *times, convention)
    surfaces = averaged_time_surface(events, *reach, *times, convention=convention)
    assert surfaces.dtype == np.float32
    np.testing.assert_allclose(surfaces, want, rtol=1e-6, atol=1e-7)
    there = averaged_time_surface_torch(*tensors(events), SENSOR, *reach, *times, convention=convention)
    assert there.dtype == torch.float32
    np.testing.assert_allclose(there.numpy(), want, rtol=1e-6, atol=1e-7)


def test_both_conventions_by_hand():
    # Cells of 3 px: the first two events and the fourth share one; the fifth, an OFF event, too.
    events = Events.checked(
        [0, 100, 100, 200, 200], [1, 2, 3, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0], SENSOR
    )
    by_place = averaged_time_surface(events, 3, 1, 100, 150).reshape(2, 3, 3, 2, 3)
    e = math.exp(-1)
    # The second sees the first on its left; the fourth the second on its right, the first is too old.
    want = np.zeros((3, 3))
    want[1, 0], want[1, 2] = e / 4, e / 4
    np.testing.assert_allclose(by_place[0, :, :, 0, 0], want, rtol=1e-6)
    assert np.count_nonzero(by_place) == 2, "alone in its cell the third sees nothing, nor does the fifth"
    by_place = averaged_time_surface(events, 3, 1, 100, 150, convention="tonic").reshape(2, 3, 3, 2, 3)
    # Divided by 3 ON events, which see themselves.
    want = np.zeros((3, 3))
    want[1] = e / 3, 1, e / 3
    np.testing.assert_allclose(by_place[0, :, :, 0, 0], want, rtol=1e-6)
    assert by_place[0, 1, 1, 0, 1] == by_place[1, 1, 1, 0, 0] == 1


def test_a_busy_pixel_stays_exact():
    # What left the window is subtracted: after 20,000 events nothing of it may remain.
    t = np.arange(20_000) * 10
    events = Events.checked(t, [0] * t.size, [0] * t.size, [True] * t.size, Sensor(1, 1))
    surface = averaged_time_surface(events, 1, 0, 50.0, 1000)
    steady = sum(math.exp(-0.2 * k) for k in range(1, 101))
    assert surface[0, 0, 0] == pytest.approx(steady, rel=1e-3)
    late = Events.checked([0] * 999 + [10**6], [0] * 1000, [0] * 1000, [True] * 1000, Sensor(1, 1))
    assert not averaged_time_surface(late, 1, 0, 50.0, 1000).any()


def test_the_module_is_the_function_and_cells_may_be_cut():
    events = some(100, 1)
    module = AveragedTimeSurface(3, 1, 500.0, 900, "tonic")
    assert module.channels == 18
    assert module.shape(SENSOR) == (18, 2, 3)
    want = averaged_time_surface(events, 3, 1, 500.0, 900, convention="tonic")
    np.testing.assert_array_equal(module(events, 0, 3000), want)
    assert not module(Events.empty(SENSOR)).any()


def test_bad_input_is_refused():
    unsorted = Events(
        np.array([5, 3]), *(column[:2] for column in (some(2, 0).x, some(2, 0).y, some(2, 0).p)), SENSOR
    )
    with pytest.raises(ShapeError, match="event 1 at 3 µs is out of time order"):
        averaged_time_surface(unsorted, 3, 1, 10, 10)
    with pytest.raises(ShapeError, match="out of time order"):
        averaged_time_surface_torch(*tensors(unsorted), SENSOR, 3, 1, 10, 10)
    for cell, radius, tau, window in (
        (0, 1, 1, 1),
        (1, -1, 1, 1),
        (1, 1, 0, 1),
        (1, 1, math.nan, 1),
        (1, 1, 1, 0),
    ):
        with pytest.raises(ConfigError, match=r"at least 1 px|more than 0 µs"):
            averaged_time_surface(unsorted, cell, radius, tau, window)
        with pytest.raises(ConfigError, match=r"at least 1 px|more than 0 µs"):
            AveragedTimeSurface(cell, radius, tau, window)
    with pytest.raises(ConfigError, match="there are: hats, tonic"):
        AveragedTimeSurface(convention="paper")  # type: ignore[arg-type]
