from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace

import dv_processing
import pytest

from eventsnn.cameras.davis346 import driver
from eventsnn.errors import CameraBusy, CameraError, CameraNotFound, CameraPermission

IN_USE_OR_FORBIDDEN = (
    "/project/include/dv-processing/io/camera/usb_device.hpp(88): void open(...)\n"
    "RuntimeError: Failed to open USB device. This usually happens due to permissions or driver issues, or "
    "because the device is already in use by another running program.\nStacktrace:\n 0# 0x003ABBDA in x.so"
)


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> object:
    """`attach(serial, ..., model=DAVIS)`: what the driver finds on the USB."""

    def make(*serials: str, model: object = dv_processing.io.camera.CameraModel.DAVIS) -> None:
        found = [
            SimpleNamespace(serialNumber=serial, cameraModel=model, busNumber=2, devAddress=9)
            for serial in serials
        ]
        monkeypatch.setattr(dv_processing.io.camera, "discover", lambda: found)

    return make


def usb(folder: Path, vendor: str, product: str) -> None:
    device = folder / "2-1"
    device.mkdir(parents=True)
    for name, value in (("idVendor", vendor), ("idProduct", product), ("busnum", "2"), ("devnum", "9")):
        (device / name).write_text(f"{value}\n")


def test_none_attached(monkeypatch: pytest.MonkeyPatch, attach, tmp_path: Path) -> None:
    monkeypatch.setattr(driver, "USB_DEVICES", tmp_path / "absent")
    attach()
    with pytest.raises(CameraNotFound, match=r"^no DAVIS346 is attached: plug it in") as caught:
        driver.open_device("")
    assert "\n" not in str(caught.value)
    assert driver.serials() == []


def test_the_real_driver_finds_none_or_lists_serials() -> None:
    assert all(isinstance(serial, str) for serial in driver.serials())


def test_another_serial_number_is_attached(attach) -> None:
    attach("00000123", "00000456")
    assert driver.serials() == ["00000123", "00000456"]
    with pytest.raises(CameraNotFound, match="serial number 7 is attached; there are: 00000123, 00000456"):
        driver.open_device("7")


def test_other_cameras_of_the_maker_are_no_davis(attach) -> None:
    attach("1", model=dv_processing.io.camera.CameraModel.DVXPLORER)
    assert driver.serials() == []


def test_the_first_or_the_wanted_one_is_opened(monkeypatch: pytest.MonkeyPatch, attach) -> None:
    attach("1", "2")
    monkeypatch.setattr(dv_processing.io.camera, "open", lambda device: device.serialNumber)
    assert driver.open_device("") == "1"
    assert driver.open_device("2") == "2"


def test_attached_but_unseen_for_want_of_permission(
    monkeypatch: pytest.MonkeyPatch, attach, tmp_path: Path
) -> None:
    attach()
    usb(tmp_path / "devices", "152a", "841a")
    monkeypatch.setattr(driver, "USB_DEVICES", tmp_path / "devices")
    monkeypatch.setattr(driver, "USB_NODES", tmp_path / "no-node")
    with pytest.raises(CameraPermission, match="udev"):
        driver.open_device("")


def test_an_audio_device_of_the_same_vendor_is_no_camera(
    monkeypatch: pytest.MonkeyPatch, attach, tmp_path: Path
) -> None:
    attach()
    usb(tmp_path / "devices", "152a", "8750")
    monkeypatch.setattr(driver, "USB_DEVICES", tmp_path / "devices")
    with pytest.raises(CameraNotFound):
        driver.open_device("")


def test_one_driver_message_for_two_causes_is_told_apart_by_the_device_file(tmp_path: Path) -> None:
    node = tmp_path / "009"
    error = RuntimeError(IN_USE_OR_FORBIDDEN)
    assert isinstance(driver.explain(error, node), CameraPermission)
    node.touch()
    node.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert isinstance(driver.explain(error, node), CameraBusy)


@pytest.mark.parametrize(
    ("error", "kind", "match"),
    [
        (
            RuntimeError("Failed to claim USB interface 0. The device is already in use."),
            CameraBusy,
            "close that",
        ),
        (IndexError("vector::_M_range_check: __n (which is 0)"), CameraNotFound, "went away"),
        (
            RuntimeError(
                "x.hpp(3): f()\nRuntimeError: Device logic version incorrect.\nStacktrace:\n 0# 0xAB"
            ),
            CameraError,
            r"^the DAVIS346 cannot be opened: Device logic version incorrect.$",
        ),
        (RuntimeError(""), CameraError, "RuntimeError"),
    ],
)
def test_errors_of_the_driver_in_one_line(
    error: Exception, kind: type[CameraError], match: str, tmp_path: Path
) -> None:
    explained = driver.explain(error, tmp_path / "node")
    assert type(explained) is kind
    with pytest.raises(kind, match=match):
        raise explained
    assert "\n" not in str(explained)


def test_an_error_while_opening_carries_no_trace(monkeypatch: pytest.MonkeyPatch, attach) -> None:
    attach("1")

    def refuse(device: object) -> None:
        raise RuntimeError(IN_USE_OR_FORBIDDEN)

    monkeypatch.setattr(dv_processing.io.camera, "open", refuse)
    with pytest.raises(CameraError) as caught:
        driver.open_device("")
    assert "0x" not in str(caught.value)
    assert caught.value.__suppress_context__
