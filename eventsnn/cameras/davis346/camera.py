"""The driver's camera object as a Camera: packets, sensor, and finding it again after an unplug."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import numpy as np

from eventsnn.cameras.davis346.driver import first_line, open_device
from eventsnn.errors import CameraBusy, CameraError, CameraNotFound, CameraPermission
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import CameraStatus, ImuSamples, Packet, Triggers

POLL_S = 0.001
"""The driver cannot be waited for, only asked; it delivers a batch about every 10 ms."""

SEARCH_S = 0.5
"""How often the USB is searched for a camera that was unplugged."""


class Davis346:
    """A DAVIS346 on USB. The adapter is tested; with a real camera it is UNTESTED so far.

    Unplugged in mid-stream, it is searched for by its serial number until it is back (counted in
    `status.reconnects`) or until this is closed; `read` gives None meanwhile.

    Args:
        serial: serial number; "" for the first DAVIS found.
    Raises: CameraNotFound, CameraPermission, CameraBusy, CameraDriverMissing, CameraError: as `open_device`.
    """

    simulated = False

    def __init__(self, serial: str = "") -> None:
        self._device: Any = open_device(serial)
        self.name = str(self._device.getCameraName())
        width, height = self._device.getEventResolution()
        self.sensor = Sensor(int(width), int(height))
        # Camera names are MODEL_SERIAL; that one is the one to find again.
        self._serial = serial or self.name.rpartition("_")[2]
        self._reconnects = 0
        self._next_search = 0.0
        self._turn = 0
        self._closed = False

    def read(self, timeout_s: float) -> Packet | None:
        """The next packet of any stream, or None when none came in time.

        Raises: CameraError: the camera is closed, or it came back and cannot be used.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            if self._closed:
                raise CameraError(f"{self.name} is closed")
            packet = self._poll() if self._running() or self._search() else None
            left = deadline - time.monotonic()
            if packet is not None or left <= 0:
                return packet
            time.sleep(min(POLL_S, left))

    @property
    def status(self) -> CameraStatus:
        """Connection and reconnects; what the driver itself drops is not known."""
        return CameraStatus(connected=self._device is not None, reconnects=self._reconnects)

    def close(self) -> None:
        """Give the camera back; calling it twice is harmless."""
        self._closed = True
        self._device = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> bool:
        """Whether the camera is there; one that has gone is let go of, so that it can be opened again."""
        if self._device is not None and not self._device.isRunning():
            self._device = None
        return self._device is not None

    def _search(self) -> bool:
        now = time.monotonic()
        if now < self._next_search:
            return False
        self._next_search = now + SEARCH_S
        try:
            device = open_device(self._serial)
        except (CameraNotFound, CameraPermission, CameraBusy):
            # For a moment after it is plugged in, udev has not given it to the user yet.
            return False
        if tuple(device.getEventResolution()) != (self.sensor.width, self.sensor.height):
            raise CameraError(f"{self.name} came back with another resolution; open it anew")
        self._device = device
        self._reconnects += 1
        return True

    def _poll(self) -> Packet | None:
        """One packet of the stream whose turn it is, else of the next that has one."""
        try:
            for _ in range(4):
                self._turn = (self._turn + 1) % 4
                packet = (self._events, self._frame, self._imu, self._triggers)[self._turn]()
                if packet is not None:
                    return packet
        except (RuntimeError, IndexError) as error:
            if self._device.isRunning():
                raise CameraError(f"{self.name}: {first_line(error)}") from None
        return None

    def _events(self) -> Events | None:
        batch = self._device.getNextEventBatch()
        if batch is None:
            return None
        columns = batch.numpy()
        if not columns.size:
            return None
        return Events(
            np.ascontiguousarray(columns["timestamp"], np.int64),
            columns["x"].astype(np.uint16),
            columns["y"].astype(np.uint16),
            columns["polarity"].astype(bool),
            self.sensor,
        )

    def _frame(self) -> Frame | None:
        frame = self._device.getNextFrame()
        if frame is None:
            return None
        # The driver gives the start of the exposure and colours as blue, green, red, in memory of its own.
        image = np.array(frame.image[..., ::-1] if frame.image.ndim == 3 else frame.image)
        exposure_us = round(frame.exposure.total_seconds() * 1e6)
        return Frame(image, int(frame.timestamp) + exposure_us // 2, exposure_us)

    def _imu(self) -> ImuSamples | None:
        batch = self._device.getNextImuBatch()
        if not batch:
            return None
        return ImuSamples(
            np.array([sample.timestamp for sample in batch], np.int64),
            np.array([(s.accelerometerX, s.accelerometerY, s.accelerometerZ) for s in batch], np.float32),
            np.array([(s.gyroscopeX, s.gyroscopeY, s.gyroscopeZ) for s in batch], np.float32),
            np.array([sample.temperature for sample in batch], np.float32),
        )

    def _triggers(self) -> Triggers | None:
        batch = self._device.getNextTriggerBatch()
        if not batch:
            return None
        return Triggers(
            np.array([trigger.timestamp for trigger in batch], np.int64),
            np.array([int(trigger.type) for trigger in batch], np.uint8),
        )
