import shutil
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from eventsnn.demos.outputs import Outputs
from eventsnn.demos.saving import check_names
from eventsnn.errors import ConfigError, ShapeError, StorageError
from eventsnn.events import Sensor
from eventsnn.results import Flow

SENSOR = Sensor(64, 48)


def outputs(paths: list[Path], said: list[str]) -> Outputs:
    return Outputs([str(path) for path in paths], SENSOR, "file", "flow", "shipped", 25, True, said.append)


@pytest.mark.parametrize("bad", ["out.png", "out", "out.mp4.txt"])
def test_an_ending_that_nobody_knows_is_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"\.mp4 for a video"):
        check_names(["fine.mp4", bad])


def test_one_file_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="twice"):
        check_names([str(tmp_path / "a.mp4"), str(tmp_path / "b" / ".." / "a.mp4")])
    check_names([str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), str(tmp_path / "a.H5")])


def test_a_file_that_cannot_be_made_takes_back_the_others(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no folder"):
        outputs([tmp_path / "a.mp4", tmp_path / "b.h5", tmp_path / "none" / "c.mp4"], [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file size to stand for a full disk")
def test_a_file_that_fails_is_told_once_and_the_others_go_on(tmp_path: Path) -> None:
    import resource

    said: list[str] = []
    both = outputs([tmp_path / "a.h5", tmp_path / "b.mp4"], said)
    noise = np.random.default_rng(0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        for i in range(100):
            both.write_flow(Flow(noise.normal(size=(2, 48, 64)).astype(np.float32), i, i + 1))
            both.write_picture(np.full((48, 64, 3), i, np.uint8), i * 40_000)
        assert not both.all_failed
        lines = both.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said == [f"stopped saving {tmp_path / 'a.h5'}: File too large"]
    assert both.failed == 1
    assert lines == [f"{tmp_path / 'b.mp4'}: 100 pictures, 4.0 s"]
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 100
    assert [file.name for file in tmp_path.iterdir()] == ["b.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="a folder of open files cannot vanish there")
def test_a_folder_that_vanishes_costs_no_other_file(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    said: list[str] = []
    both = outputs([gone / "a.h5", tmp_path / "b.h5"], said)
    shutil.rmtree(gone)
    both.write_flow(Flow(np.zeros((2, 48, 64), np.float32), 0, 1))
    assert both.close() == [
        f"{gone / 'a.h5'}: no window came, nothing written",
        f"{tmp_path / 'b.h5'}: flow of 1 windows",
    ]
    assert said == [f"stopped saving {gone / 'a.h5'}: {gone}: No such file or directory"]
    assert both.failed == 1


def test_a_defect_of_one_writer_costs_no_other_file(tmp_path: Path) -> None:
    both = outputs([tmp_path / "a.mp4", tmp_path / "b.h5"], [])
    both.write_picture(np.zeros((3, 3, 3), np.uint8), 0)
    both.write_flow(Flow(np.zeros((2, 48, 64), np.float32), 0, 1))
    with pytest.raises(ShapeError, match="even sides"):
        both.close()
    assert [file.name for file in tmp_path.iterdir()] == ["b.h5"]
    assert both.close() == []
