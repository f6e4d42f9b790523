"""Every convention against its published formula, written out here as slow loops or worked out by hand."""

import math

import numpy as np
import pytest
import torch

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import VoxelGrid, voxel_grid, voxel_grid_torch

SENSOR = Sensor(6, 4)
BINS = 4


@pytest.fixture
def events():
    rng = np.random.default_rng(3)
    t = np.sort(rng.integers(1000, 2000, 300))
    return Events.checked(t, rng.integers(0, 6, 300), rng.integers(0, 4, 300), rng.random(300) < 0.6, SENSOR)


def scattered(events, taus, sides=1):
    """Two bins around tau share an event; bins that do not exist lose their part."""
    grid = np.zeros((sides, BINS, 4, 6))
    for tau, x, y, p in zip(taus, events.x, events.y, events.p, strict=True):
        for b in (math.floor(tau), math.floor(tau) + 1):
            if 0 <= b < BINS:
                sign = 1 if p or sides == 2 else -1
                grid[0 if p else sides - 1, b, y, x] += sign * (1 - abs(b - tau))
    return grid.reshape(sides * BINS, 4, 6)


def seconds(events):
    return (events.t - events.t[0]) / (events.t[-1] - events.t[0])


def test_zhu_2019_and_e2vid_before_it_normalises(events):
    taus = seconds(events) * (BINS - 1)
    np.testing.assert_allclose(voxel_grid(events, BINS), scattered(events, taus), atol=1e-4)


def test_tonic(events):
    grid = voxel_grid(events, BINS, scaling="B")
    np.testing.assert_allclose(grid, scattered(events, seconds(events) * BINS), atol=1e-4)


def test_prophesee_event_cube(events):
    taus = (events.t - 900) * BINS / 1200 - 0.5
    grid = voxel_grid(events, BINS, 900, 2100, scaling="centred", polarity="channels")
    np.testing.assert_allclose(grid, scattered(events, taus, sides=2), atol=1e-4)


def test_e2vid_normalises_over_all_nonzero_voxels(events):
    grid = scattered(events, seconds(events) * (BINS - 1))
    some = grid != 0
    mean = grid.sum() / some.sum()
    deviation = math.sqrt((grid**2).sum() / some.sum() - mean**2)
    want = some * (grid - mean) / deviation
    np.testing.assert_allclose(voxel_grid(events, BINS, normalise="e2vid"), want, atol=1e-4)


def test_dsec_takes_rectified_positions_and_normalises_as_a_sample(events):
    rng = np.random.default_rng(4)
    x = (events.x * 0.8 + rng.uniform(0, 0.9, len(events))).astype(np.float32)
    y = (events.y * 0.7 + rng.uniform(0, 0.9, len(events))).astype(np.float32)
    grid = np.zeros((BINS, 4, 6))
    taus = (BINS - 1) * seconds(events)
    for tau, at_x, at_y, p in zip(taus, x, y, events.p, strict=True):
        for column in (int(at_x), int(at_x) + 1):
            for line in (int(at_y), int(at_y) + 1):
                for b in (int(tau), int(tau) + 1):
                    if column < 6 and line < 4 and b < BINS:
                        part = (1 - abs(column - at_x)) * (1 - abs(line - at_y)) * (1 - abs(b - tau))
                        grid[b, line, column] += part if p else -part
    np.testing.assert_allclose(voxel_grid(events, BINS, positions=(x, y)), grid, atol=1e-4)
    some = np.abs(grid) > 0
    grid[some] = (grid[some] - grid[some].mean()) / grid[some].std(ddof=1)
    np.testing.assert_allclose(voxel_grid(events, BINS, positions=(x, y), normalise="dsec"), grid, atol=1e-3)


def test_event_flow_rounds_times(events):
    grid = np.zeros((BINS, 4, 6))
    for tau, x, y, p in zip(seconds(events) * (BINS - 1), events.x, events.y, events.p, strict=True):
        grid[math.floor(tau + 0.5), y, x] += 1 if p else -1
    np.testing.assert_allclose(voxel_grid(events, BINS, interpolation="nearest"), grid, atol=1e-4)


@pytest.mark.parametrize("scaling", ["B", "centred"])
def test_nearest_bins_of_equal_slices_are_a_histogram(events, scaling):
    counts = voxel_grid(events, BINS, scaling=scaling, interpolation="nearest", polarity="channels")
    edges = np.linspace(events.t[0], events.t[-1], BINS + 1)
    for side, chosen in enumerate((events.p, ~events.p)):
        want, _ = np.histogramdd(
            (events.t[chosen], events.y[chosen], events.x[chosen]), [edges, np.arange(5), np.arange(7)]
        )
        np.testing.assert_array_equal(counts[side * BINS : (side + 1) * BINS], want)


