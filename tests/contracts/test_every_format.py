"""What every event-file format must do; a new file in eventsnn/formats is tested by existing."""

import contextlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError
from eventsnn.formats import formats
from eventsnn.streams import Recording

every_format = pytest.mark.parametrize("format", formats(), ids=lambda format: format.name)

SENSOR = Sensor(12, 9)


def events_of(rows, sensor=SENSOR):
    t, x, y, p = (np.array([row[k] for row in rows], np.int64) for k in range(4))
    return Events.checked(t, x, y, p, sensor)


def read(path, sensor=SENSOR):
    with open_events(path, sensor) as recording:
        return Events.concat([Events.empty(sensor), *recording.events()])


def same(a, b):
    assert a.sensor == b.sensor
    for name in ("t", "x", "y", "p"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), strict=True)


@every_format
@pytest.mark.parametrize(
    ("rows", "sensor"),
    [
        ([], SENSOR),
        ([(5, 11, 8, 1)], SENSOR),
        ([(7, 0, 0, 1), (7, 11, 8, 0), (7, 3, 3, 1)], SENSOR),
        ([(0, 0, 0, 0), (9, 0, 0, 1)], Sensor(1, 1)),
        ([(1589163147368868, 1, 2, 1), (1589163147538809, 2, 1, 0)], SENSOR),
    ],
    ids=["none", "one", "equal times", "1x1 sensor", "epoch times"],
)
def test_what_is_written_is_read(format, rows, sensor, tmp_path):
    path = tmp_path / ("a" + format.suffixes[0])
    path.write_bytes(format.encode(events_of(rows, sensor)))
    same(read(path, sensor), events_of(rows, sensor))


@every_format
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10**15), st.integers(0, 11), st.integers(0, 8), st.integers(0, 1)),
        max_size=20,
    ).map(sorted)
)
@settings(max_examples=15, deadline=None)
def test_any_events_survive(format, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "a"
    path.write_bytes(format.encode(events_of(rows)))
    same(read(path), events_of(rows))


@every_format
def test_it_is_a_recording_that_can_be_read_again_and_closed_twice(format, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(format.encode(events_of([(5, 1, 2, 1), (6, 3, 4, 0)])))
    recording: Recording = open_events(path, SENSOR)
    with recording:
        assert (recording.name, recording.sensor) == ("a", SENSOR)
        assert [len(list(recording.events())) for _ in range(2)] == [1, 1]
        assert [len(packet) for packet in recording.packets()] == [2]
        assert list(recording.frames()) == []
    recording.close()


@every_format
def test_unsorted_and_misplaced_events_are_refused(format, tmp_path):
    good = events_of([(5, 1, 2, 1), (6, 3, 4, 0)])
    path = tmp_path / "a"
    path.write_bytes(format.encode(Events(good.t[::-1].copy(), good.x, good.y, good.p, SENSOR)))
    with pytest.raises(FormatError, match=r"time order.* 5 µs follows .*6 µs"):
        read(path)
    path.write_bytes(format.encode(good))
    with pytest.raises(FormatError, match="lies off the 2x9 sensor"):
        read(path, Sensor(2, 9))


@every_format
def test_cut_anywhere_it_gives_a_true_begin_or_our_error(format, tmp_path):
    rng = np.random.default_rng(1)
    whole = events_of([(20 * k, *rng.integers(0, 9, 2), k % 2) for k in range(60)])
    content = format.encode(whole)
    path = tmp_path / "a"
    for length in range(0, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:length])
        got = []
        with contextlib.suppress(FormatError), open_events(path, SENSOR) as recording:
            got.extend(recording.events())
        got = Events.concat([Events.empty(SENSOR), *got])
        # a text may be cut inside its last number
        sure = got if length == len(content) else got[:-1]
        same(sure, whole[: len(sure)])


@every_format
def test_damaged_anywhere_it_raises_nothing_but_our_error_and_stays_small(format, tmp_path):
    content = format.encode(events_of([(20 * k, k % 12, k % 9, k % 2) for k in range(60)]))
    path = tmp_path / "a"
    rng = np.random.default_rng(2)
    tracemalloc.start()
    for at in [*range(0, min(200, len(content)), 3), *rng.integers(0, len(content), 60)]:
        for value in (0, 0xFF):
            path.write_bytes(content[:at] + bytes([value]) + content[at + 1 :])
            with contextlib.suppress(FormatError):
                read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
