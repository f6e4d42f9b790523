import cv2
import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.views.draw import GROUND
from eventsnn.views.png import SeriesWriter, SheetWriter
from eventsnn.views.video import Still


def still(level, width=3):
    return Still(np.full((2, width, 3), (level, 0, 255), np.uint8), 0)


def read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_one_picture_is_a_sheet_of_its_own_size(tmp_path):
    writer = SheetWriter(tmp_path / "a.png")
    writer.write(still(7))
    assert writer.close() == f"{tmp_path / 'a.png'}: 1 picture"
    assert np.array_equal(read(tmp_path / "a.png"), still(7).picture)


def test_five_pictures_stand_in_two_rows_of_three(tmp_path):
    writer = SheetWriter(tmp_path / "a.png")
    for level in range(5):
        writer.write(still(level))
    writer.close()
    sheet = read(tmp_path / "a.png")
    assert sheet.shape == (2 * 2 + 4, 3 * 3 + 2 * 4, 3)
    assert [sheet[0, 7 * column, 0] for column in range(3)] == [0, 1, 2]
    assert [sheet[6, 7 * column, 0] for column in range(3)] == [3, 4, GROUND[0]]
    assert sheet[0, 3].tolist() == list(GROUND)


def test_a_sheet_has_one_size_and_leaves_nothing_when_given_up(tmp_path):
    writer = SheetWriter(tmp_path / "a.png")
    writer.write(still(0))
    with pytest.raises(ShapeError):
        writer.write(still(0, width=4))
    writer.abandon()
    assert "no picture" in SheetWriter(tmp_path / "b.png").close()
    assert not list(tmp_path.iterdir())


def test_a_series_is_numbered(tmp_path):
    writer = SeriesWriter(tmp_path / "a%03d.png")
    for level in (5, 6):
        writer.write(still(level))
    assert writer.close().endswith(": 2 pictures")
    assert np.array_equal(read(tmp_path / "a001.png"), still(6).picture)
    writer.abandon()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pattern", ["a.png", "a%s%s.png", "a%.png", "a%%.png"])
def test_a_pattern_has_one_number(pattern, tmp_path):
    with pytest.raises(ConfigError, match="%05d"):
        SeriesWriter(tmp_path / pattern)
