import contextlib
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError, StorageError
from eventsnn.formats import Writing, create_events

SENSOR = Sensor(304, 240)
HEADER = b"% Data file containing Event2D events.\n% Version 2\n% Date 2017-10-31 11:27:54\n"


def record(t, x, y, p):
    return np.array([t, p << 28 | y << 14 | x], "<u4").tobytes()


def same(a, b):
    for name in "txyp":
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), strict=True)


def test_recording(shared_data, recording_index):
    file = "neuromorphic-paris__loris/test/example-files/NCARS_obj_004397_td.dat"
    with open_events(shared_data / file) as recording:
        assert (recording.format, recording.sensor) == ("DAT", Sensor(54, 61))
        assert "largest coordinates" in recording.sensor_note
        events = Events.concat(list(recording.events()))
        for name, digest in recording_index[file]["decoded_sha256"].items():
            assert hashlib.sha256(getattr(events, name).astype("<i8").tobytes()).hexdigest() == digest


@pytest.mark.parametrize("kind", [0, 12])
def test_records(kind, tmp_path):
    path = tmp_path / "a.dat"
    path.write_bytes(HEADER + bytes([kind, 8]) + record(5, 303, 239, 1) + record(9, 1, 2, 0) + b"\x01\x02")
    with open_events(path, SENSOR) as recording:
        (events,) = recording.events()
        same(events, Events.checked([5, 9], [303, 1], [239, 2], [1, 0], SENSOR))
        assert recording.remarks == {"bytes of a cut-off last word": 2}


def test_the_old_version_has_smaller_places(tmp_path):
    path = tmp_path / "a.dat"
    old = np.array([7, 1 << 17 | 200 << 9 | 300], "<u4").tobytes()
    path.write_bytes(HEADER.replace(b"Version 2", b"Version 1") + bytes([0, 8]) + old)
    with open_events(path, SENSOR) as recording:
        (events,) = recording.events()
        same(events, Events.checked([7], [300], [200], [1], SENSOR))


@pytest.mark.parametrize(
    ("kind", "size", "what"), [(14, 8, "triggers"), (0, 16, "another kind"), (3, 8, "type 3")]
)
def test_other_records_are_refused_by_name(kind, size, what, tmp_path):
    path = tmp_path / "a.dat"
    path.write_bytes(HEADER + bytes([kind, size]) + bytes(64))
    with pytest.raises(FormatError, match=what):
        open_events(path)


def test_times_wrap_and_the_header_tells_the_size(tmp_path):
    path = tmp_path / "a.dat"
    header = HEADER + b"% Height 240\n% Width 304\n"
    path.write_bytes(header + bytes([12, 8]) + record(2**32 - 1, 1, 1, 1) + record(3, 2, 2, 0))
    with open_events(path) as recording:
        assert (recording.sensor, recording.sensor_note) == (SENSOR, "")
        (events,) = recording.events()
        assert events.t.tolist() == [2**32 - 1, 2**32 + 3]
        assert recording.remarks == {"time wraps": 1}


@given(
    start=st.sampled_from([0, -7, 2**32 - 5, 10**15]),
    rows=st.lists(
        st.tuples(st.sampled_from([0, 1, 99, 2**30]), st.integers(0, 303), st.integers(0, 239), st.booleans())
    ),
    pieces=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_events_survive(start, rows, pieces, tmp_path_factory):
    path = tmp_path_factory.mktemp("dat") / "a.dat"
    steps, x, y, p = (np.array([row[k] for row in rows], np.int64) for k in range(4))
    events = Events.checked(start + np.cumsum(steps), x, y, p, SENSOR)
    with create_events(path, SENSOR, writing=Writing(camera="atis")) as writer:
        for piece in np.array_split(np.arange(len(events)), pieces):
            writer.write(events[piece])
    with open_events(path) as recording:
        assert (recording.format, recording.camera, recording.sensor) == ("DAT", "atis", SENSOR)
        same(Events.concat([Events.empty(SENSOR), *recording.events()]), events)


@pytest.mark.parametrize(
    ("times", "held"), [([5, 2**32 + 4 - 2**31], True), ([9, 2**32 + 10], False), ([9, 2**33], False)]
)
def test_a_gap_that_a_reader_would_not_see_is_refused(times, held, tmp_path):
    events = Events.checked(times, [1, 1], [1, 1], [1, 0], SENSOR)
    with contextlib.ExitStack() as stack:
        if not held:
            stack.enter_context(pytest.raises(StorageError, match="gap"))
        with create_events(tmp_path / "a.dat", SENSOR) as writer:
            writer.write(events[:1])
            writer.write(events[1:])
    assert (tmp_path / "a.dat").exists() == held
    assert not (tmp_path / "a.part.dat").exists()


def test_too_many_pixels_are_refused(tmp_path):
    with pytest.raises(StorageError, match="16384x16384 pixels"):
        create_events(tmp_path / "a.dat", Sensor(16385, 2))
