import contextlib
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError, StorageError
from eventsnn.formats import Writing, create_events
from eventsnn.streams import Triggers

SENSOR = Sensor(640, 480)
EVT3 = b"% evt 3.0\n% end\n"
RECORDINGS = {
    "neuromorphicsystems__faery/tests/data/evt2.raw": ("EVT2", Sensor(640, 480)),
    "derived/evt3_trigger_from_rosbag.raw": ("EVT3", Sensor(1280, 720)),
    "derived/test_events_1_from_rosbag.raw": ("EVT3", Sensor(640, 480)),
}
every_encoding = pytest.mark.parametrize("name", ["evt2", "evt21", "evt3"])


def digests(events):
    return {
        name: hashlib.sha256(getattr(events, name).astype("<i8").tobytes()).hexdigest() for name in "txyp"
    }


def same(a, b, names):
    for name in names:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), strict=True)


def joined(packets):
    """The triggers among packets, as one packet; none where there are none."""
    parts = [(part.t, part.kind, part.line) for part in packets if isinstance(part, Triggers)]
    return [Triggers(*(np.concatenate(column) for column in zip(*parts, strict=True)))] if parts else []


@pytest.mark.parametrize("file", RECORDINGS)
def test_recordings(file, shared_data, recording_index):
    entry = recording_index[file]
    with open_events(shared_data / file) as recording:
        assert (recording.format, recording.sensor) == RECORDINGS[file]
        events = Events.concat(list(recording.events()))
        assert digests(events) == entry["decoded_sha256"]
        assert sum(len(part) for part in recording.triggers()) == entry["triggers"]
        assert not recording.remarks
        index = recording.index()
        assert (index.count, index.triggers) == (entry["n_events"], entry["triggers"])


def test_triggers_of_a_recording(shared_data):
    with open_events(shared_data / "derived/evt3_trigger_from_rosbag.raw") as recording:
        (triggers,) = recording.triggers()
    rows = zip(triggers.t.tolist(), triggers.kind.tolist(), triggers.line.tolist(), strict=True)
    assert list(rows) == [(14547491, 2, 0), (14549491, 1, 0)]


@every_encoding
@pytest.mark.parametrize("file", RECORDINGS)
def test_recordings_survive_being_written(name, file, shared_data, tmp_path):
    copy = tmp_path / "copy.raw"
    with open_events(shared_data / file) as recording:
        with create_events(copy, recording.sensor, format=name) as writer:
            for packet in recording.packets():
                writer.write(packet)
        with open_events(copy) as again:
            same(Events.concat(list(again.events())), Events.concat(list(recording.events())), "txyp")
            for a, b in zip(joined(again.packets()), joined(recording.packets()), strict=True):
                same(a, b, ("t", "kind", "line"))
            # Merged in order: no step of time but those that EventFile would have counted.
            assert not again.remarks


def test_raw_is_written_as_evt3_unless_said(tmp_path):
    with create_events(tmp_path / "a.raw", SENSOR, writing=Writing(camera="imx 7")):
        pass
    content = (tmp_path / "a.raw").read_bytes()
    assert content.endswith(b"% end\n")
    assert b"% evt 3.0\n% format EVT3;height=480;width=640\n% geometry 640x480\n" in content
    with open_events(tmp_path / "a.raw") as recording:
        assert (recording.camera, list(recording.events())) == ("imx 7", [])


