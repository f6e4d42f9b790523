from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dv_processing
import pytest

from eventsnn.cameras import attached, kinds, names, open_camera, open_live
from eventsnn.cameras.davis346 import driver
from eventsnn.errors import CameraBusy, CameraError, CameraNotFound, ConfigError


@pytest.fixture
def nothing_attached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dv_processing.io.camera, "discover", list)
    monkeypatch.setattr(driver, "USB_DEVICES", tmp_path / "absent")


def test_every_folder_is_a_kind() -> None:
    assert names() == ["davis346", "file", "sim", "tcp"]


def test_listing_the_kinds_imports_no_driver() -> None:
    heavy = {"dv_processing", "numba", "cv2", "torch", "h5py", "av", "scipy", "eventsnn.formats.aedat4"}
    code = (
        f"import sys; from eventsnn.cameras import kinds; kinds(); print(sorted({heavy} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("davis", "did you mean davis346"),
        ("simulated", "there are: davis346, davis346:SERIAL, file:PATH, sim, tcp://HOST:PORT"),
        ("tcp:/localhost:7777", "tcp://HOST:PORT"),
        ("", "there are: "),
    ],
)
def test_unknown_names_list_what_there_is(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        open_camera(name)


@pytest.mark.parametrize("name", ["file", "file:", "tcp", "tcp://", "tcp://localhost"])
def test_a_kind_without_its_argument_says_how_to_write_it(name: str) -> None:
    with pytest.raises(ConfigError, match=r"write (file:PATH|tcp://HOST:PORT)"):
        open_camera(name)


@pytest.mark.usefixtures("nothing_attached")
def test_with_none_attached_the_simulated_camera_plays_and_says_so() -> None:
    said: list[str] = []
    with open_live("davis346", require_camera=False, say=said.append) as camera:
        assert camera.simulated
        assert camera.name == "SIMULATED davis346"
    (line,) = said
    assert line.startswith("no DAVIS346 is attached: plug it in")
    assert line.endswith("; playing the SIMULATED camera instead")
    assert "\n" not in line


@pytest.mark.usefixtures("nothing_attached")
@pytest.mark.parametrize(
    ("name", "require_camera"),
    [("davis346", True), ("davis346:00000123", False), ("tcp://127.0.0.1:1", False)],
)
def test_no_other_absence_is_papered_over(name: str, require_camera: bool) -> None:
    with pytest.raises(CameraNotFound):
        open_live(name, require_camera=require_camera, say=pytest.fail)


def test_a_busy_camera_is_an_error_not_a_reason_to_simulate(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> list[object]:
        raise CameraBusy("the DAVIS346 is in use by another program; close that")

    monkeypatch.setattr(driver, "_discover", busy)
    with pytest.raises(CameraError, match="in use"):
        open_live("davis346", require_camera=False, say=pytest.fail)


@pytest.mark.usefixtures("nothing_attached")
def test_nothing_attached_lists_nothing() -> None:
    assert attached() == []


def test_a_stand_in_is_a_camera() -> None:
    assert {kind.stand_in for kind in kinds()} <= {"", *names()}
