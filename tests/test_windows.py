import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor
from eventsnn.errors import ConfigError, ShapeError
from eventsnn.windows import TimeWindows, windows

SENSOR = Sensor(100, 1)


def events_at(*t):
    n = len(t)
    return Events.checked(
        np.array(t, np.int64), np.arange(n) % 100, np.zeros(n, int), np.ones(n, bool), SENSOR
    )


def spans(found):
    return [(w.start_us, w.end_us, w.events.t.tolist(), w.partial) for w in found]


def test_windows_follow_one_another_from_the_first_event_on():
    assert spans(windows([events_at(5, 14, 15, 24, 25, 46)], 10)) == [
        (5, 15, [5, 14], False),
        (15, 25, [15, 24], False),
        (25, 35, [25], False),
        (35, 45, [], False),
        (45, 55, [46], True),
    ]


def test_a_window_waits_for_the_first_event_after_it():
    cutter = TimeWindows(10)
    assert spans(cutter.push(events_at(0, 9))) == []
    assert spans(cutter.push(events_at(9, 9))) == []
    assert spans(cutter.push(events_at(10))) == [(0, 10, [0, 9, 9, 9], False)]
    assert spans(cutter.flush()) == [(10, 20, [10], True)]
    assert spans(cutter.flush()) == []


@pytest.mark.parametrize(
    "stretches", [[(0, 5, 1000, 1003)], [(0, 5), (1000, 1003)], [(0,), (5, 1000), (1003,)]]
)
def test_a_long_silence_starts_anew_wherever_the_stream_is_chunked(stretches):
    cutter = TimeWindows(10, max_gap_us=100)
    found = [w for stretch in stretches for w in cutter.push(events_at(*stretch))]
    assert spans([*found, *cutter.flush()]) == [(0, 10, [0, 5], True), (1000, 1010, [1000, 1003], True)]


def test_a_clock_that_was_reset_starts_anew():
    cutter = TimeWindows(10)
    found = [*cutter.push(events_at(500, 505)), *cutter.push(events_at(3, 14)), *cutter.flush()]
    assert spans(found) == [(500, 510, [500, 505], True), (3, 13, [3], False), (13, 23, [14], True)]


def test_a_stream_without_events_has_no_windows():
    assert list(windows([], 10)) == []
    assert list(windows([Events.empty(SENSOR)], 10)) == []


def test_bad_lengths_and_a_change_of_sensor_are_refused():
    with pytest.raises(ConfigError, match="at least 1 µs, not 0"):
        TimeWindows(0)
    with pytest.raises(ConfigError, match="negative"):
        TimeWindows(10, -1)
    cutter = TimeWindows(10)
    list(cutter.push(events_at(1)))
    with pytest.raises(ShapeError, match="from a 100x1 to a 7x7 sensor"):
        list(cutter.push(Events.checked([2], [0], [0], [0], Sensor(7, 7))))


@given(
    steps=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
    length=st.integers(1, 30),
    max_gap=st.integers(0, 40),
)
@settings(max_examples=150, deadline=None)
def test_windows_conserve_events_and_do_not_depend_on_chunks(steps, cuts, length, max_gap):
    events = events_at(*np.cumsum(steps).tolist())
    whole = TimeWindows(length, max_gap)
    expected = [*whole.push(events), *whole.flush()]
    bounds = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    chunked = TimeWindows(length, max_gap)
    found = [w for a, b in itertools.pairwise(bounds) for w in chunked.push(events[a:b])]
    found += chunked.flush()
    assert spans(found) == spans(expected)

    joined = Events.concat([w.events for w in expected])
    np.testing.assert_array_equal(joined.t, events.t)
    np.testing.assert_array_equal(joined.x, events.x)
    for window in expected:
        assert window.end_us - window.start_us == length
        assert all(window.start_us <= t < window.end_us for t in window.events.t)
    for before, after in itertools.pairwise(expected):
        if before.partial:
            assert after.start_us - before.events.t[-1] > max_gap
        else:
            assert after.start_us == before.end_us
    assert expected[-1].partial