@every_encoding
def test_without_a_size_it_is_the_largest_coordinates(name, tmp_path):
    path = tmp_path / "a.raw"
    with create_events(path, SENSOR, format=name) as writer:
        writer.write(Events.checked([5, 6], [3, 77], [44, 2], [1, 0], SENSOR))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"% format")] + content[content.index(b"% integrator") :])
    with open_events(path) as recording:
        assert recording.sensor == Sensor(78, 45)
        assert "largest coordinates" in recording.sensor_note
    with open_events(path, SENSOR) as recording:
        assert (recording.sensor, recording.sensor_note) == (SENSOR, "")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"% evt 4.0\n% end\n", "encoding 4.0, which is not read; read are EVT2, EVT21, EVT3"),
        (b"% format HISTO3D;width=320\n% end\n", "encoding HISTO3D"),
        (b"% plugin_name hal_plugin_x\n% end\n", "names no encoding"),
        (b"% format EVT3;endianness=big\n% geometry 9x9\n", "endianness big"),
        (b"% evt 3.0\n% geometry 0x0\n", "impossible sensor size"),
    ],
)
def test_what_is_not_read_is_refused_by_name(header, message, tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(header + bytes(64))
    with pytest.raises(FormatError, match=message):
        open_events(path)


def test_data_may_begin_with_the_mark_of_a_header_line(tmp_path):
    path = tmp_path / "a.raw"
    words = np.array([0x2025, 0x8000, 0x0003, 0x2025], "<u2")
    path.write_bytes(b"% evt 3.0\n% geometry 640x480\n" + words.tobytes())
    with open_events(path) as recording:
        (events,) = recording.events()
        assert (events.x.tolist(), events.y.tolist()) == ([0x25], [3])
        assert recording.remarks == {"events before the first time, left out": 1}


@pytest.mark.parametrize("said", [b"", b";endianness=legacy"])
def test_halves_of_64_bits_may_be_swapped(said, tmp_path):
    path = tmp_path / "a.raw"
    upper = np.array([0x8 << 28 | 2, 1 << 28 | 3 << 22 | 64 << 11 | 9], "<u4")
    halves = np.stack([upper, np.array([0, 0x80000001], "<u4")], 1)
    path.write_bytes(b"% format EVT21;height=480;width=640" + said + b"\n% end\n" + halves.tobytes())
    with open_events(path) as recording:
        (events,) = recording.events()
        assert (events.t.tolist(), events.x.tolist(), events.y.tolist()) == ([131, 131], [64, 95], [9, 9])


def test_unknown_words_and_a_cut_off_one_are_counted(tmp_path):
    path = tmp_path / "a.raw"
    words = np.array([0x8000, 0x9000, 0xD000, 0xE000, 0x0001, 0x2001], "<u2")
    path.write_bytes(EVT3 + words.tobytes() + b"\x00")
    with open_events(path, SENSOR) as recording:
        assert [len(part) for part in recording.events()] == [1]
        assert recording.remarks == {"words of an unknown type": 2, "bytes of a cut-off last word": 1}


def test_steps_of_time_low_are_sorted_and_counted(tmp_path):
    path = tmp_path / "a.raw"
    words = [0x8000, 0x0001, 0x6000 | 607, 0x2000, 0x6000 | 619, 0x2001, 0x6000 | 608, 0x2002]
    path.write_bytes(EVT3 + np.array(words, "<u2").tobytes())
    with open_events(path, SENSOR) as recording:
        events = Events.concat(list(recording.events()))
        assert (events.t.tolist(), events.x.tolist()) == ([607, 608, 619], [0, 2, 1])
        assert sum(recording.remarks.values()) == 1


@st.composite
def recordings(draw):
    """Events in runs of neighbours, and triggers, from some time on, with wraps in between."""
    start = draw(st.sampled_from([0, 2**24 - 9, -5, -(2**40), 2**34 - 3, 10**15]))
    runs = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 1, 15, 4000, 2**23, 2**24, 2**24 + 5, 2**25 - 1, 2**34]),
                st.integers(0, 600),
                st.integers(0, 479),
                st.booleans(),
                st.integers(0, 2**32 - 1),
            ),
            max_size=12,
        )
    )
    t, x, y, p = [], [], [], []
    now = start
    for step, column, row, on, mask in runs:
        now += step
        for bit in range(32):
            if mask >> bit & 1:
                t, x, y, p = [*t, now], [*x, column + bit], [*y, row], [*p, on]
    edges = draw(
        st.lists(st.tuples(st.integers(0, 2**26), st.integers(1, 2), st.integers(0, 15)), max_size=8)
    )
    edges.sort(key=lambda edge: edge[0])
    columns = (
        zip(*((start + time, kind, line) for time, kind, line in edges), strict=True) if edges else ([],) * 3
    )
    times, kinds, lines = (np.array(column) for column in columns)
    triggers = Triggers(times.astype(np.int64), kinds.astype(np.uint8), lines.astype(np.uint8))
    events = Events.checked(
        np.array(t, np.int64), np.array(x, int), np.array(y, int), np.array(p, bool), SENSOR
    )
    return events, triggers, draw(st.integers(1, 5))


