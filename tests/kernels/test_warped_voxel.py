"""The flow network's voxel kernels against loops that follow the formula word by word."""

import numpy as np
import pytest

from eventsnn.events import Events, Sensor
from eventsnn.kernels.warped_voxel import pack_channels, warped_voxel_channels
from eventsnn.representations import voxel_grid


def arrays(n, width, height, start_us, end_us, seed=0):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(start_us, end_us + 1, n))
    x = rng.integers(0, width, n).astype(np.uint16)
    y = rng.integers(0, height, n).astype(np.uint16)
    return t, x, y, rng.random(n) < 0.5


@pytest.mark.parametrize("at", [0, 17, 39])
@pytest.mark.parametrize(("column", "value"), [("x", 7), ("x", 65535), ("y", 5), ("t", -1), ("t", 1001)])
def test_names_the_first_event_it_refuses(at, column, value):
    t, x, y, p = arrays(40, 7, 5, 0, 1000)
    {"t": t, "x": x, "y": y}[column][at] = value
    out = np.zeros((4, 5, 7), np.float32)
    assert warped_voxel_channels(t, x, y, p, 0, 1000, np.zeros((2, 5, 7), np.float32), 1, out) == at


def warped_reference(t, x, y, p, start_us, end_us, flow, stride, bins, height, width):
    grid = np.zeros((2 * bins, height, width))
    cells_y, cells_x = flow.shape[1:]
    for ti, xi, yi, pi in zip(t.tolist(), x.tolist(), y.tolist(), p.tolist(), strict=True):
        cx = np.clip((xi + 0.5) / stride - 0.5, 0, cells_x - 1)
        cy = np.clip((yi + 0.5) / stride - 0.5, 0, cells_y - 1)
        move = np.zeros(2)
        for row in range(cells_y):
            for col in range(cells_x):
                move += max(0, 1 - abs(cx - col)) * max(0, 1 - abs(cy - row)) * flow[:, row, col]
        to = np.array([xi, yi]) + move * ((start_us + end_us) / 2 - ti) / (end_us - start_us)
        if not (0 <= to[0] <= width - 1 and 0 <= to[1] <= height - 1):
            continue
        tau = (ti - start_us) / (end_us - start_us) * (bins - 1)
        for b in range(bins):
            for row in range(height):
                for col in range(width):
                    share = (
                        max(0, 1 - abs(b - tau)) * max(0, 1 - abs(to[0] - col)) * max(0, 1 - abs(to[1] - row))
                    )
                    grid[b if pi else b + bins, row, col] += share
    return grid


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("bins", [1, 4])
def test_warped_matches_the_formula(stride, bins):
    rng = np.random.default_rng(stride)
    flow = rng.normal(0, 4, (2, -(-9 // stride), -(-11 // stride))).astype(np.float32)
    columns = arrays(60, 11, 9, 100, 1100)
    want = warped_reference(*columns, 100, 1100, flow, stride, bins, 9, 11)
    assert 20 < want.sum() < 60, "some events should leave the sensor, most should stay"
    out = np.zeros((2 * bins, 9, 11), np.float32)
    assert warped_voxel_channels(*columns, 100, 1100, flow, stride, out) == -1
    np.testing.assert_allclose(out, want, atol=1e-4)


def test_warped_with_the_true_flow_gathers_a_moving_point():
    # 8 px to the right in 1000 µs: at the middle, 500 µs, the point is at x = 10.
    t = np.arange(0, 1001, 125)
    x = (6 + t // 125).astype(np.uint16)
    y, p = np.full(t.size, 3, np.uint16), np.ones(t.size, bool)
    flow = np.stack([np.full((8, 20), 8), np.zeros((8, 20))]).astype(np.float32)
    out = np.zeros((10, 8, 20), np.float32)
    warped_voxel_channels(t, x, y, p, 0, 1000, flow, 1, out)
    assert np.flatnonzero(out.sum(axis=(0, 1))).tolist() == [10]
    assert out.sum() == pytest.approx(9)


def test_warped_by_nothing_is_the_plain_grid():
    columns = arrays(500, 7, 5, 0, 1000)
    plain, warped = np.zeros((6, 5, 7), np.float32), np.zeros((6, 5, 7), np.float32)
    voxel_grid(Events(*columns, Sensor(7, 5)), 3, 0, 1000, polarity="channels", out=plain)
    warped_voxel_channels(*columns, 0, 1000, np.zeros((2, 2, 2), np.float32), 4, warped)
    np.testing.assert_allclose(warped, plain, atol=1e-4)


def test_warped_drops_events_whose_flow_is_not_a_number():
    columns = arrays(50, 7, 5, 0, 1000)
    out = np.zeros((6, 5, 7), np.float32)
    assert warped_voxel_channels(*columns, 0, 1000, np.full((2, 5, 7), np.nan, np.float32), 1, out) == -1
    assert not out.any()


def test_packed_channels() -> None:
    generator = np.random.default_rng(0)
    counts = generator.random((3, 4, 6)).astype(np.float32)
    counts[counts < 0.5] = 0
    flow = generator.normal(size=(2, 2, 3)).astype(np.float32)
    out = np.full((4, 6, 5), np.nan, np.float32)
    pack_channels(counts, flow, 2, 0.5, out)
    np.testing.assert_allclose(out[..., :3], np.log1p(counts).transpose(1, 2, 0), rtol=1e-6)
    np.testing.assert_array_equal(out[..., 3:], 0.5 * flow.repeat(2, 1).repeat(2, 2).transpose(1, 2, 0))
