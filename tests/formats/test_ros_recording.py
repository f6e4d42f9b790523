"""What ROS 1 bags, ROS 2 databases and MCAP files have in common, on the recordings given."""

import hashlib

import numpy as np
import pytest

from eventsnn import Events, Sensor, open_events

CODECS = "ros-event-camera__event_camera_codecs/test/"
PYTHON = "ros-event-camera__event_camera_py/tests/"
BAG = PYTHON + "test_events_1.bag"
DATABASE = PYTHON + "test_events_1/test_events_1.db3"
TRIGGER = CODECS + "test_data_evt3_trigger/test_data_evt3_trigger_0.db3"
ROLLOVER = CODECS + "test_data_libcaer_rollover/libcaer_rollover_0.db3"
MONO = CODECS + "test_data_mono_cd/test_data_mono_cd_0.db3"


@pytest.mark.parametrize("file", [BAG, DATABASE, TRIGGER, ROLLOVER])
def test_decoded_fields_have_the_sha256_of_the_index(file, shared_data, recording_index):
    entry = recording_index[file]
    with open_events(shared_data / file) as recording:
        events = Events.concat(list(recording.events()))
        assert recording.sensor == Sensor(*entry["resolution"])
        assert recording.streams == ("/event_camera/events",)
        assert sum(map(len, recording.triggers())) == entry["triggers"]
        assert not recording.remarks
    assert len(events) == entry["n_events"]
    for name, digest in entry["decoded_sha256"].items():
        column = getattr(events, name).astype("<i8")
        assert hashlib.sha256(column.tobytes()).hexdigest() == digest, name


def test_triggers_are_those_that_the_peer_counts(shared_data, recording_index):
    peer = recording_index[BAG]["peer_values"]
    with open_events(shared_data / BAG) as recording:
        triggers = list(recording.triggers())
        total = sum(int(part.t.sum()) for part in triggers) + sum(
            int(part.t.sum()) for part in recording.events()
        )
    kinds = np.concatenate([part.kind for part in triggers])
    assert total == peer["sum_time_cd_plus_trig"]
    # bit 0 of a word is 1 where the edge rises, by the format's description
    assert np.bincount(kinds).tolist() == [0, 2079, 2078]


def test_plain_encoding_has_the_sums_that_the_peer_gives(shared_data, recording_index):
    peer = recording_index[MONO]["peer_values"]
    with open_events(shared_data / MONO) as recording:
        events = Events.concat(list(recording.events()))
    assert 1000 * int(events.t.sum()) == peer["sum_t_ns"]
    for name in "xyp":
        assert int(getattr(events, name).astype(np.int64).sum()) == peer[f"sum_{name}"]


def test_a_range_of_time_is_that_of_the_whole(shared_data):
    for file in (BAG, ROLLOVER):
        with open_events(shared_data / file) as recording:
            whole = Events.concat(list(recording.events()))
            start = int(whole.t[0]) + 1_000_000
            part = Events.concat(list(recording.events(start, start + 300_000)))
        expected = whole.between(start, start + 300_000)
        assert len(expected) > 10_000
        for name in "txyp":
            np.testing.assert_array_equal(getattr(part, name), getattr(expected, name))
