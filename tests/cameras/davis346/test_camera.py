"""The adapter over the driver's object, with a stand-in for the driver and its own data types."""

from __future__ import annotations

import time
from collections import deque
from types import SimpleNamespace
from typing import Any

import dv_processing as dv
import numpy as np
import pytest

from eventsnn.cameras.davis346 import camera as camera_module
from eventsnn.cameras.davis346.camera import Davis346
from eventsnn.errors import CameraBusy, CameraError, CameraNotFound, CameraPermission
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Triggers


class Device:
    """What `dv.io.camera.open` gives, as far as `InputBase` goes."""

    def __init__(self, size: tuple[int, int] = (346, 260)) -> None:
        self.size = size
        self.running = True
        self.batches: dict[str, deque[Any]] = {kind: deque() for kind in ("event", "frame", "imu", "trigger")}

    def getCameraName(self) -> str:  # noqa: N802
        return "DAVIS346_00000123"

    def getEventResolution(self) -> tuple[int, int]:  # noqa: N802
        return self.size

    def isRunning(self) -> bool:  # noqa: N802
        return self.running

    def _next(self, kind: str) -> Any:
        if not self.running:
            raise RuntimeError("x.hpp(1): f()\nRuntimeError: device gone\nStacktrace:\n 0# 0xAB")
        return self.batches[kind].popleft() if self.batches[kind] else None

    def getNextEventBatch(self) -> Any:  # noqa: N802
        return self._next("event")

    def getNextFrame(self) -> Any:  # noqa: N802
        return self._next("frame")

    def getNextImuBatch(self) -> Any:  # noqa: N802
        return self._next("imu")

    def getNextTriggerBatch(self) -> Any:  # noqa: N802
        return self._next("trigger")


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """The cameras that opening gives, one after another; empty: none attached."""
    attached = [Device()]
    descriptor = SimpleNamespace(
        serialNumber="00000123", cameraModel=dv.io.camera.CameraModel.DAVIS, busNumber=1, devAddress=1
    )
    monkeypatch.setattr(dv.io.camera, "discover", lambda: [descriptor] if attached else [])
    monkeypatch.setattr(dv.io.camera, "open", lambda device: attached.pop(0))
    monkeypatch.setattr(camera_module, "SEARCH_S", 0.01)
    return attached


def store(*events: tuple[int, int, int, bool]) -> Any:
    batch = dv.EventStore()
    for event in events:
        batch.push_back(event)
    return batch


def test_name_and_sensor(usb: list[Device]) -> None:
    with Davis346() as camera:
        assert (camera.name, camera.sensor, camera.simulated) == (
            "DAVIS346_00000123",
            Sensor(346, 260),
            False,
        )
        assert camera.status.connected


def test_every_kind_of_packet(usb: list[Device]) -> None:
    device = usb[0]
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    colour = np.stack([grey, grey + 20, grey + 40], axis=-1)
    with Davis346() as camera:
        device.batches["event"].append(store((10, 345, 0, True), (11, 0, 259, False)))
        events = camera.read(1)
        assert isinstance(events, Events)
        assert events.t.tolist() == [10, 11]
        assert events.x.tolist() == [345, 0]
        assert events.y.tolist() == [0, 259]
        assert events.p.tolist() == [True, False]
        device.batches["frame"].append(dv.Frame(1000, 400, 0, 0, grey, dv.FrameSource.SENSOR))
        frame = camera.read(1)
        assert isinstance(frame, Frame)
        assert (frame.t, frame.exposure_us) == (1200, 400)
        np.testing.assert_array_equal(frame.image, grey)
        device.batches["frame"].append(dv.Frame(1000, colour))
        frame = camera.read(1)
        assert isinstance(frame, Frame)
        np.testing.assert_array_equal(frame.image[0, 0], [40, 20, 0])
        device.batches["imu"].append(dv.IMUPacket.ImuVector([dv.IMU(7, 30.0, 1, 2, 3, 4, 5, 6, 0, 0, 0)]))
        imu = camera.read(1)
        assert isinstance(imu, ImuSamples)
        assert (imu.t.tolist(), imu.temperature.tolist()) == ([7], [30.0])
        assert (imu.acceleration.tolist(), imu.rotation.tolist()) == ([[1, 2, 3]], [[4, 5, 6]])
        device.batches["trigger"].append(
            dv.TriggerPacket.TriggersVector([dv.Trigger(8, dv.TriggerType.EXTERNAL_SIGNAL_PULSE)])
        )
        triggers = camera.read(1)
        assert isinstance(triggers, Triggers)
        assert (triggers.t.tolist(), triggers.kind.tolist()) == ([8], [3])


