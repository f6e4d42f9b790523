"""What the AEDAT4 writer writes: read by us exactly, by dv-processing, and after a crash."""

import dv_processing as dv
import numpy as np
import pytest

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import ConfigError, FormatError, StorageError
from eventsnn.formats import Writing, create_events
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Triggers

SENSOR = Sensor(346, 260)
COMPRESSIONS = ("none", "lz4", "lz4-high", "zstd", "zstd-high")


def some_events(start_us, count, step_us=1):
    n = np.arange(count)
    return Events.checked(start_us + step_us * n, (7 * n) % 346, (3 * n) % 260, n % 3 == 0, SENSOR)


def some_packets():
    """Two packets of each kind, 60 ms of events."""
    for start in (1_700_000_000_000_000, 1_700_000_000_030_000):
        yield some_events(start, 3000, 10)
        grey = (np.arange(346 * 260) % 251).astype(np.uint8).reshape(260, 346)
        yield Frame(grey, start + 29_000, 1_000)
        two = np.array([start + 10, start + 20])
        yield ImuSamples(two, np.full((2, 3), 0.5, "f4"), np.full((2, 3), -3, "f4"), np.array([20, 21], "f4"))
        yield Triggers(two, np.array([1, 2], np.uint8))


def write(path, packets, compression=None, camera=""):
    with create_events(path, SENSOR, writing=Writing(compression, camera)) as writer:
        for packet in packets:
            writer.write(packet)
    return path


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_stream_is_read_back_exactly(compression, tmp_path):
    path = write(tmp_path / "a.aedat4", some_packets(), compression, "DAVIS346_7")
    wanted = list(some_packets())
    with open_events(path) as recording:
        assert recording.header.compression.name.lower().replace("_", "-") == compression
        assert (recording.camera, recording.sensor) == ("DAVIS346_7", SENSOR)
        events = Events.concat(list(recording.events()))
        frames, imu, triggers = list(recording.frames()), list(recording.imu()), list(recording.triggers())
    for name in ("t", "x", "y", "p"):
        np.testing.assert_array_equal(
            getattr(events, name), np.concatenate([getattr(wanted[0], name), getattr(wanted[4], name)])
        )
    assert [(f.t, f.exposure_us) for f in frames] == [(wanted[k].t, 1_000) for k in (1, 5)]
    np.testing.assert_array_equal(frames[0].image, wanted[1].image)
    for ours, theirs in zip(imu, (wanted[2], wanted[6]), strict=True):
        for name in ("t", "acceleration", "rotation", "temperature"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert [t.kind.tolist() for t in triggers] == [[1, 2], [1, 2]]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_dv_processing_reads_it_and_finds_times_in_its_table(compression, tmp_path):
    path = write(tmp_path / "a.aedat4", some_packets(), compression, "DAVIS346_7")
    peer = dv.io.MonoCameraRecording(str(path))
    begin = 1_700_000_000_000_000
    assert peer.getCameraName() == "DAVIS346_7"
    assert peer.getTimeRange() == (begin, begin + 59_990)
    times = []
    while (batch := peer.getNextEventBatch()) is not None:
        times.append(batch.timestamps())
    np.testing.assert_array_equal(np.concatenate(times), np.arange(begin, begin + 60_000, 10))
    assert peer.getNextFrame().timestamp == begin + 28_500  # the begin of the exposure
    assert [s.temperature for s in peer.getNextImuBatch()] == [20, 21]
    assert [mark.timestamp for mark in peer.getNextTriggerBatch()] == [begin + 10, begin + 20]
    assert peer.getEventsTimeRange(begin + 20_000, begin + 40_000).size() == 2000


def test_packets_span_10_ms_or_16384_events(tmp_path):
    slow, fast = some_events(0, 300, 1000), some_events(300_000, 200_000)
    path = write(tmp_path / "a.aedat4", [slow[k : k + 1] for k in range(300)] + [fast], "none")
    sizes = []
    peer = dv.io.MonoCameraRecording(str(path))
    while (batch := peer.getNextEventBatch()) is not None:
        sizes.append((batch.size(), batch.getHighestTime() - batch.getLowestTime()))
    assert sum(size for size, _ in sizes) == 200_300
    assert sizes[:3] == [(10, 9000)] * 3
    assert max(size for size, _ in sizes) <= 16384
    assert max(span for _, span in sizes) < 10_000


def test_the_caller_may_use_its_arrays_again(tmp_path):
    path = tmp_path / "a.aedat4"
    events = some_events(0, 10)
    with create_events(path, SENSOR) as writer:
        for start in (0, 100, 200):
            events.t[:] = np.arange(start, start + 10)
            writer.write(events)
    with open_events(path) as recording:
        (read,) = recording.events()
    assert read.t.tolist() == [*range(10), *range(100, 110), *range(200, 210)]


def test_what_a_crash_leaves_is_readable(tmp_path):
    path = tmp_path / "a.aedat4"
    writer = create_events(path, SENSOR)
    for packet in some_packets():
        writer.write(packet)
    writer._file.flush()
    left = tmp_path / "left.aedat4"
    left.write_bytes(writer.part.read_bytes())
    writer.abandon()
    assert not path.exists()
    with open_events(left) as recording:
        assert sum(len(events) for events in recording.events()) == 6000
        assert recording.index().count == 6000


def test_an_empty_file_is_one(tmp_path):
    with open_events(write(tmp_path / "a.aedat4", [])) as recording:
        assert list(recording.packets()) == []
        assert recording.index().count == 0


def test_what_cannot_be_held_is_refused_in_a_line(tmp_path):
    path = tmp_path / "a.aedat4"
    with pytest.raises(ConfigError, match=r"compression 'lz5'.*lz4"):
        create_events(path, SENSOR, writing=Writing("lz5"))
    with pytest.raises(StorageError, match="at most 32768 pixels a side, not 40000x2"):
        create_events(path, Sensor(40_000, 2))
    assert list(tmp_path.iterdir()) == []


def test_the_line_of_a_trigger_is_lost_and_counted(tmp_path):
    path = tmp_path / "a.aedat4"
    with create_events(path, SENSOR) as writer:
        writer.write(Triggers(np.array([1, 2]), np.array([1, 2], np.uint8), np.array([0, 6], np.uint8)))
    assert list(writer.remarks.values()) == [1]
    with open_events(path) as recording:
        (marks,) = recording.triggers()
        assert (marks.t.tolist(), marks.kind.tolist(), marks.line.tolist()) == ([1, 2], [1, 2], [0, 0])


def damage(recording, change):
    """A file whose data table says something else; the packets stay as they are."""
    from eventsnn.formats.aedat4_table import DataTable, decode_table, encode_table
    from eventsnn.formats.dv_compression import Decompressor, compressor

    at = recording.header.data_table_at
    content = recording.path.read_bytes()
    told = decode_table(Decompressor(recording.header.compression)(content[at:]))
    columns = {name: getattr(told, name).copy() for name in DataTable.__dataclass_fields__}
    change(columns)
    new = compressor(recording.header.compression)(encode_table(DataTable(**columns)))
    recording.path.write_bytes(content[:at] + new)


@pytest.fixture
def long_file(tmp_path):
    """40 packets of 10 ms with 5000 events each, and the index from reading all of it."""
    return write(tmp_path / "long.aedat4", [some_events(0, 200_000, 2)])


def test_the_index_comes_from_the_table_without_reading_the_events(long_file):
    with open_events(long_file) as recording:
        from_table = recording._index_of_table()
        from_file = super(type(recording), recording)._make_index(None)
        assert (from_table.count, from_table.start_us, from_table.end_us) == (200_000, 0, 399_998)
        assert (from_file.count, from_file.start_us, from_file.end_us) == (200_000, 0, 399_998)
        times = [events.t for events in recording.events(123_457, 199_999)]
    np.testing.assert_array_equal(np.concatenate(times), np.arange(123_458, 199_999, 2))


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [("at", 5, 17), ("size", 5, -8), ("size", 39, 2**31 - 1), ("stream", 3, 99), ("stream", 3, 1)]
    + [("count", 0, 4999), ("count", 39, 1), ("count", 20, -1), ("count", 20, 2**60)]
    + [("first_us", 20, 0), ("first_us", 20, 10**15), ("last_us", 20, 10**15), ("last_us", 20, 0)],
)
def test_a_table_that_lies_loses_no_event(column, row, value, long_file):
    def change(columns):
        columns[column][row] = value

    with open_events(long_file) as recording:
        damage(recording, change)
    with open_events(long_file) as recording:
        assert sum(len(events) for events in recording.events(100_000, 300_000)) == 100_000
        assert sum(len(events) for events in recording.events(205_000, 206_000)) == 500
        assert recording.index().count == 200_000


