import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import Tore, tore, tore_memory, tore_torch

SENSOR = Sensor(6, 4)


def some(n, seed, span_us=10_000):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


def tensors(events):
    columns = events.t, events.x.astype(np.int64), events.y.astype(np.int64), events.p
    return [torch.from_numpy(column) for column in columns]


def one_by_one(events, depth, at_us, shortest_us, longest_us):
    ages = np.full((2, depth, 4, 6), float(longest_us))
    for y in range(4):
        for x in range(6):
            for side, polarity in enumerate((True, False)):
                mine = (events.x == x) & (events.y == y) & (events.p == polarity)
                newest = at_us - events.t[mine][::-1][:depth]
                ages[side, : newest.size, y, x] = np.minimum(newest, longest_us)
    return (np.log(ages + 1) - math.log(shortest_us + 1)).clip(0).reshape(2 * depth, 4, 6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 200),
    st.integers(0, 2**32),
    st.sampled_from([0, 100, 10_000]),
    st.integers(1, 6),
    st.integers(0, 400),
    st.sampled_from([(150, 5e6), (0, 77.5), (20, 3000)]),
)
def test_equals_looking_back_one_by_one_and_torch(n, seed, span_us, depth, later_us, ages):
    events, at_us = some(n, seed, span_us), span_us + later_us
    want = one_by_one(events, depth, at_us, *ages)
    options = {"shortest_us": ages[0], "longest_us": ages[1]}
    planes = tore(events, depth, at_us, **options)
    assert planes.dtype == np.float32
    np.testing.assert_allclose(planes, want, atol=2e-6)
    there = tore_torch(*tensors(events), SENSOR, depth, at_us, **options)
    assert there.dtype == torch.float32
    np.testing.assert_allclose(there.numpy(), want, atol=2e-6)


def test_the_convention_of_tore_volumes_by_hand():
    # Their code: min(age, 5e6), log(age + 1) - log(151), nothing below 0; ON first, newest first.
    events = Events.checked([0, 1000, 1900], [2, 2, 2], [1, 1, 1], [True, True, True], SENSOR)
    planes = tore(events, 2, 2000)
    assert planes.shape == (4, 4, 6)
    oldest = math.log(5e6 + 1) - math.log(151)
    assert planes[:, 1, 2] == pytest.approx([0, math.log(1001 / 151), oldest, oldest])
    assert planes[:, 0, 0] == pytest.approx([oldest] * 4)
    assert tore(events, 2)[0, 1, 2] == 0, "the last event is the default instant"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 150), min_size=1, max_size=4), st.integers(1, 4))
def test_a_stream_in_pieces_equals_all_at_once(seed, cuts, depth):
    events = some(150, seed)
    memory, state = tore_memory(SENSOR, depth), torch.from_numpy(tore_memory(SENSOR, depth))
    bounds = [0, *sorted(cuts), 150]
    for begin, end in itertools.pairwise(bounds):
        part = events[begin:end]
        at_us = int(events.t[end - 1]) if end else 0
        want = tore(events[:end], depth, at_us)
        np.testing.assert_array_equal(tore(part, depth, at_us, memory=memory), want)
        there = tore_torch(*tensors(part), SENSOR, depth, at_us, memory=state)
        np.testing.assert_allclose(there.numpy(), want, atol=2e-6)
        np.testing.assert_array_equal(state.numpy(), memory)


def test_more_events_than_a_block_holds():
    events = some(10_000, 5, 10**6)
    memory = tore_memory(SENSOR, 3)
    want = one_by_one(events, 3, 10**6, 150, 5e6)
    np.testing.assert_allclose(tore(events, 3, 10**6, memory=memory), want, atol=2e-6)
    assert memory[..., 0].max() == events.t[-1]


def test_a_clock_of_any_epoch():
    events = some(80, 1)
    later = Events(events.t + 2**61, events.x, events.y, events.p, SENSOR)
    np.testing.assert_array_equal(tore(later, 3), tore(events, 3))
    earlier = Events(events.t - 2**61, events.x, events.y, events.p, SENSOR)
    np.testing.assert_array_equal(tore(earlier, 3), tore(events, 3))
    there = tore_torch(*tensors(later), SENSOR, 3, int(later.t[-1]))
    np.testing.assert_allclose(there.numpy(), tore(events, 3), atol=2e-6)


def test_nothing_and_the_module():
    oldest = math.log(5e6 + 1) - math.log(151)
    np.testing.assert_allclose(tore(Events.empty(SENSOR), 2), oldest, rtol=1e-6)
    events = some(50, 1)
    module = Tore(3, 10, 2000)
    assert module.channels == 6
    want = tore(events, 3, 12_000, shortest_us=10, longest_us=2000)
    np.testing.assert_array_equal(module(events, 0, 12_000), want)
    memory = tore_memory(SENSOR, 3)
    module(events[:20], 0, 12_000, memory=memory)
    np.testing.assert_array_equal(module(events[20:], 0, 12_000, memory=memory), want)


def test_bad_input_is_refused():
    events = some(20, 2)
    with pytest.raises(ShapeError, match=r"event 19 at .* lies outside"):
        tore(events, 2, 0)
    with pytest.raises(ShapeError, match="events lie after 0 µs"):
        tore_torch(*tensors(events), SENSOR, 2, 0)
    unsorted = Events(np.array([5, 3, 9]), *(column[:3] for column in (events.x, events.y, events.p)), SENSOR)
    with pytest.raises(ShapeError, match="event 1 at 3 µs is out of time order"):
        tore(unsorted, 2, 9)
    memory = tore_memory(SENSOR, 2)
    tore(some(200, 2), 2, memory=memory)
    before = memory.copy()
    # Few events and many take different loops.
    for number in (20, 500):
        with pytest.raises(ShapeError, match=r"event 0 at .* is out of time order"):
            tore(some(number, 2), 2, memory=memory)
        np.testing.assert_array_equal(memory, before)
    for wrong in (np.zeros((2, 4, 6, 3), np.int64), np.zeros((2, 4, 6, 2)), memory[:, ::-1]):
        with pytest.raises(ShapeError, match="memory must be"):
            tore(events, 2, memory=wrong)
    for depth, shortest_us, longest_us in ((0, 1, 2), (256, 1, 2), (1, -1, 2), (1, 2, 2), (1, 0, math.inf)):
        with pytest.raises(ConfigError, match=r"1 to 255 events|ages go from"):
            tore(events, depth, shortest_us=shortest_us, longest_us=longest_us)
        with pytest.raises(ConfigError, match=r"1 to 255 events|ages go from"):
            Tore(depth, shortest_us, longest_us)
