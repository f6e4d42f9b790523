import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, open_events
from eventsnn.errors import ConfigError, FormatError, ShapeError
from eventsnn.results import Frame
from eventsnn.streams import Triggers
from eventsnn.windows import EdgeWindows, windows_between_frames, windows_between_triggers


def frame(time):
    return Frame(np.zeros((1, 1), np.uint8), time)


def triggers(*marks):
    times, kinds = zip(*marks, strict=True)
    return Triggers(np.array(times, np.int64), np.array(kinds, np.uint8))


def test_windows_run_from_frame_to_frame(events_at, spans):
    packets = [events_at(1, 9), frame(10), events_at(10, 15), frame(20), events_at(19, 20, 25), frame(30)]
    packets += [events_at(31, 33)]
    assert spans(windows_between_frames(packets)) == [
        (10, 20, [10, 15, 19], False),
        (20, 30, [20, 25], False),
        (30, 34, [31, 33], True),
    ]


@pytest.mark.parametrize("order", ["frames late", "frames early"])
def test_frames_may_be_out_of_step_with_the_events(order, events_at, spans):
    events, frames = (
        [events_at(10, 15), events_at(25, 45), events_at(46)],
        [frame(t) for t in (10, 20, 30, 40)],
    )
    packets = events[:2] + frames + events[2:] if order == "frames late" else frames + events
    assert spans(windows_between_frames(packets)) == [
        (10, 20, [10, 15], False),
        (20, 30, [25], False),
        (30, 40, [], False),
        (40, 47, [45, 46], True),
    ]


def test_windows_run_between_triggers_of_one_kind(events_at, spans):
    packets = [triggers((5, 2), (10, 1), (12, 2)), events_at(8, 11, 14), triggers((20, 1)), events_at(21)]
    assert spans(windows_between_triggers(packets, 1)) == [(10, 20, [11, 14], False), (20, 22, [21], True)]
    assert spans(windows_between_triggers(packets, 2)) == [(5, 12, [8, 11], False), (12, 22, [14, 21], True)]


def test_a_frame_that_stays_away_ends_the_window_and_what_follows_is_not_held(events_at, spans):
    late = 250_000
    packets = [frame(0), events_at(5, 90, 100, 150)]
    packets += [events_at(t) for t in range(1_000, 2 * late, 50_000)]
    packets += [frame(2 * late), events_at(2 * late + 7)]
    assert spans(windows_between_frames(packets, max_gap_us=100)) == [
        (0, 100, [5, 90], True),
        (2 * late, 2 * late + 8, [2 * late + 7], True),
    ]


def test_a_clock_that_was_reset_starts_anew_whichever_side_shows_it_first(events_at, spans):
    expected = [
        (500, 520, [505, 510], False),
        (520, 531, [530], True),
        (3, 13, [4], False),
        (13, 15, [14], True),
    ]
    before = [frame(500), events_at(505, 510), frame(520), events_at(530)]
    events_first = [*before, events_at(2), frame(3), events_at(4), frame(13), events_at(14)]
    frames_first = [*before, frame(3), frame(13), events_at(2, 4, 14)]
    late_frame = [*before, events_at(2), frame(540), frame(3), events_at(4), frame(13), events_at(14)]
    for packets in (events_first, frames_first, late_frame):
        assert spans(windows_between_frames(packets)) == expected


def test_frames_that_step_back_alone_are_an_error_after_what_could_be_cut(events_at, spans):
    found = windows_between_frames([frame(10), events_at(11), frame(3), events_at(30)])
    assert spans([next(found)]) == [(10, 31, [11, 30], True)]
    with pytest.raises(ShapeError, match="steps back to 3 µs and the events do not"):
        next(found)


def test_damage_comes_after_what_was_whole(events_at, spans):
    def packets():
        yield from [frame(10), events_at(11), frame(20), events_at(25)]
        raise FormatError("broken at byte 7")

    found = windows_between_frames(packets())
    assert spans([next(found), next(found)]) == [(10, 20, [11], False), (20, 26, [25], True)]
    with pytest.raises(FormatError, match="byte 7"):
        next(found)


def test_memory_does_not_grow_where_frames_end_or_stand_far_off(events_at):
    for edge_us in (0, 10**12):
        cutter = EdgeWindows(max_gap_us=1_000_000)
        list(cutter.edge(edge_us))
        held = []
        for start in range(0, 20_000_000, 10_000):
            list(cutter.push(events_at(*range(start, start + 10_000, 100))))
            held.append(len(cutter._buffer))
        # 100 ms of events are a thousand: the longest gap, the lateness and one stretch.
        assert max(held) <= 10_000 + 2_500 + 100


@pytest.mark.parametrize(
    "file",
    [
        "shiba24__event-vision-library/artifacts/sample_data/sample.aedat4",
        "aestream__aestream/example/davis.aedat4",
    ],
)
def test_a_real_recording_is_cut_at_its_frames(file):
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / file
    if not path.exists():
        pytest.skip(f"the shared recording is not at {path}")
    with open_events(path) as recording:
        events = Events.concat(list(recording.events()))
        edges = [frame.t for frame in recording.frames()]
        found = list(windows_between_frames(recording.packets()))
    assert [(w.start_us, w.end_us) for w in found[:-1]] == list(itertools.pairwise(edges))
    for window in found:
        expected = events.between(window.start_us, window.end_us)
        for name in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(getattr(window.events, name), getattr(expected, name))
    assert found[-1].partial
    assert found[-1].end_us == events.t[-1] + 1


def test_a_stream_without_edges_says_so(events_at):
    with pytest.raises(ConfigError, match="has no frames"):
        list(windows_between_frames([events_at(1, 2)]))
    with pytest.raises(ConfigError, match="has no triggers of kind 4"):
        list(windows_between_triggers([events_at(1, 2), triggers((1, 3))], 4))
    with pytest.raises(ConfigError, match="at least 1 µs"):
        windows_between_frames([], max_gap_us=0)
    assert list(windows_between_frames([])) == []


@given(
    event_steps=st.lists(st.integers(0, 40_000), min_size=1, max_size=40),
    frame_steps=st.lists(st.integers(1, 60_000), min_size=1, max_size=12),
    late_us=st.integers(-100_000, 100_000),
    places=st.lists(st.integers(0, 40), max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_windows_do_not_depend_on_packets_or_on_how_far_frames_are_out_of_step(
    event_steps, frame_steps, late_us, places, events_at, pieces, spans
):
    times = np.cumsum(event_steps).tolist()
    edges = np.cumsum(frame_steps).tolist()
    stretches = [stretch for stretch in pieces(events_at(*times), places) if len(stretch)]
    # A packet stands in the stream where its first event does, a frame by `late_us` off its instant.
    arrivals = [(int(s.t[0]), s) for s in stretches] + [(t + late_us, frame(t)) for t in edges]
    packets = [packet for _, packet in sorted(arrivals, key=lambda arrival: arrival[0])]
    limit = 50_000
    expected = []
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        stop = start + limit if end is None else min(end, start + limit)
        whole = times[-1] >= stop
        inside = [t for t in times if start <= t < stop]
        if inside or whole:
            partial = not whole or end is None or end > start + limit
            expected.append((start, stop if whole else times[-1] + 1, inside, partial))
    assert spans(windows_between_frames(packets, max_gap_us=limit)) == expected
