import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import EventRate


def at(t):
    n = len(t)
    return Events.checked(t, np.arange(n) % 8, [0] * n, [1] * n, Sensor(8, 1))


def test_a_steady_stream_is_thinned_evenly():
    # 100 events in each window of 1000 µs, 25 allowed: the first window spends them at once.
    events = at(np.arange(400) * 10)
    kept, _ = EventRate(25_000, 1000)(events)
    per_window = np.bincount(kept.t // 1000)
    assert per_window.tolist() == [25, 25, 25, 25]
    assert kept.t[:25].tolist() == list(range(0, 250, 10))
    assert np.diff(kept.t[25:]).tolist() == [40] * 74


def test_a_slow_stream_is_kept():
    events = at(np.arange(100) * 500)
    assert EventRate(2000, 10_000)(events)[0] is events


@pytest.mark.parametrize("seed", range(5))
def test_no_window_has_more(seed):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.choice([0, 1, 5, 100, 5000], 5000, p=[0.3, 0.4, 0.2, 0.09, 0.01]))
    kept, _ = EventRate(70_000, 700)(at(t))
    windows = np.bincount((kept.t - t[0]) // 700)
    assert windows.max() == EventRate(70_000, 700).budget == 49
    # A window with no more than its budget loses nothing.
    came = np.bincount((t - t[0]) // 700, minlength=windows.size)
    light = came[: windows.size] <= 49
    before_light = np.concatenate([[True], light[:-1]])
    np.testing.assert_array_equal(windows[light & before_light], came[: windows.size][light & before_light])


def test_after_a_silence_the_window_before_was_empty():
    # Window 0 has 8 events, windows 1 and 2 none; so window 3 keeps its first two.
    events = at([0, 1, 2, 3, 4, 5, 6, 7, 300, 301, 302, 303])
    assert EventRate(20_000, 100)(events)[0].t.tolist() == [0, 1, 300, 301]
    # Right after it, one in four.
    events = at([0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103])
    assert EventRate(20_000, 100)(events)[0].t.tolist() == [0, 1, 103]


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="leave none for a window of 10 µs; take longer windows"):
        EventRate(99_999, 10)
    with pytest.raises(ConfigError, match="events_per_s is"):
        EventRate(0)
    step = EventRate(1000)
    _, state = step(at([5]))
    with pytest.raises(ShapeError, match="event 0 at 4 µs is earlier"):
        step(at([4]), state)
