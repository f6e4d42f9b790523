import dv_processing
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor
from eventsnn.errors import ShapeError
from eventsnn.exchange import from_event_store, to_event_store, to_rows

SENSOR = Sensor(346, 260)


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_there_and_back(data, any_events, same):
    events = data.draw(any_events)
    store = to_event_store(events)
    assert store.size() == len(events)
    assert same(from_event_store(store, SENSOR), events)


def test_a_store_over_many_packets_is_the_one_that_dv_fills_itself(same):
    rng = np.random.default_rng(0)
    n = 150_000
    events = Events.checked(
        1_589_163_147_365_215 + np.sort(rng.integers(0, 1_000_000, n)),
        rng.integers(0, 346, n),
        rng.integers(0, 260, n),
        rng.integers(0, 2, n),
        SENSOR,
    )
    store = to_event_store(events)
    assert same(from_event_store(store, SENSOR), events)
    # dv's own methods take the store as one of theirs.
    part = store.sliceTime(int(events.t[1000]), int(events.t[-1]))
    assert part.size() == len(events.between(int(events.t[1000]), int(events.t[-1])))


def test_a_store_that_dv_filled():
    store = dv_processing.EventStore()
    store.push_back(40, 345, 1, True)
    store.push_back(40, 3, 259, False)
    assert to_rows(from_event_store(store, SENSOR)).tolist() == [[345, 1, 40, 1], [3, 259, 40, 0]]
    with pytest.raises(ShapeError, match="off the 100x100 sensor"):
        from_event_store(store, Sensor(100, 100))
    assert len(from_event_store(dv_processing.EventStore(), SENSOR)) == 0


def test_what_a_store_cannot_hold_is_refused():
    with pytest.raises(ShapeError, match="no times before 0, such as -5 µs"):
        to_event_store(Events.checked([-5, 3], [0, 0], [0, 0], [1, 1], SENSOR))
    with pytest.raises(ShapeError, match="below 32768"):
        to_event_store(Events.checked([5], [40_000], [0], [1], Sensor(50_000, 1)))