def test_rows_of_zeros_are_not_believed(long_file):
    """A tool that copies a part of a file writes such tables."""

    def change(columns):
        for name in ("count", "first_us", "last_us"):
            columns[name][:] = 0

    with open_events(long_file) as recording:
        damage(recording, change)
    with open_events(long_file) as recording:
        assert recording.index().count == 200_000


def test_flipped_bytes_of_the_table_lose_no_event(long_file):
    content = long_file.read_bytes()
    with open_events(long_file) as recording:
        at = recording.header.data_table_at
    for place in np.random.default_rng(0).integers(at, len(content), 40).tolist():
        long_file.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        with open_events(long_file) as recording:
            assert sum(len(events) for events in recording.events(100_000, 300_000)) == 100_000, place


def test_a_stereo_file_of_dv_processing_gives_each_camera(tmp_path):
    path = str(tmp_path / "stereo.aedat4")
    configurations = [dv.io.MonoCameraWriter.DAVISConfig(name, (346, 260)) for name in ("LEFT_1", "RIGHT_2")]
    writer = dv.io.StereoCameraWriter(path, *configurations)
    for side, x in ((writer.left, 1), (writer.right, 2)):
        store = dv.EventStore()
        store.push_back(1000, x, 5, True)
        side.writeEvents(store)
        side.writeFrame(dv.Frame(1000 + x, np.full((260, 346), x, np.uint8)))
    del side, writer
    from eventsnn.formats import Reading

    for stream, x in ((None, 1), ("LEFT_1", 1), ("RIGHT_2", 2)):
        with open_events(path, reading=Reading(stream=stream)) as recording:
            assert recording.streams == ("LEFT_1", "RIGHT_2")
            assert [events.x.tolist() for events in recording.events()] == [[x]]
            assert [frame.t for frame in recording.frames()] == [1000 + x]
            assert recording.index().frames == 1
    with pytest.raises((ConfigError, FormatError), match="RIGHT_2"):
        open_events(path, reading=Reading(stream="RIGHT"))
