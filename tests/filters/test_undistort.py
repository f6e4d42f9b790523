import numpy as np
import pytest

from eventsnn.errors import ConfigError
from eventsnn.events import Sensor
from eventsnn.filters import Rectify, Undistort, undistortion_map

MATRIX = (12.0, 12.0, 8.0, 6.0)


@pytest.mark.parametrize(
    "options",
    [
        {"distortion": (-0.1, 0.02, 0.0, 0.0)},
        {"distortion": (-0.01, 0.002, 0.0, 0.0), "fisheye": True, "new_matrix": (9.0, 9.0, 8.0, 6.0)},
    ],
)
def test_is_rectification_by_the_map_of_the_lens(options, some, rows):
    events = some(500, 0)
    map = undistortion_map(Sensor(16, 12), MATRIX, **options)
    want, their_state = Rectify(map)(events)
    kept, state = Undistort(MATRIX, **options)(events)
    assert rows(kept) == rows(want)
    assert state.dropped == their_state.dropped == len(events) - len(kept)


def test_a_lens_without_distortion_changes_nothing(some, rows):
    events = some(100, 1)
    assert rows(Undistort(MATRIX)(events)[0]) == rows(events)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"matrix": (0.0, 1.0, 1.0, 1.0)}, "matrix is fx, fy, cx, cy with fx and fy above 0"),
        ({"matrix": (1.0, 1.0, 1.0)}, "matrix is fx, fy, cx, cy"),
        ({"matrix": MATRIX, "new_matrix": (np.nan, 1.0, 1.0, 1.0)}, "new_matrix is fx"),
        ({"matrix": MATRIX, "distortion": (1.0, 2.0)}, "0 or 4 or 5 or 8 or 12 or 14 coefficients .* not 2"),
        ({"matrix": MATRIX, "fisheye": True}, "a fisheye lens has 4 coefficients of distortion, not 0"),
        ({"matrix": MATRIX, "distortion": (1.0, 2.0, np.inf, 0.0)}, "are numbers, not"),
    ],
)
def test_options_are_checked(options, words):
    with pytest.raises(ConfigError, match=words):
        Undistort(**options)
