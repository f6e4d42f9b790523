"""The doors of dv-processing's USB driver: what is attached, opening it, its errors in our words.

With nothing attached, `open` of dv-processing 2.0.4 raises IndexError or a RuntimeError whose text
holds a C++ stack trace, so `discover` is asked first and every text is cut at the trace. Which of its
messages mean what was read from the library's own texts; with a camera on the desk it is untested here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from eventsnn.errors import CameraBusy, CameraDriverMissing, CameraError, CameraNotFound, CameraPermission

UDEV_RULE = 'SUBSYSTEM=="usb", ATTR{idVendor}=="152a", ATTR{idProduct}=="84[0-1]?", MODE="0666"'
"""Only the cameras' product ids: other makers' audio devices share this vendor id."""

_LINUX_ALSO = ", and on Linux add the udev rule for 152a:840? and 152a:841? (README, camera)"

USB_DEVICES = Path("/sys/bus/usb/devices")
USB_NODES = Path("/dev/bus/usb")


def serials() -> list[str]:
    """Serial numbers of the attached DAVIS cameras.

    Raises: CameraDriverMissing: dv-processing is not installed.
    """
    return [device.serialNumber for device in _discover()]


def open_device(serial: str) -> Any:
    """The driver's object for one attached camera; it runs from here on.

    Args:
        serial: the camera's serial number; "" for the first one found.
    Returns: a dv-processing `DAVIS`, of which only the methods of `InputBase` are used.

    Raises:
        CameraNotFound: none attached, or none with this serial number.
        CameraPermission: attached, but this user may not open it.
        CameraBusy: in use by another program.
        CameraDriverMissing: dv-processing is not installed.
        CameraError: anything else that the driver says.
    """
    found = _discover()
    wanted = [device for device in found if serial in ("", device.serialNumber)]
    if not wanted:
        if found:
            there = ", ".join(device.serialNumber for device in found)
            raise CameraNotFound(f"no DAVIS346 with serial number {serial} is attached; there are: {there}")
        _check_unlisted()
        raise CameraNotFound(
            f"no DAVIS346{f' {serial}' if serial else ''} is attached: plug it in; where it is, try another "
            f"cable and port{_LINUX_ALSO if sys.platform.startswith('linux') else ''}"
        )
    device = wanted[0]
    try:
        return _driver().io.camera.open(device)
    except (RuntimeError, IndexError, OSError) as error:
        node = USB_NODES / f"{device.busNumber:03d}" / f"{device.devAddress:03d}"
        raise explain(error, node) from None


def explain(error: Exception, node: Path) -> CameraError:
    """The driver's error in one line, as the kind of error it is.

    The driver has one message for a missing permission and for a device in use; the device file
    tells which of them it was.

    Args:
        error: what dv-processing raised.
        node: the camera's device file, /dev/bus/usb/BUS/DEVICE.
    """
    text = first_line(error)
    low = text.lower()
    if "permission" in low or "access" in low:
        if node.exists() and os.access(node, os.R_OK | os.W_OK):
            return CameraBusy("the DAVIS346 is in use by another program; close that (or replug the camera)")
        return CameraPermission(
            f"the DAVIS346 is attached, but this user may not open it{_linux_hint() or f': {text}'}"
        )
    if "in use" in low or "busy" in low:
        return CameraBusy("the DAVIS346 is in use by another program; close that (or replug the camera)")
    if "no device" in low or "not find" in low or "disconnect" in low or isinstance(error, IndexError):
        return CameraNotFound("the DAVIS346 went away while it was being opened; check the cable and port")
    return CameraError(f"the DAVIS346 cannot be opened: {text}")


def first_line(error: Exception) -> str:
    """What a dv-processing error says, without the C++ function names and the stack trace."""
    lines = str(error).partition("Stacktrace:")[0].strip().splitlines() or [type(error).__name__]
    return lines[-1].removeprefix("RuntimeError: ").strip()


def _driver() -> Any:
    try:
        import dv_processing
    except ImportError as error:
        raise CameraDriverMissing(
            f"the driver for DAVIS346 is not usable ({error}): pip install 'dv-processing>=2.0.4,<3'"
        ) from None
    return dv_processing


def _discover() -> list[Any]:
    """Descriptors of the attached DAVIS cameras; other cameras of the maker are left out."""
    camera = _driver().io.camera
    try:
        found = camera.discover()
    except (RuntimeError, IndexError, OSError) as error:
        raise CameraError(f"USB cannot be searched for cameras: {first_line(error)}") from None
    models = (camera.CameraModel.DAVIS, camera.CameraModel.DAVIS_GEN2)
    return [device for device in found if device.cameraModel in models]


def _check_unlisted() -> None:
    """A camera that the kernel lists but the driver does not see lacks permission."""
    for device in sorted(USB_DEVICES.glob("*/idVendor")) if USB_DEVICES.is_dir() else []:
        try:
            product = (device.parent / "idProduct").read_text().strip()
            if device.read_text().strip() != "152a" or not product.startswith(("840", "841")):
                continue
            bus = int((device.parent / "busnum").read_text())
            address = int((device.parent / "devnum").read_text())
        except (OSError, ValueError):
            continue
        if not os.access(USB_NODES / f"{bus:03d}" / f"{address:03d}", os.R_OK | os.W_OK):
            raise CameraPermission(f"a DAVIS is attached, but this user may not open it{_linux_hint()}")


def _linux_hint() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    return (
        f"; on Linux it needs the line {UDEV_RULE} in /etc/udev/rules.d/65-inivation.rules, then "
        "`sudo udevadm control --reload-rules && sudo udevadm trigger`, then replug"
    )
