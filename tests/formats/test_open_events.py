import hashlib

import numpy as np
import pytest

from eventsnn import Events, Sensor, open_events
from eventsnn.errors import FormatError
from eventsnn.formats import formats

SHIBA = "shiba24__event-vision-library/artifacts/sample_data/"
LIFETIME = "uzh-rpg__rpg_event_lifetime/matlab/data/"


@pytest.mark.parametrize(
    ("file", "format"),
    [
        (SHIBA + "sample.aedat4", "AEDAT4"),
        ("aestream__aestream/example/davis.aedat4", "AEDAT4"),
        ("neuromorphs__tonic/test/test_data/sample.aedat4", "AEDAT4"),
        (LIFETIME + "stripes.mat", "MATLAB"),
        (LIFETIME + "garfield.mat", "MATLAB"),
        ("tub-rip__events_viz/slider_depth/events_chunk.txt", "text"),
    ],
)
def test_decoded_fields_have_the_sha256_of_the_index(file, format, shared_data, recording_index):
    entry = recording_index[file]
    with open_events(shared_data / file) as recording:
        events = Events.concat(list(recording.events()))
        assert recording.format == format
        assert recording.sensor == Sensor(*entry["resolution"])
        assert len(list(recording.frames())) == entry["frames"]
        assert sum(map(len, recording.imu())) == entry["imu_samples"]
        assert sum(map(len, recording.triggers())) == entry["triggers"]
    assert len(events) == entry["n_events"]
    for name, digest in entry["decoded_sha256"].items():
        column = getattr(events, name).astype("<i8")
        assert hashlib.sha256(column.tobytes()).hexdigest() == digest, name


def test_the_format_is_found_by_content_whatever_the_name(tmp_path):
    sensor = Sensor(4, 3)
    events = Events.checked([5, 7], [1, 3], [2, 0], [1, 0], sensor)
    for format in formats():
        path = tmp_path / "recording.dat"
        path.write_bytes(format.encode(events))
        with open_events(path, sensor) as recording:
            np.testing.assert_array_equal(next(recording.events()).t, [5, 7])
            assert format.name.startswith(recording.format)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "empty.aedat4", "is empty"),
        (bytes(range(256)) * 20, "noise.bin", "known are AEDAT4, MATLAB, text"),
        (bytes(range(256)) * 20, "noise.aedat4", r"what its name says \(AEDAT4\)"),
        (b"#!AER-DAT2.0\r\n" + bytes(range(256)), "old.aedat", "known are AEDAT4"),
        (b"t,x,y,p\n1,2,3,4\n", "comma.csv", "known are AEDAT4"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(content, name, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        open_events(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"gone\.aedat4 cannot be opened: No such file"):
        open_events(tmp_path / "gone.aedat4")
    with pytest.raises(FormatError, match="is a folder"):
        open_events(tmp_path)
