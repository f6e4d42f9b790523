import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from eventsnn.errors import ShapeError, StorageError
from eventsnn.events import Sensor
from eventsnn.results import Flow
from eventsnn.views.flow_file import FlowFile

SENSOR = Sensor(7, 5)


def flow(seed: int) -> Flow:
    displacement = np.random.default_rng(seed).normal(0, 5, (2, 5, 7)).astype(np.float32)
    return Flow(displacement, 10**15 + seed * 20_000, 10**15 + (seed + 1) * 20_000)


def test_every_window_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "out.h5"
    writer = FlowFile(path, SENSOR, "davis346 1", "flow", "shipped")
    for seed in range(70):
        writer.write(flow(seed))
    assert not path.exists()
    assert writer.close() == f"{path}: flow of 70 windows"
    with h5py.File(path) as file:
        assert file["displacement"].shape == (70, 2, 5, 7)
        assert file["displacement"].dtype == np.float16
        for seed in (0, 63, 64, 69):
            # half precision keeps 11 bits: 1 part in 2048
            np.testing.assert_allclose(file["displacement"][seed], flow(seed).displacement, rtol=1 / 2048)
            assert file["start_us"][seed] == flow(seed).start_us
            assert file["end_us"][seed] == flow(seed).end_us
        assert list(file.attrs["sensor"]) == [7, 5]
        assert file.attrs["source"] == "davis346 1"
        assert (file.attrs["task"], file.attrs["weights"]) == ("flow", "shipped")
    assert [file.name for file in tmp_path.iterdir()] == ["out.h5"]


def test_unknown_flow_is_not_a_number(tmp_path: Path) -> None:
    valid = np.ones((5, 7), bool)
    valid[2, 3] = False
    known = flow(1)
    writer = FlowFile(tmp_path / "out.h5", SENSOR, "", "flow", "")
    writer.write(Flow(known.displacement, known.start_us, known.end_us, valid))
    writer.close()
    with h5py.File(tmp_path / "out.h5") as file:
        assert (np.isnan(file["displacement"][0]) == ~valid).all()
    assert np.isfinite(known.displacement).all()


def test_a_file_still_open_can_be_read(tmp_path: Path) -> None:
    writer = FlowFile(tmp_path / "out.h5", SENSOR, "", "flow", "")
    for seed in range(64):
        writer.write(flow(seed))
    copy = tmp_path / "killed.h5"
    copy.write_bytes((tmp_path / "out.part.h5").read_bytes())
    with h5py.File(copy) as file:
        np.testing.assert_allclose(file["displacement"][63], flow(63).displacement, rtol=1 / 2048)
    writer.close()


def test_nothing_written_leaves_nothing_and_keeps_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "out.h5"
    path.write_bytes(b"earlier")
    assert "nothing written" in FlowFile(path, SENSOR, "", "flow", "").close()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.h5", b"earlier")]


def test_flow_of_another_sensor_is_refused(tmp_path: Path) -> None:
    writer = FlowFile(tmp_path / "out.h5", Sensor(5, 7), "", "flow", "")
    with pytest.raises(ShapeError, match="of 5x7, not of 7x5"):
        writer.write(flow(0))
    writer.close()


def test_a_disk_about_to_fill_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="MiB left"):
        FlowFile(tmp_path / "out.h5", SENSOR, "", "flow", "", keep_free_bytes=1 << 62)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a folder of open files cannot vanish there")
def test_the_disk_is_looked_at_before_half_of_what_stays_free_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    # A window is 2 x 5 x 7 float16: two of them are half of what stays free.
    writer = FlowFile(folder / "out.h5", SENSOR, "", "flow", "", keep_free_bytes=4 * 2 * 5 * 7 * 2)
    writer.write(flow(0))
    shutil.rmtree(folder)
    writer.write(flow(1))
    with pytest.raises(StorageError, match="No such file"):
        writer.write(flow(2))
    with pytest.raises(StorageError, match="cannot rename"):
        writer.close()


def test_what_a_run_that_was_cut_off_has_saved_is_not_written_over(tmp_path: Path) -> None:
    part = tmp_path / "out.part.h5"
    part.write_bytes(b"saved")
    with pytest.raises(StorageError, match=r"out\.part\.h5 holds what another run saved; rename or remove"):
        FlowFile(tmp_path / "out.h5", SENSOR, "", "flow", "")
    assert part.read_bytes() == b"saved"
    part.write_bytes(b"")
    writer = FlowFile(tmp_path / "out.h5", SENSOR, "", "flow", "")
    writer.write(flow(0))
    writer.close()
    assert [file.name for file in tmp_path.iterdir()] == ["out.h5"]


FULL = """
import resource, sys
import numpy as np
from eventsnn.errors import StorageError
from eventsnn.events import Sensor
from eventsnn.results import Flow
from eventsnn.views.flow_file import FlowFile
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
noise = np.random.default_rng(0)
writer = FlowFile(sys.argv[1], Sensor(64, 48), "", "flow", "")
try:
    for i in range(200):
        writer.write(Flow(noise.normal(size=(2, 48, 64)).astype(np.float32), i, i + 1))
except StorageError as error:
    print(error)
try:
    print(writer.close())
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file size to stand for a full disk")
def test_a_failed_write_is_one_line_and_the_earlier_file_stays(tmp_path: Path) -> None:
    (tmp_path / "out.h5").write_bytes(b"earlier")
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "out.h5")], capture_output=True, text=True, check=True
    )
    first, second = ended.stdout.splitlines()
    assert first == f"stopped saving {tmp_path / 'out.h5'}: File too large"
    assert second.endswith("nothing of it could be kept")
    assert ended.stderr == ""
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.h5", b"earlier")]