def test_empty_batches_are_no_packets(usb: list[Device]) -> None:
    usb[0].batches["event"].append(store())
    usb[0].batches["imu"].append(dv.IMUPacket.ImuVector())
    with Davis346() as camera:
        assert camera.read(0.01) is None


def test_a_flood_of_events_does_not_starve_the_frames(usb: list[Device]) -> None:
    usb[0].batches["event"].extend(store((k, 0, 0, True)) for k in range(100))
    usb[0].batches["frame"].append(dv.Frame(5, np.zeros((260, 346), np.uint8)))
    with Davis346() as camera:
        assert any(isinstance(camera.read(1), Frame) for _ in range(4))


def test_reading_waits_no_longer_than_asked(usb: list[Device]) -> None:
    with Davis346() as camera:
        start = time.monotonic()
        assert camera.read(0.05) is None
        assert 0.04 < time.monotonic() - start < 1


def test_unplugged_in_mid_stream_and_plugged_in_again(usb: list[Device]) -> None:
    first = usb[0]
    with Davis346() as camera:
        first.running = False
        assert camera.read(0.03) is None
        assert not camera.status.connected
        again = Device()
        again.batches["event"].append(store((5, 1, 1, True)))
        usb.append(again)
        events = camera.read(1)
        assert isinstance(events, Events)
        assert camera.status.connected
        assert camera.status.reconnects == 1


def test_not_yet_permitted_when_plugged_in_again(usb: list[Device], monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = usb[0], Device()
    refusals = iter([CameraPermission("not yet"), CameraBusy("not yet")])

    def reopen(serial: str) -> Device:
        assert serial == "00000123"
        for refusal in refusals:
            raise refusal
        return again

    with Davis346() as camera:
        monkeypatch.setattr(camera_module, "open_device", reopen)
        first.running = False
        again.batches["event"].append(store((5, 1, 1, True)))
        assert isinstance(camera.read(1), Events)
        assert camera.status.reconnects == 1


def test_gone_between_the_question_and_the_answer(usb: list[Device]) -> None:
    device = usb[0]
    answers = iter([True])
    device.isRunning = lambda: next(answers, False)  # type: ignore[method-assign]
    device.running = False
    with Davis346() as camera:
        assert camera.read(0.01) is None
        assert not camera.status.connected


def test_back_with_another_resolution(usb: list[Device]) -> None:
    first = usb[0]
    with Davis346() as camera:
        first.running = False
        usb.append(Device((240, 180)))
        with pytest.raises(CameraError, match="another resolution"):
            camera.read(1)


def test_a_driver_error_while_running_is_one_line(usb: list[Device]) -> None:
    device = usb[0]

    def fail() -> None:
        raise RuntimeError("x.hpp(1): f()\nRuntimeError: bad transfer\nStacktrace:\n 0# 0xAB")

    device.getNextFrame = fail  # type: ignore[method-assign]
    with Davis346() as camera, pytest.raises(CameraError, match=r"^DAVIS346_00000123: bad transfer$"):
        camera.read(0.1)


def test_closed_twice_and_then_read(usb: list[Device]) -> None:
    camera = Davis346()
    camera.close()
    camera.close()
    assert not camera.status.connected
    with pytest.raises(CameraError, match="closed"):
        camera.read(1)


def test_opening_with_none_attached(usb: list[Device]) -> None:
    usb.clear()
    with pytest.raises(CameraNotFound):
        Davis346()
