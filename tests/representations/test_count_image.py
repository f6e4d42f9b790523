import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import CountImage, count_image, count_image_torch

SENSOR = Sensor(6, 4)


def some(n, seed):
    rng = np.random.default_rng(seed)
    return Events.checked(
        np.sort(rng.integers(0, 50, n)),
        rng.integers(0, 6, n),
        rng.integers(0, 4, n),
        rng.random(n) < 0.5,
        SENSOR,
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**32))
def test_equals_counting_one_by_one_in_any_order(n, seed):
    events = some(n, seed)
    want = np.zeros((2, 4, 6), int)
    for x, y, p in zip(events.x, events.y, events.p, strict=True):
        want[0 if p else 1, y, x] += 1
    shuffled = events[np.random.default_rng(seed).permutation(n)]
    np.testing.assert_array_equal(count_image(shuffled), want)
    np.testing.assert_array_equal(count_image(shuffled, polarity="sign"), want[:1] - want[1:])
    x, y = (torch.from_numpy(column.astype(np.int64)) for column in (events.x, events.y))
    for polarity in ("channels", "sign"):
        there = count_image_torch(x, y, torch.from_numpy(events.p), SENSOR, polarity=polarity)
        assert there.dtype == torch.float32
        np.testing.assert_array_equal(there, count_image(events, polarity=polarity))
    swapped = Events(events.t, events.x, events.y, ~events.p, SENSOR)
    np.testing.assert_array_equal(count_image(swapped), want[::-1])


def test_out_is_overwritten_and_the_module_is_the_function():
    events = some(20, 0)
    out = np.full((1, 4, 6), 5, np.float32)
    assert count_image(events, polarity="sign", out=out) is out
    np.testing.assert_array_equal(CountImage("sign")(events), out)
    assert CountImage("sign").channels == 1
    assert CountImage().channels == 2


def test_bad_input_is_refused():
    off = Events(
        np.zeros(2, int), np.array([0, 6], np.uint16), np.zeros(2, np.uint16), np.ones(2, bool), SENSOR
    )
    with pytest.raises(ShapeError, match=r"event 1 at \(6, 0\) lies off the 6x4 sensor"):
        count_image(off)
    with pytest.raises(ShapeError, match="out must be"):
        count_image(some(1, 0), out=np.zeros((1, 4, 6), np.float32))
    with pytest.raises(ConfigError, match="'sign' or 'channels'"):
        count_image(some(1, 0), polarity="on")  # type: ignore[arg-type]
    zero = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(ShapeError, match="2 events lie off"):
        count_image_torch(zero, zero - 1, zero == 0, SENSOR)


def test_counts_over_many_blocks_and_names_the_event_in_the_right_one():
    events = some(20_000, 1)
    assert count_image(events).sum() == 20_000
    events.y[12_345] = 4
    with pytest.raises(ShapeError, match="event 12345 at"):
        count_image(events)
