import av
import numpy as np
import pytest

from eventsnn.errors import ShapeError, StorageError
from eventsnn.views.gif import GifWriter
from eventsnn.views.video import Still


def picture(seed, width=20, height=11):
    """Of 32 colours, which a GIF can hold."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (32, 3)).astype(np.uint8)[rng.integers(0, 32, (height, width))]


def test_pictures_come_back_at_their_times(tmp_path):
    writer = GifWriter(tmp_path / "a.gif")
    for number, time_us in enumerate((7_000_000, 7_050_000, 7_200_000)):
        writer.write(Still(picture(number), time_us))
    assert not (tmp_path / "a.gif").exists()
    writer.close()
    with av.open(str(tmp_path / "a.gif")) as file:
        frames = list(file.decode(video=0))
    assert [round(frame.time, 3) for frame in frames] == [0, 0.05, 0.2]
    for number, frame in enumerate(frames):
        # FFmpeg's palettes are exact to one level
        assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - picture(number)).max() <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_nothing_is_left_of_one_that_is_given_up_or_empty(tmp_path):
    writer = GifWriter(tmp_path / "a.gif")
    writer.write(Still(picture(0), 0))
    with pytest.raises(ShapeError):
        writer.write(Still(picture(0, width=22), 10_000))
    writer.abandon()
    writer.abandon()
    assert "no picture" in GifWriter(tmp_path / "b.gif").close()
    assert not list(tmp_path.iterdir())


def test_a_place_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(StorageError, match="no folder"):
        GifWriter(tmp_path / "none" / "a.gif")
