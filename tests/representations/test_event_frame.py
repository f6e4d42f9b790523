import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import EventFrame, event_frame, event_frame_torch

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


def test_by_hand():
    events = Events.checked([0, 1, 2, 3], [1, 1, 1, 2], [0, 0, 0, 3], [True, True, False, False], SENSOR)
    last, majority = event_frame(events), event_frame(events, shown="majority")
    assert last[0, 0, 1] == 0
    assert majority[0, 0, 1] == 255
    assert last[0, 3, 2] == majority[0, 3, 2] == 0
    for frame in (last, majority):
        assert frame.shape == (1, 4, 6)
        assert frame.dtype == np.uint8
        assert np.count_nonzero(frame == 128) == 22
    tie = event_frame(events[1:3], shown="majority")
    assert (tie == 128).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 200), st.integers(0, 2**32), st.sampled_from(["last", "majority"]))
def test_equals_one_by_one_and_torch(n, seed, shown):
    events = some(n, seed)
    shade = np.zeros((1, 4, 6), int)
    for x, y, p in zip(events.x, events.y, events.p, strict=True):
        shade[0, y, x] = (1 if p else -1) + (shade[0, y, x] if shown == "majority" else 0)
    want = np.select([shade > 0, shade < 0], [255, 0], 128)
    frame = EventFrame(shown)(events)
    np.testing.assert_array_equal(frame, want)
    x, y = (torch.from_numpy(column.astype(np.int64)) for column in (events.x, events.y))
    there = event_frame_torch(x, y, torch.from_numpy(events.p), SENSOR, shown=shown)
    assert there.dtype == torch.uint8
    np.testing.assert_array_equal(there.numpy(), frame)


def test_bad_input_is_refused():
    with pytest.raises(ConfigError, match="shows 'last' or 'majority', not 'first'"):
        EventFrame("first")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="out must be"):
        event_frame(some(3, 0), out=np.zeros((1, 4, 6), np.float32))  # type: ignore[arg-type]
    zero = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ShapeError, match="1 events lie off"):
        event_frame_torch(zero + 6, zero, zero == 0, SENSOR)
