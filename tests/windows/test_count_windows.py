import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError
from eventsnn.windows import CountWindows, windows


def test_every_window_holds_as_many_events_and_the_last_what_is_left(events_at, spans):
    assert spans(windows([events_at(5, 6, 9, 9, 9, 12, 20)], count=3)) == [
        (5, 10, [5, 6, 9], False),
        (9, 13, [9, 9, 12], False),
        (20, 21, [20], True),
    ]


def test_a_window_is_delivered_with_its_last_event(events_at, spans):
    cutter = CountWindows(2)
    assert spans(cutter.push(events_at(1))) == []
    assert spans(cutter.push(events_at(2))) == [(1, 3, [1, 2], False)]
    assert spans(cutter.flush()) == []


def test_overlapping_windows_end_with_the_events_that_no_whole_window_held(events_at, spans):
    overlapping = [(0, 4, [0, 1, 2, 3], False), (2, 6, [2, 3, 4, 5], False)]
    assert spans(windows([events_at(*range(6))], count=4, step_count=2)) == overlapping
    assert spans(windows([events_at(*range(7))], count=4, step_count=2)) == [
        *overlapping,
        (4, 7, [4, 5, 6], True),
    ]


def test_a_large_step_leaves_events_out(events_at, spans):
    stream = [events_at(0, 1, 2), events_at(3, 4), events_at(5, 6, 7, 8)]
    assert spans(windows(stream, count=2, step_count=4)) == [
        (0, 2, [0, 1], False),
        (4, 6, [4, 5], False),
        (8, 9, [8], True),
    ]


def test_a_jump_of_time_ends_a_window(events_at, spans):
    assert spans(windows([events_at(1, 2), events_at(3, 900, 901)], count=2, max_gap_us=100)) == [
        (1, 3, [1, 2], False),
        (3, 4, [3], True),
        (900, 902, [900, 901], False),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "at least 1 event, not 0"),
        ({"count": 5, "step_count": 0}, "step by at least 1 event"),
        ({"count": 5, "max_gap_us": -1}, "negative"),
        ({"count": 5, "step_us": 5}, "step_us goes with length_us alone"),
        ({"length_us": 5, "step_count": 5}, "step_count goes with count alone"),
        ({}, "need a length_us, a count, or both"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_the_stream_is_read(options, words):
    with pytest.raises(ConfigError, match=words):
        windows(iter(()), **options)


@given(
    steps=st.lists(st.integers(0, 20), min_size=1, max_size=40),
    places=st.lists(st.integers(0, 40), max_size=8),
    count=st.integers(1, 9),
    step=st.one_of(st.none(), st.integers(1, 14)),
    max_gap=st.integers(0, 20),
)
@settings(max_examples=200, deadline=None)
def test_windows_are_those_of_a_slow_loop_however_the_stream_is_cut(
    steps, places, count, step, max_gap, events_at, pieces
):
    times = [sum(steps[: i + 1]) for i in range(len(steps))]
    expected, sequence = [], []
    for at, time in enumerate(times):
        if sequence and time - times[sequence[-1]] > max_gap:
            expected += slices(sequence, count, step or count)
            sequence = []
        sequence.append(at)
    expected += slices(sequence, count, step or count)
    found = windows(pieces(events_at(*times), places), count=count, step_count=step, max_gap_us=max_gap)
    assert [(w.events.x.tolist(), w.partial) for w in found] == expected


def slices(sequence, count, step):
    found, held = [], 0
    for first in range(0, len(sequence), step):
        inside = sequence[first : first + count]
        if first + len(inside) > held:
            found.append((inside, len(inside) < count))
            held = first + len(inside)
    return found
