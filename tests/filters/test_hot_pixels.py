import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import HotPixels, filtered, find_hot_pixels

SENSOR = Sensor(32, 24)
SECOND_US = 10**6


def noisy(seconds=3, seed=0):
    """2 Hz of noise, 200 Hz at (3, 4) and (4, 4), and 60 Hz in a rectangle and along a line."""
    rng = np.random.default_rng(seed)
    rate = np.full((24, 32), 2.0)
    rate[10:20, 12:24] = 60
    rate[22] = 60
    rate[4, 3:5] = 200
    counts = rng.poisson(rate * seconds)
    lines, columns = np.nonzero(counts)
    y, x = (np.repeat(place, counts[lines, columns]) for place in (lines, columns))
    order = rng.permutation(len(x))
    t = np.sort(rng.integers(0, seconds * SECOND_US, len(x)))
    t[0], t[-1] = 0, seconds * SECOND_US
    return Events.checked(t, x[order], y[order], rng.random(len(x)) < 0.5, SENSOR)


def test_finds_what_stands_out_and_leaves_texture():
    mask = find_hot_pixels([noisy()])
    assert np.argwhere(mask).tolist() == [[4, 3], [4, 4]]
    pieces = noisy()
    np.testing.assert_array_equal(find_hot_pixels([pieces[:7], pieces[7:7], pieces[7:]]), mask)


def test_the_mask_as_a_filter():
    events = noisy()
    step = HotPixels.of(find_hot_pixels([events]))
    assert step.pixels == ((3, 4), (4, 4))
    kept, _ = step(events)
    hot = (events.y == 4) & ((events.x == 3) | (events.x == 4))
    np.testing.assert_array_equal(kept.t, events.t[~hot])


def test_learning_keeps_all_and_then_drops():
    events = noisy()
    kept, state = HotPixels(learn_us=SECOND_US)(events)
    hot = (events.y == 4) & ((events.x == 3) | (events.x == 4))
    np.testing.assert_array_equal(kept.t, events.t[~hot | (events.t < SECOND_US)])
    assert state.hot.sum() == 2


def test_what_a_hot_pixel_is():
    # 30 events in a second, alone on the sensor: 30 Hz, and 30 times the one event that none counts as.
    t = np.linspace(0, SECOND_US, 30).astype(int)
    events = Events.checked(t, [7] * 30, [7] * 30, [1] * 30, SENSOR)
    assert find_hot_pixels([events], min_hz=30, factor=30)[7, 7]
    assert not find_hot_pixels([events], min_hz=31, factor=30).any()
    assert not find_hot_pixels([events], min_hz=30, factor=31).any()


def test_a_stream_shorter_than_learning_is_kept_whole():
    events = noisy(1)
    pieces = list(filtered([events[:100], events[100:]], HotPixels(learn_us=2 * SECOND_US)))
    assert sum(map(len, pieces)) == len(events)


def test_no_events():
    assert not find_hot_pixels([Events.empty(SENSOR)]).any()
    with pytest.raises(ShapeError, match="without a single stretch"):
        find_hot_pixels([])


def test_what_cannot_be_is_refused():
    with pytest.raises(ShapeError, match=r"the hot pixel \(32, 0\) is off the 32x24 sensor"):
        HotPixels(pixels=((32, 0),))(noisy())
    with pytest.raises(ConfigError, match="y of a hot pixel"):
        HotPixels(pixels=((1, -1),))
    with pytest.raises(ConfigError, match="factor above 1"):
        HotPixels(factor=1)
    with pytest.raises(ConfigError, match="min_hz is above 0"):
        find_hot_pixels([noisy()], min_hz=0)
    events = noisy()
    outside = Events(events.t, events.x + np.uint16(9), events.y, events.p, SENSOR)
    for step in (HotPixels(), HotPixels(pixels=())):
        with pytest.raises(ShapeError, match="is off the 32x24 sensor"):
            step(outside)