def test_by_hand():
    # Three slices of 30 µs: an event 40 µs in lies 1/3 into the second.
    one = Events.checked([40], [2], [1], [False], SENSOR)
    bins = {
        ("B-1", "bilinear"): [-1 / 9, -8 / 9, 0],
        ("B", "bilinear"): [0, -2 / 3, -1 / 3],
        ("centred", "bilinear"): [-1 / 6, -5 / 6, 0],
        ("B-1", "nearest"): [0, -1, 0],
        ("B", "nearest"): [0, -1, 0],
        ("centred", "nearest"): [0, -1, 0],
    }
    for (scaling, interpolation), want in bins.items():
        grid = voxel_grid(one, 3, 0, 90, scaling=scaling, interpolation=interpolation)
        np.testing.assert_allclose(grid[:, 1, 2], want, atol=1e-6)
        assert np.count_nonzero(grid) == np.count_nonzero(want)
    # Half a bin before the first centre and after the last there is nothing to share with.
    for at_us, lost in ((0, [-0.5, 0, 0]), (90, [0, 0, -0.5])):
        edge = Events.checked([at_us], [2], [1], [False], SENSOR)
        np.testing.assert_allclose(voxel_grid(edge, 3, 0, 90, scaling="centred")[:, 1, 2], lost, atol=1e-6)
    # A quarter of a pixel to the right, half a pixel up.
    positions = np.array([2.25], np.float32), np.array([0.5], np.float32)
    corner = voxel_grid(one, 1, positions=positions)[0]
    np.testing.assert_allclose(corner[:2, 2:4], [[-0.375, -0.125], [-0.375, -0.125]], atol=1e-6)
    assert np.count_nonzero(corner) == 4


def test_a_part_off_the_sensor_is_lost_and_no_weight_is_negative():
    one = Events.checked([40], [0], [0], [True], SENSOR)
    positions = np.array([-0.25], np.float32), np.array([3.5], np.float32)
    grid = voxel_grid(one, 1, positions=positions)
    assert grid[0, 3, 0] == pytest.approx(0.375)
    assert np.count_nonzero(grid) == 1


@pytest.mark.parametrize("scaling", ["B-1", "B", "centred"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("normalise", [None, "e2vid", "dsec"])
@pytest.mark.parametrize("number", [1, 25, 3000])
def test_numba_and_torch_agree_and_nothing_is_written_to(scaling, interpolation, normalise, number):
    rng = np.random.default_rng(number)
    t = np.sort(rng.integers(0, 1000, number))
    events = Events.checked(
        t, rng.integers(0, 6, number), rng.integers(0, 4, number), rng.random(number) < 0.5, SENSOR
    )
    x = (events.x + rng.uniform(-1.5, 1.5, number)).astype(np.float32)
    y = (events.y + rng.uniform(-1.5, 1.5, number)).astype(np.float32)
    for column in (events.t, events.x, events.y, events.p, x, y):
        column.setflags(write=False)
    grid = VoxelGrid(5, "channels", scaling, interpolation, normalise)
    options = {
        "polarity": "channels", "scaling": scaling, "interpolation": interpolation, "normalise": normalise
    }  # fmt: skip
    t, p = torch.tensor(events.t), torch.tensor(events.p)
    there = voxel_grid_torch(
        t,
        torch.tensor(events.x.astype(int)),
        torch.tensor(events.y.astype(int)),
        p,
        SENSOR,
        5,
        0,
        1010,
        **options,
    )
    np.testing.assert_allclose(grid(events, 0, 1010), there, rtol=1e-4, atol=1e-4)
    there = voxel_grid_torch(t, torch.tensor(x), torch.tensor(y), p, SENSOR, 5, 0, 1010, **options)
    # A voxel that is 0 in one order of addition and 1e-9 in another counts as nonzero there alone.
    atol = 1e-4 if normalise is None else 2e-2
    np.testing.assert_allclose(grid(events, 0, 1010, positions=(x, y)), there, rtol=1e-3, atol=atol)


@pytest.mark.parametrize("normalise", ["e2vid", "dsec"])
def test_equal_voxels_are_not_divided_by_their_deviation_of_zero(normalise):
    # EvTexture issue 12: one event made the published code divide by 0.
    one = Events.checked([5], [1], [1], [True], SENSOR)
    assert not voxel_grid(one, 3, normalise=normalise).any()
    same = Events.checked([5, 5, 5], [1, 2, 3], [1, 1, 1], [True] * 3, SENSOR)
    assert not voxel_grid(same, 3, normalise=normalise).any()
    assert not voxel_grid(Events.empty(SENSOR), 3, normalise=normalise).any()


@pytest.mark.parametrize("scaling", ["B-1", "B", "centred"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_equal_timestamps_go_to_the_first_bin_whatever_the_convention(scaling, interpolation):
    same = Events.checked([7] * 4, [1] * 4, [2] * 4, [True] * 4, SENSOR)
    grid = voxel_grid(same, 3, scaling=scaling, interpolation=interpolation)
    assert grid[0, 2, 1] == 4
    assert np.count_nonzero(grid) == 1


def test_unknown_words_and_positions_that_do_not_fit_are_refused(events):
    with pytest.raises(ConfigError, match="scaling is 'B-1' or 'B' or 'centred', not 'b'"):
        voxel_grid(events, 3, scaling="b")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="interpolation is 'bilinear' or 'nearest', not 'cubic'"):
        VoxelGrid(3, interpolation="cubic")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="normalise is None or 'e2vid' or 'dsec', not 'max'"):
        VoxelGrid(3, normalise="max")  # type: ignore[arg-type]
    x = events.x.astype(np.float32)
    with pytest.raises(ShapeError, match=r"positions need y as \(300,\) float32, not \(300,\) float64"):
        voxel_grid(events, 3, positions=(x, x.astype(float)))  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="positions need x"):
        voxel_grid(events, 3, positions=(x[1:], x))