@every_encoding
@given(case=recordings())
@settings(max_examples=40, deadline=None)
def test_events_and_triggers_survive(name, case, tmp_path_factory):
    events, triggers, pieces = case
    path = tmp_path_factory.mktemp("raw") / "a.raw"
    with create_events(path, SENSOR, format=name) as writer:
        writer.write(triggers)
        for piece in np.array_split(np.arange(len(events)), pieces):
            writer.write(events[piece])
    with open_events(path) as recording:
        packets = list(recording.packets())
    got = [packet for packet in packets if isinstance(packet, Events)]
    same(Events.concat([Events.empty(SENSOR), *got]), events, "txyp")
    edges = joined(packets)
    assert len(edges) == bool(len(triggers))
    for found in edges:
        same(found, triggers, ("t", "kind", "line"))


@every_encoding
def test_what_the_format_cannot_hold_is_refused(name, tmp_path):
    path = tmp_path / "a.raw"
    with pytest.raises(StorageError, match="2048x2048 pixels"):
        create_events(path, Sensor(2049, 9), format=name)
    with pytest.raises(StorageError, match="gap"), create_events(path, SENSOR, format=name) as writer:
        writer.write(Events.checked([0, 2**60], [1, 1], [1, 1], [1, 1], SENSOR))
    writer = create_events(path, SENSOR, format=name)
    for t in (2**35, 2**35 + 2**34, 2**35 + 2**34 + 1):
        writer.write(Events.checked([t], [1], [1], [1], SENSOR))
    writer.write(Triggers(np.array([2**35 + 1]), np.array([1], np.uint8)))
    with pytest.raises(StorageError, match="too late"):
        writer.close()
    assert not list(tmp_path.glob("a*"))


@every_encoding
def test_trigger_marks_that_the_format_does_not_hold_are_counted(name, tmp_path):
    path = tmp_path / "a.raw"
    kind, line = np.array([6, 1, 2], np.uint8), np.array([0, 32, 3], np.uint8)
    with create_events(path, SENSOR, format=name) as writer:
        writer.write(Triggers(np.array([5, 6, 7]), kind, line))
        writer.write(Events.checked([9], [1], [1], [1], SENSOR))
    assert list(writer.remarks.values()) == [2]
    with open_events(path) as recording:
        (marks,) = recording.triggers()
        assert (marks.t.tolist(), marks.kind.tolist(), marks.line.tolist()) == ([7], [2], [3])


@every_encoding
def test_damage_gives_events_or_one_error(name, tmp_path):
    path = tmp_path / "a.raw"
    rng = np.random.default_rng(0)
    t = np.repeat(np.sort(rng.integers(0, 40_000_000, 100)), 6)
    x = np.repeat(rng.integers(0, 600, 100), 6) + np.tile(np.arange(0, 24, 4), 100)
    events = Events.checked(t, x, np.repeat(rng.integers(0, 480, 100), 6), np.repeat(t[::6] % 2, 6), SENSOR)
    with create_events(path, SENSOR, format=name) as writer:
        writer.write(events)
    content = path.read_bytes()
    begin = content.index(b"% end\n") + 6
    for size in [*range(begin - 40, begin + 20), *rng.integers(begin, len(content), 60)]:
        path.write_bytes(content[:size])
        with contextlib.suppress(FormatError), open_events(path, SENSOR) as recording:
            got = Events.concat([Events.empty(SENSOR), *recording.events()])
            same(got, events[: len(got)], "txyp")
    for at in rng.integers(0, len(content), 300):
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :])
        with contextlib.suppress(FormatError), open_events(path) as recording:
            for packet in recording.packets():
                assert len(packet)
