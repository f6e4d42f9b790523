"""The warp kernels against plain NumPy."""

import numpy as np
import pytest

from eventsnn.kernels.warp import contrast, fit_tiles, warped_counts


def test_warped_counts_matches_numpy():
    rng = np.random.default_rng(0)
    n, height, width = 400, 9, 13
    t = rng.integers(100, 1100, n)
    x, y = rng.integers(0, width, n).astype(np.uint16), rng.integers(0, height, n).astype(np.uint16)
    flow = rng.normal(0, 5, (2, height, width)).astype(np.float32)
    want = np.zeros((height, width))
    late = (1100 - t) / 1000
    to_x, to_y = np.rint(x + flow[0, y, x] * late), np.rint(y + flow[1, y, x] * late)
    inside = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
    np.add.at(want, (to_y[inside].astype(int), to_x[inside].astype(int)), 1)
    out = np.zeros((height, width), np.float32)
    assert warped_counts(t, x, y, flow, 1000, 1100.0, out) == -1
    np.testing.assert_array_equal(out, want)
    assert 0 < inside.sum() < n


def test_contrast_matches_numpy():
    rng = np.random.default_rng(1)
    n, side = 200, 24
    x, y = rng.uniform(4, side - 5, (2, n)).astype(np.float32)
    late, sign = rng.uniform(-0.5, 0.5, n).astype(np.float32), rng.choice([-1, 1], n).astype(np.float32)
    u, v = 3.5, -2.25
    image = np.zeros((side, side))
    for to_x, to_y, weight in zip(x + u * late, y + v * late, sign, strict=True):
        for row in range(side):
            for column in range(side):
                image[row, column] += weight * max(0, 1 - abs(to_x - column)) * max(0, 1 - abs(to_y - row))
    kernel = np.array([1, 2, 1]) / 4
    smooth = np.apply_along_axis(np.convolve, 0, image, kernel, "same")
    smooth = np.apply_along_axis(np.convolve, 1, smooth, kernel, "same")
    scratch = np.full((2, side, side), np.nan, np.float32)
    got = contrast(x, y, late, sign, u, v, scratch[0], scratch[1])
    assert got == pytest.approx((smooth**2).sum(), rel=1e-4)


def test_fit_tiles_finds_each_tiles_motion_and_leaves_sparse_tiles_alone():
    rng = np.random.default_rng(2)
    n = 1500
    late = rng.uniform(-0.5, 0.5, n).astype(np.float32)
    # Points of the left tile move by (5, -3), seen at their place before the move to the middle.
    points = rng.uniform((10, 10), (50, 54), (30, 2))[rng.integers(0, 30, n)]
    x, y = (points[:, 0] - 5 * late).astype(np.float32), (points[:, 1] + 3 * late).astype(np.float32)
    x, y, late = (
        np.append(a, b).astype(np.float32) for a, b in ((x, [150, 160]), (y, [20, 20]), (late, [0.1, 0.2]))
    )
    flow = np.zeros((2, 1, 5), np.float32)
    flow[:, 0, 4] = 1.5, 2.5
    fit_tiles(x, y, late, np.ones(n + 2, np.float32), 32, 16, 8.0, 4.0, 1.0, 0.25, 30, flow)
    np.testing.assert_allclose(flow[:, 0, 0], (5, -3), atol=0.3)
    assert flow[:, 0, 4].tolist() == [1.5, 2.5]
