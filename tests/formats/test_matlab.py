import numpy as np
import pytest
from scipy.io import savemat

from eventsnn import Sensor, open_events
from eventsnn.errors import FormatError

ROWS = np.array([[3, 1, -1, 10], [0, 2, 1, 12]], np.int32)


def saved(tmp_path, **variables):
    path = tmp_path / "events.mat"
    savemat(path, variables)
    return path


def test_rows_are_x_y_p_t(tmp_path):
    with open_events(saved(tmp_path, events=ROWS)) as recording:
        (events,) = recording.events()
        assert list(recording.frames()) == []
        assert recording.sensor == Sensor(128, 128)
        assert "DVS128" in recording.sensor_note
    assert [events.t.tolist(), events.x.tolist(), events.y.tolist()] == [[10, 12], [3, 0], [1, 2]]
    assert events.p.tolist() == [False, True]


def test_a_given_sensor_holds(tmp_path):
    with open_events(saved(tmp_path, events=ROWS.astype(float)), Sensor(4, 3)) as recording:
        assert next(recording.events()).sensor == Sensor(4, 3)
        assert recording.sensor_note == ""


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TD": {"x": [1.0], "y": [2.0]}}, r"holds TD \(1, 1\); a variable events \(N, 4\)"),
        ({"events": ROWS[:, :3]}, r"holds events \(2, 3\)"),
        ({"events": np.array([["a"] * 4], object)}, "not numbers"),
        ({"events": ROWS[::-1]}, "not in time order"),
        ({"events": ROWS[:, [0, 1, 3, 2]]}, "polarity must be"),
        ({"events": ROWS + np.array([128, 0, 0, 0])}, "x = 131 lies off the 128x128 sensor"),
        ({"events": ROWS + 0.5}, "holds fractions"),
    ],
)
def test_other_layouts_are_refused(variables, message, tmp_path):
    with pytest.raises(FormatError, match=message):
        open_events(saved(tmp_path, **variables))


def test_the_hdf5_kind_of_matlab_file_is_named(tmp_path):
    path = tmp_path / "new.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    with pytest.raises(FormatError, match="save it with -v7"):
        open_events(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_cut_file_is_refused(share, tmp_path, shared_data):
    content = (shared_data / "uzh-rpg__rpg_event_lifetime/matlab/data/garfield.mat").read_bytes()
    path = tmp_path / "cut.mat"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FormatError, match="damaged MATLAB file"):
        open_events(path)


def test_a_count_that_lies_allocates_nothing(tmp_path):
    path = saved(tmp_path, events=ROWS)
    content = path.read_bytes()
    at = content.index(np.array([2, 4], "<i4").tobytes())
    path.write_bytes(content[:at] + np.array([2**31 - 1], "<i4").tobytes() + content[at + 4 :])
    with pytest.raises(FormatError, match="claims 2147483647 events"):
        open_events(path)
