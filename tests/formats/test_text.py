import numpy as np
import pytest

from eventsnn import Sensor, open_events
from eventsnn.errors import FormatError


def columns(recording):
    parts = list(recording.events())
    return [np.concatenate([getattr(part, name) for part in parts]).tolist() for name in ("t", "x", "y", "p")]


@pytest.fixture
def text(tmp_path):
    def write(content):
        path = tmp_path / "events.txt"
        path.write_text(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "t"),
    [
        ("0.003811000 1 2 0\n0.003820001 3 0 1\n", [3811, 3820]),
        ("1600000000.123456 1 2 0\n1600000000.123457 3 0 1\n", [1600000000123456, 1600000000123457]),
        ("1e-3 1 2 0\n2e-3 3 0 1\n", [1000, 2000]),
        ("3811 1 2 0\n3820 3 0 1\n", [3811, 3820]),
        ("1600000000123456 1 2 0\n1600000000123457 3 0 1\n", [1600000000123456, 1600000000123457]),
        ("0 1 2 -1\n0 3 0 1\n", [0, 0]),
        ("# t x y p\n\n5 1 2 0 # first\n6\t3  0 1", [5, 6]),
        ("0 1 2 0\n1.5 3 0 1\n", [0, 1500000]),
        ("5 1 2 0\n#scene 2\n6 3 0 1\n", [5, 6]),
        ("#scene\n5 1 2 0 # 1e3\n6 3 0 1\n", [5, 6]),
    ],
)
def test_the_time_unit_follows_from_how_it_is_written(content, t, text):
    with open_events(text(content), Sensor(4, 3)) as recording:
        assert columns(recording) == [t, [1, 3], [2, 0], [False, True]]
        assert recording.sensor_note == ""


def test_the_sensor_is_given_or_in_the_first_line_or_the_largest_coordinates(text):
    path = text("5 1 2 0\n6 3 0 1\n")
    with open_events(path) as recording:
        assert recording.sensor == Sensor(4, 3)
        assert "4x3 is its largest coordinates + 1" in recording.sensor_note
    path = text("# from a simulator\n240 180\n5 1 2 0\n6 3 0 1\n")
    with open_events(path) as recording:
        assert (recording.sensor, recording.sensor_note) == (Sensor(240, 180), "")
        assert columns(recording)[0] == [5, 6]
    with open_events(path, Sensor(346, 260)) as recording:
        assert recording.sensor == Sensor(346, 260)


@pytest.mark.parametrize("bad", ["7 1 2", "7 1 2 0 9", "7 1 2 ON", "7 1 2 nan", "inf 1 2 0", "\x00\xff"])
def test_a_bad_line_is_named_after_what_precedes_it_was_read(bad, text):
    path = text("# one\n4 3\n\n" + "5 1 2 0\n" * 1000 + bad + "\n8 1 2 0\n")
    with open_events(path) as recording:
        events = recording.events()
        assert len(next(events)) == 1000
        with pytest.raises(FormatError, match=r"line 1004 is not `t x y p`: '"):
            next(events)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("6 1 2 0\n5 1 2 0\n", r"lines from 1: events are not in time order: event 1 at 5 µs"),
        ("5 9 2 0\n", "x = 9 lies off the 4x3 sensor"),
        ("5 -1 2 0\n", "x = -1 lies off the 4x3 sensor"),
        ("5 1 2 7\n", "polarity must be"),
        ("5 1.5 2 0\n", "column x holds fractions"),
        ("1e30 1 2 0\n", r"event 0 at 1e\+36 µs"),
    ],
)
def test_events_that_cannot_be_are_refused(content, message, text):
    with open_events(text(content), Sensor(4, 3)) as recording, pytest.raises(FormatError, match=message):
        list(recording.events())


def test_impossible_sizes_are_refused(text):
    with pytest.raises(FormatError, match="is no sensor size"):
        open_events(text("0 180\n5 1 2 0\n"))
    with pytest.raises(FormatError, match="impossible coordinates"):
        open_events(text("5 99999 2 0\n"))


def test_long_files_come_in_stretches_and_stay_in_order(tmp_path):
    path = tmp_path / "long.txt"
    n = np.arange(300_000)
    np.savetxt(path, np.stack([n // 2, n % 240, n % 180, n % 2], axis=1), "%d")
    with open_events(path, Sensor(240, 180)) as recording:
        parts = [len(events) for events in recording.events()]
        assert columns(recording) == [
            (n // 2).tolist(),
            (n % 240).tolist(),
            (n % 180).tolist(),
            (n % 2 == 1).tolist(),
        ]
        assert list(recording.frames()) == []
    assert len(parts) > 1
    path.write_text(path.read_text() + "7 0 0 0\n")
    with (
        open_events(path, Sensor(240, 180)) as recording,
        pytest.raises(FormatError, match="not in time order"),
    ):
        list(recording.events())


def test_a_size_in_neither_place_is_found_although_the_tail_is_damaged(text):
    path = text("5 1 2 0\n" * 2000 + "6 1")
    with open_events(path) as recording:
        assert recording.sensor == Sensor(2, 3)
        with pytest.raises(FormatError, match="line 2001 is not"):
            list(recording.events())
