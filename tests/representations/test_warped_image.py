import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import WarpedImage, count_image, stack, warped_image, warped_image_torch
from eventsnn.results import Flow
from eventsnn.windows import Window

SENSOR = Sensor(9, 7)


def some(n, seed):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(100, 1101, n))
    return Events.checked(t, rng.integers(0, 9, n), rng.integers(0, 7, n), rng.random(n) < 0.5, SENSOR)


def some_flow(seed, scale=3.0):
    rng = np.random.default_rng(seed)
    return Flow(rng.normal(0, scale, (2, 7, 9)).astype(np.float32), 100, 1100)


def tensors(events):
    columns = events.t, events.x.astype(np.int64), events.y.astype(np.int64), events.p
    return [torch.from_numpy(column) for column in columns]


def one_by_one(events, flow, to_us):
    image = np.zeros((2, 7, 9))
    for t, x, y, p in zip(events.t.tolist(), events.x.tolist(), events.y.tolist(), events.p, strict=True):
        u, v = flow.displacement[:, y, x].astype(float) * (to_us - t) / (flow.end_us - flow.start_us)
        if 0 <= x + u <= 8 and 0 <= y + v <= 6:
            for line in range(7):
                for column in range(9):
                    share = max(0, 1 - abs(x + u - column)) * max(0, 1 - abs(y + v - line))
                    image[0 if p else 1, line, column] += share
    return image


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 2**32), st.sampled_from([None, 100, 333, 1100]))
def test_equals_the_formula_one_by_one_and_torch(n, seed, to_us):
    events, flow = some(n, seed), some_flow(seed)
    want = one_by_one(events, flow, 600 if to_us is None else to_us)
    np.testing.assert_allclose(warped_image(events, flow, to_us), want, atol=1e-4)
    merged = warped_image(events, flow, to_us, polarity="merged")
    np.testing.assert_allclose(merged, want.sum(0, keepdims=True), atol=1e-4)
    displacement = torch.from_numpy(flow.displacement)
    for polarity, planes in (("channels", want), ("merged", want.sum(0, keepdims=True))):
        there = warped_image_torch(
            *tensors(events), SENSOR, displacement, 100, 1100, to_us, polarity=polarity
        )
        assert there.dtype == torch.float32
        np.testing.assert_allclose(there.numpy(), planes, atol=1e-4)


def test_by_hand():
    displacement = np.zeros((2, 7, 9), np.float32)
    displacement[0], displacement[1] = 4, -2
    flow = Flow(displacement, 0, 1000)
    events = Events.checked([0, 250, 500, 1000], [1, 2, 3, 5], [4, 3, 3, 2], [True] * 4, SENSOR)
    # At 500 µs: (3, 3), (3, 2.5), (3, 3), (3, 3).
    image = warped_image(events, flow)
    assert (image[0, 3, 3], image[0, 2, 3]) == (3.5, 0.5)
    assert np.count_nonzero(image) == 2
    # At the end: (5, 2), (5, 1.5), (5, 2), (5, 2).
    image = warped_image(events, flow, 1000)
    assert (image[0, 2, 5], image[0, 1, 5]) == (3.5, 0.5)


def test_no_motion_is_the_count_image():
    events = some(80, 1)
    still = Flow(np.zeros((2, 7, 9), np.float32), 100, 1101)
    np.testing.assert_array_equal(warped_image(events, still), count_image(events))


def test_what_leaves_or_is_not_finite_is_dropped():
    displacement = np.zeros((2, 7, 9), np.float32)
    displacement[0, 0, 8], displacement[0, 0, 0], displacement[1, 3, 3] = 5, math.nan, math.inf
    flow = Flow(displacement, 0, 10)
    events = Events.checked([0, 0, 0, 0], [8, 0, 3, 8], [0, 0, 3, 6], [True] * 4, SENSOR)
    image = warped_image(events, flow, 10)
    assert image[0, 6, 8] == image.sum() == 1


def test_gradients_reach_the_flow():
    events = some(30, 3)
    displacement = torch.full((2, 7, 9), 0.4, requires_grad=True)

    def contrast(moved):
        return (warped_image_torch(*tensors(events), SENSOR, moved, 100, 1101) ** 2).sum()

    contrast(displacement).backward()
    nudge = torch.zeros_like(displacement)
    nudge[0, events.y[7], events.x[7]] = 1e-2
    with torch.no_grad():
        slope = (contrast(displacement + nudge) - contrast(displacement - nudge)) / 2e-2
    assert displacement.grad is not None
    assert float((displacement.grad * nudge).sum()) / 1e-2 == pytest.approx(float(slope), rel=1e-2)


def test_the_module_is_the_function():
    events, flow = some(40, 2), some_flow(2)
    module = WarpedImage(flow, "merged")
    assert module.channels == 1
    want = warped_image(events, flow, polarity="merged")
    np.testing.assert_array_equal(module(events), want)
    out = np.full((1, 1, 7, 9), 5, np.float32)
    stack(module, [Window(events, 100, 1100)], out)
    np.testing.assert_array_equal(out[0], want)
    assert not module(Events.empty(SENSOR)).any()


def test_bad_input_is_refused():
    events, flow = some(20, 2), some_flow(2)
    with pytest.raises(ShapeError, match="9x7 sensor cannot be warped by 3x2 flow"):
        warped_image(events, Flow(np.zeros((2, 2, 3), np.float32), 0, 2000))
    late = Flow(flow.displacement, 100, 500)
    with pytest.raises(ShapeError, match=r"lies outside \[100, 500\]"):
        warped_image(events, late)
    for to_us in (99, 1101):
        with pytest.raises(ShapeError, match="outside the flow's interval"):
            warped_image(events, flow, to_us)
    with pytest.raises(ConfigError, match="polarity is"):
        WarpedImage(flow, "sign")  # type: ignore[arg-type]
    displacement = torch.zeros((2, 7, 9))
    with pytest.raises(ShapeError, match="cannot be warped"):
        warped_image_torch(*tensors(events), SENSOR, displacement[:, 1:], 100, 1100)
    with pytest.raises(ShapeError, match="interval above 0"):
        warped_image_torch(*tensors(events), SENSOR, displacement, 100, 100)
    with pytest.raises(ShapeError, match=r"events lie outside \[0, 200\]"):
        warped_image_torch(*tensors(events), SENSOR, displacement, 0, 200)
    events.x[5] = 9
    with pytest.raises(ShapeError, match=r"event 5 at \(9, \d\) lies off"):
        warped_image(events, flow)
