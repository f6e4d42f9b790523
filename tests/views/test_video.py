import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from eventsnn.errors import ShapeError, StorageError
from eventsnn.views.video import Still, VideoWriter


def picture(level: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_pictures_come_back_in_order_at_their_own_times(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    writer = VideoWriter(path, 25)
    times_us = [5_000_000, 5_040_000, 5_200_000, 5_240_000]
    for level, time_us in zip((0, 80, 160, 240), times_us, strict=True):
        writer.write(Still(picture(level), time_us))
    assert not path.exists()
    assert "4 pictures" in writer.close()
    frames = decoded(path)
    assert [round(time, 3) for time, _ in frames] == [0, 0.04, 0.2, 0.24]
    assert all(
        abs(int(frame.mean()) - level) <= 3
        for (_, frame), level in zip(frames, (0, 80, 160, 240), strict=True)
    )
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]


def test_colours_survive(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 25)
    red = np.zeros((48, 64, 3), np.uint8)
    red[:] = (220, 30, 60)
    writer.write(Still(red, 0))
    writer.close()
    assert np.abs(decoded(tmp_path / "out.mp4")[0][1].mean(axis=(0, 1)) - (220, 30, 60)).max() < 6


def test_a_clock_that_stands_still_or_goes_back_keeps_every_picture(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 25)
    for time_us in (1000, 1000, 0, 90_000):
        writer.write(Still(picture(9), time_us))
    writer.close()
    assert [round(time, 3) for time, _ in decoded(tmp_path / "out.mp4")] == [0, 0.001, 0.002, 0.089]


def test_nothing_written_leaves_nothing_and_keeps_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier")
    assert "nothing written" in VideoWriter(path, 25).close()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.mp4", b"earlier")]


def test_sides_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 25)
    with pytest.raises(ShapeError, match="even"):
        writer.write(Still(picture(0, width=63), 0))
    writer.write(Still(picture(0), 0))
    with pytest.raises(ShapeError, match="64, 48"):
        writer.write(Still(picture(0, width=66), 1))
    writer.close()
    assert len(decoded(tmp_path / "out.mp4")) == 1


def test_places_that_cannot_be_written_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no folder"):
        VideoWriter(tmp_path / "nowhere" / "out.mp4", 25)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        VideoWriter(tmp_path / "folder.mp4", 25)
    with pytest.raises(StorageError, match="MiB left"):
        VideoWriter(tmp_path / "out.mp4", 25, keep_free_bytes=1 << 62)
    assert [file.name for file in tmp_path.iterdir()] == ["folder.mp4"]


KILLED = """
import os, signal, sys
import numpy as np
from eventsnn.views.video import Still, VideoWriter
writer = VideoWriter(sys.argv[1], 10)
for i in range(45):
    writer.write(Still(np.full((48, 64, 3), i * 5, np.uint8), i * 100_000))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_leaves_a_video_that_plays(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"earlier")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "out.mp4")], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(decoded(tmp_path / "out.part.mp4")) == 40
    assert (tmp_path / "out.mp4").read_bytes() == b"earlier"


FULL = """
import resource, sys
import numpy as np
from eventsnn.errors import StorageError
from eventsnn.views.video import Still, VideoWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
noise = np.random.default_rng(0)
writer = VideoWriter(sys.argv[1], 4)
try:
    for i in range(100):
        writer.write(Still(noise.integers(0, 255, (96, 128, 3), dtype=np.uint8), i * 250_000))
except StorageError as error:
    print(error)
try:
    writer.close()
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file size to stand for a full disk")
def test_a_failed_write_keeps_what_was_saved_and_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"earlier")
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "out.mp4")], capture_output=True, text=True, check=True
    )
    first, second = ended.stdout.splitlines()
    assert first == second
    assert first.startswith(f"stopped saving {tmp_path / 'out.mp4'}: File too large; what was saved")
    assert ended.stderr == ""
    assert (tmp_path / "out.mp4").read_bytes() == b"earlier"
    assert os.path.getsize(tmp_path / "out.part.mp4") <= 300_000
    with av.open(str(tmp_path / "out.part.mp4")) as container:
        assert len([packet for packet in container.demux(video=0) if packet.size]) >= 4
        container.seek(0)
        assert next(container.decode(video=0)).width == 128
