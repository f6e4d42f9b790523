import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor
from eventsnn.commands.survey import EventRate

SENSOR = Sensor(1, 1)


def stretch(t):
    t = np.sort(np.array(t, np.int64))
    return Events(t, np.zeros(t.size, np.uint16), np.zeros(t.size, np.uint16), np.ones(t.size, bool), SENSOR)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(-(10**6), 10**7), min_size=1, max_size=50), min_size=1, max_size=8))
def test_few_events_in_any_order_are_counted_within_a_bar_of_their_own(stretches):
    rate = EventRate()
    for t in stretches:
        rate.add(stretch(t))
    everything = np.sort(np.concatenate(stretches))
    first, last = int(everything[0]), int(everything[-1])
    seconds, counts = rate.bars(first, last, 10)
    assert sum(counts) == everything.size
    assert np.isclose(seconds * len(counts), (last - first + 1) / 1e6)
    true = np.bincount((everything - first) * len(counts) // (last - first + 1), minlength=len(counts))
    # an event may slip into the next bar, so sums up to a bar lie between those of the bars beside it
    sums, true_sums = np.cumsum(counts), np.cumsum(true)
    assert (sums[1:] >= true_sums[:-1]).all()
    assert (sums[:-1] <= true_sums[1:]).all()


def test_a_year_and_a_millisecond_take_the_same_memory():
    for step in (1, 3_000_000):
        rate = EventRate()
        for begin in range(0, 10_000, 1000):
            rate.add(stretch(step * np.arange(begin, begin + 1000)))
        _, counts = rate.bars(0, step * 9_999)
        assert np.allclose(counts, 250, atol=6)
