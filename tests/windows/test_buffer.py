import itertools
import tracemalloc

import numpy as np
import pytest

from eventsnn import Events, Sensor
from eventsnn.windows import windows

SENSOR = Sensor(640, 480)


def stream(stretches, size):
    """Stretches of one event per µs, made as they are asked for."""
    x = np.zeros(size, np.uint16)
    for index in range(stretches):
        yield Events(np.arange(index * size, (index + 1) * size), x, x, np.ones(size, bool), SENSOR)


def test_windows_inside_one_stretch_are_views_of_it():
    (whole,) = stream(1, 10_000)
    found = list(windows([whole], 1_000, step_us=300))
    assert len(found) > 30
    assert all(np.shares_memory(window.events.t, whole.t) for window in found)


def test_overlapping_windows_over_many_stretches_share_their_events():
    found = list(windows(stream(100, 100), 1_000, step_us=100))
    shared = [np.shares_memory(a.events.t, b.events.t) for a, b in itertools.pairwise(found)]
    # A new room is begun once per window length, not once per window.
    assert shared.count(False) <= len(found) // 9
    for window in found:
        np.testing.assert_array_equal(window.events.t, np.arange(window.start_us, min(window.end_us, 10_000)))


def test_windows_handed_out_stay_as_they_are_while_the_stream_goes_on():
    found, copies = [], []
    for window in windows(stream(50, 70), 500, step_us=90):
        found.append(window)
        copies.append(window.events.t.copy())
    for window, copy in zip(found, copies, strict=True):
        np.testing.assert_array_equal(window.events.t, copy)


@pytest.mark.parametrize(
    "options",
    [{"length_us": 5_000, "step_us": 500}, {"count": 5_000, "step_count": 500}, {"length_us": 5_000}],
)
def test_memory_does_not_grow_with_the_stream(options):
    def peak(stretches):
        tracemalloc.start()
        for _ in windows(stream(stretches, 300), **options):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    short, long = peak(100), peak(1_000)
    # 30,000 and 300,000 events of 13 bytes: the long stream alone would be 3.9 MB.
    assert long < 1.3 * short
    assert long < 900_000
