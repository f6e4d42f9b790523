import h5py
import hdf5plugin
import numpy as np
import pytest

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError
from eventsnn.formats import Writing
from eventsnn.formats.dsec import DsecWriter

SENSOR = Sensor(640, 480)


def events(t):
    t = np.asarray(t, np.int64)
    k = np.arange(t.size)
    return Events(t, (k % 640).astype(np.uint16), (k % 480).astype(np.uint16), k % 3 == 0, SENSOR)


def written(path, given, piece=1000):
    with DsecWriter(path, given.sensor, Writing()) as writer:
        for first in range(0, len(given), piece):
            writer.write(given[first : first + piece])
    return path


def as_the_dataset_writes(path, t, table, offset=None):
    """By h5py alone, as the published files are laid out."""
    with h5py.File(path, "w") as content:
        zstd = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
        n = len(t)
        for name, column in (
            ("t", np.array(t, np.uint32)),
            ("x", np.arange(n, dtype=np.uint16)),
            ("y", np.arange(n, dtype=np.uint16) * 2),
            ("p", np.arange(n, dtype=np.uint8) % 2),
        ):
            content.create_dataset(f"events/{name}", data=column, chunks=(2,), **zstd)
        content["ms_to_idx"] = np.array(table, np.uint64)
        if offset is not None:
            content["t_offset"] = offset
    return path


def read(path, *between):
    with open_events(path) as recording:
        return Events.concat([Events.empty(recording.sensor), *recording.events(*between)])


def same(a, b):
    for name in ("t", "x", "y", "p"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), strict=True)


def test_a_published_file_is_read_with_its_offset(tmp_path):
    path = as_the_dataset_writes(
        tmp_path / "events.h5", [0, 999, 1000, 3500, 3999], [0, 2, 3, 3], 49_599_300_523
    )
    with open_events(path) as recording:
        assert recording.format == "DSEC HDF5"
        assert recording.sensor == SENSOR
        assert "640x480 is that of DSEC's cameras" in recording.sensor_note
        (got,) = recording.events()
        assert (got.t - 49_599_300_523).tolist() == [0, 999, 1000, 3500, 3999]
        assert (got.x.tolist(), got.y.tolist()) == ([0, 1, 2, 3, 4], [0, 2, 4, 6, 8])
        assert got.p.tolist() == [False, True, False, True, False]
        index = recording.index()
        assert (index.count, index.start_us, index.end_us) == (5, 49_599_300_523, 49_599_304_522)
        start = 49_599_300_523 + 1000
        assert [len(part) for part in recording.events(start, start + 2501)] == [2]


def test_without_an_offset_times_are_as_they_stand(tmp_path):
    assert read(as_the_dataset_writes(tmp_path / "a.h5", [7, 8], [0])).t.tolist() == [7, 8]


def test_what_is_written_is_read_and_its_table_is_the_datasets_rule(tmp_path):
    given = events(np.sort(np.random.default_rng(1).integers(0, 400_000, 9_000)) + 1589163147368868)
    path = written(tmp_path / "a.h5", given)
    same(read(path), given)
    with h5py.File(path) as content:
        t, table = content["events/t"][:].astype(int), content["ms_to_idx"][:].astype(int)
        assert t[0] == 0
        assert content["events/t"].dtype == np.uint32
        assert content["t_offset"][()] == given.t[0]
        assert table[0] == 0
        for ms, row in enumerate(table.tolist()):
            assert row == len(t) or t[row] >= ms * 1000
            assert row == 0 or t[row - 1] < ms * 1000


@pytest.mark.parametrize("piece", [1, 40, 10**6])
def test_ranges_hold_what_lies_in_them_even_over_pauses(tmp_path, piece):
    t = [0, 1, 999, 1000, 1000, 5_000_000, 5_000_001, 5_030_000, 9_999_999]
    path = written(tmp_path / "a.h5", events(t), piece)
    with open_events(path) as recording:
        for start in (-1, 0, 1000, 1001, 4_999_999, 5_000_001, 9_999_999, 10_000_000):
            for length in (1, 1000, 30_000, 10**8):
                got = [int(t) for part in recording.events(start, start + length) for t in part.t]
                assert got == [us for us in t if start <= us < start + length]


def test_a_long_file_is_entered_through_its_table(tmp_path):
    given = events(np.sort(np.random.default_rng(2).integers(0, 3_000_000, 300_000)))
    path = written(tmp_path / "a.h5", given, 10**6)
    with open_events(path) as recording:
        assert len(recording.index().places) == 5
        for start in (0, 654_321, 2_900_000):
            got = Events.concat([Events.empty(SENSOR), *recording.events(start, start + 50_000)])
            same(got, given.between(start, start + 50_000))


def test_a_table_that_lies_is_not_believed(tmp_path):
    path = as_the_dataset_writes(tmp_path / "a.h5", [0, 999, 1000, 3500, 3999], [0, 4, 4, 4])
    assert read(path, 900, 1100).t.tolist() == [999, 1000]


def test_more_than_71_minutes_need_wider_times(tmp_path):
    given = events([0, 5, 2**32 + 5])
    path = written(tmp_path / "a.h5", given, 1)
    same(read(path), given)
    with h5py.File(path) as content:
        assert "ms_to_idx" not in content
    assert read(path, 6, 2**33).t.tolist() == [2**32 + 5]


def test_columns_of_different_length_and_missing_data_are_named(tmp_path):
    path = as_the_dataset_writes(tmp_path / "a.h5", [0, 1, 2], [0])
    with h5py.File(path, "r+") as content:
        del content["events/p"]
        content["events/p"] = np.zeros(2, np.uint8)
    with pytest.raises(FormatError, match="events/p has 2 rows where others have 3"):
        open_events(path)


def test_a_damaged_chunk_is_named_after_what_is_whole_before_it(tmp_path):
    given = events(np.arange(300_000))
    path = written(tmp_path / "a.h5", given, 10**6)
    with h5py.File(path) as content:
        chunk = content["events/t"].id.get_chunk_info(2)
    damaged = bytearray(path.read_bytes())
    damaged[chunk.byte_offset : chunk.byte_offset + 16] = b"\xff" * 16
    path.write_bytes(damaged)
    got = []
    with (
        open_events(path) as recording,
        pytest.raises(FormatError, match=r"/events/t, rows \d+ to \d+, cannot"),
    ):
        got.extend(recording.events())
    got = Events.concat(got)
    assert len(got) == 2 << 17
    same(got, given[: len(got)])


def test_a_table_whose_entries_overflow_is_not_believed(tmp_path):
    path = as_the_dataset_writes(tmp_path / "a.h5", [0, 999, 1000, 3500, 3999], [0, 2, 2**63 + 1, 3])
    assert read(path, 900, 1100).t.tolist() == [999, 1000]
