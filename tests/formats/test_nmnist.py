import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError, StorageError
from eventsnn.formats import Reading, create_events
from eventsnn.formats.nmnist import NMnist


def word(x, y, p, t):
    return bytes([x, y]) + (p << 23 | t).to_bytes(3, "big")


def read(path, **given):
    with open_events(path, **given) as recording:
        return Events.concat(list(recording.events()))


@pytest.mark.parametrize("name", ["car", "chair"])
def test_decoded_fields_have_the_sha256_of_the_index(name, shared_data, recording_index):
    file = f"FabianVald__EventsTools/Main/bins/{name}.bin"
    entry = recording_index[file]
    events = read(shared_data / file)
    assert events.sensor == Sensor(*entry["resolution"])
    assert len(events) == entry["n_events"]
    for name, digest in entry["decoded_sha256"].items():
        column = getattr(events, name).astype("<i8")
        assert hashlib.sha256(column.tobytes()).hexdigest() == digest, name


@pytest.mark.parametrize(
    ("largest", "sensor", "note"),
    [
        ((33, 33), Sensor(34, 34), "the dataset's"),
        ((34, 33), Sensor(240, 180), "the dataset's"),
        ((34, 180), Sensor(35, 181), "made from"),
    ],
)
def test_the_sensor_is_the_datasets_or_the_largest_coordinates(largest, sensor, note, tmp_path):
    path = tmp_path / "events.bin"
    path.write_bytes(word(0, 0, 1, 5) + word(*largest, 0, 6))
    with open_events(path) as recording:
        assert recording.sensor == sensor
        assert note in recording.sensor_note
    with open_events(path, Sensor(300, 200)) as recording:
        assert (recording.sensor, recording.sensor_note) == (Sensor(300, 200), "")


def test_an_overflow_mark_adds_its_time_and_is_no_event(tmp_path):
    path = tmp_path / "events.bin"
    path.write_bytes(word(1, 2, 1, 100) + word(0, 240, 0, 0) * 2 + word(3, 4, 0, 90))
    with open_events(path) as recording:
        events = Events.concat(list(recording.events()))
        assert events.t.tolist() == [100, 90 + 2 * 8192]
        assert (events.x.tolist(), events.y.tolist(), events.p.tolist()) == ([1, 3], [2, 4], [True, False])
        assert recording.remarks == {"overflow marks of the time counter": 2}


def test_a_counter_that_wraps_goes_on_and_is_counted(tmp_path):
    path = tmp_path / "events.bin"
    path.write_bytes(word(1, 2, 1, 2**23 - 1) + word(3, 4, 0, 2) + word(3, 4, 0, 1))
    with open_events(path) as recording:
        events = Events.concat(list(recording.events()))
        assert events.t.tolist() == [2**23 - 1, 2**23 + 1, 2**23 + 2]
        assert recording.remarks["time wraps"] == 1


def test_a_cut_off_last_event_is_counted(tmp_path):
    path = tmp_path / "events.bin"
    path.write_bytes(word(1, 2, 1, 7) + word(1, 2, 1, 8)[:4])
    with open_events(path) as recording:
        assert [events.t.tolist() for events in recording.events()] == [[7]]
        assert recording.remarks == {"bytes of a cut-off last event": 4}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (bytes(range(256)) * 20, "noise.bin"),
        (np.random.default_rng(0).bytes(5000), "noise.bin"),
        (word(1, 2, 1, 7), "noise.raw"),
        (b"abcd", "noise.bin"),
    ],
)
def test_other_content_is_not_taken_for_it(content, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match="known format"):
        open_events(path)


def test_a_file_of_marks_only_needs_a_sensor(tmp_path):
    path = tmp_path / "events.bin"
    path.write_bytes(word(0, 240, 0, 0))
    with pytest.raises(FormatError, match="holds no event"):
        open_events(path)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 600), st.integers(0, 2 * 10**7)), st.integers(0, 255),
            st.integers(0, 239), st.booleans(),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_what_is_written_is_read(tmp_path_factory, rows):
    sensor = Sensor(256, 240)
    gaps, x, y, p = zip(*rows, strict=True)
    events = Events.checked(np.cumsum(gaps), x, y, p, sensor)
    path = tmp_path_factory.mktemp("nmnist") / "events.bin"
    with create_events(path, sensor) as writer:
        writer.write(events[: len(events) // 2])
        writer.write(events[len(events) // 2 :])
    with NMnist(path, Reading(sensor)) as recording:
        back = Events.concat(list(recording.events()))
    for name in "txyp":
        np.testing.assert_array_equal(getattr(back, name), getattr(events, name))


@pytest.mark.parametrize(
    ("t", "x", "y", "message"),
    [
        (-1, 0, 0, "shift them"),
        (1 << 35, 0, 0, "shift them"),
        (0, 256, 0, r"\(256, 0\)"),
        (0, 0, 256, r"\(0, 256\)"),
        (0, 0, 240, "marks an overflow"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(t, x, y, message, tmp_path):
    sensor = Sensor(300, 300)
    with (
        pytest.raises(StorageError, match=message),
        create_events(tmp_path / "events.bin", sensor) as writer,
    ):
        writer.write(Events.checked([t], [x], [y], [1], sensor))
    assert not list(tmp_path.iterdir())
