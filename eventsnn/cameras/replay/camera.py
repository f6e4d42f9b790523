"""A Recording as a Camera: every packet comes when its time has come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from eventsnn.errors import CameraError, ConfigError
from eventsnn.events import Events
from eventsnn.results import Frame
from eventsnn.streams import CameraStatus, EndOfStream, Packet, Recording

SLICE_US = 4_000
"""Longest stretch of events in one packet: a file stores more at once than a camera sends."""

LATEST_S = 0.5
"""Packets that the reader lets wait for longer are dropped, as a camera would."""

SILENCE_US = 10_000_000
"""A longer step of the recording's clock, or one back by more than `STEP_BACK_US`, is a clock that was
set anew, not a pause to be waited for."""

STEP_BACK_US = 1_000_000


class Replay:
    """A recording in real time; the clock starts with the first `read`.

    Args:
        recording: what to play; closed with this camera.
        speed: 1.0 for the speed at which it was recorded, 2.0 for twice that.

    Raises:
        ConfigError: a speed that is not positive.
    """

    simulated = False

    def __init__(self, recording: Recording, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ConfigError(f"a recording plays at a speed above 0, not {speed:g}")
        self.name = recording.name
        self.sensor = recording.sensor
        self.speed = speed
        self._recording = recording
        self._packets = _slices(recording.packets())
        self._next: tuple[Packet, int] | None = None
        self._zero: tuple[float, int] | None = None
        self._last_us = 0
        self._lost = 0
        self._late_since: float | None = None
        self._closed = False
        self._ended = False

    def read(self, timeout_s: float) -> Packet | None:
        """The next packet when its time has come, or None when it has not within `timeout_s`.

        Raises:
            EndOfStream: the recording is through; every later call says so too.
            FormatError: the recording is damaged from here on.
            CameraError: the camera is closed.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            if self._closed:
                raise CameraError(f"the replay of {self.name} is closed")
            if self._next is None:
                self._next = self._advance()
            packet, t_us = self._next
            due = self._due(t_us)
            now = time.monotonic()
            if now - due > LATEST_S and not self._catch_up(now, t_us):
                self._lost += 1
                self._next = None
                continue
            if due > deadline:
                time.sleep(max(0.0, deadline - now))
                return None
            time.sleep(max(0.0, due - now))
            self._next = None
            self._late_since = None
            return packet

    @property
    def status(self) -> CameraStatus:
        """Connected until the end; lost packets are those that the reader was too slow for."""
        return CameraStatus(connected=not (self._ended or self._closed), lost_packets=self._lost)

    def close(self) -> None:
        """Close the recording; calling it twice is harmless."""
        self._closed = True
        self._recording.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self) -> tuple[Packet, int]:
        """The next packet that holds anything, and its time."""
        for packet in self._packets:
            if isinstance(packet, Frame):
                return packet, packet.t
            if len(packet):
                return packet, int(packet.t[-1])
        self._ended = True
        raise EndOfStream(f"{self.name} is through")

    def _due(self, t_us: int) -> float:
        """When to deliver a packet of this time, on the clock of `time.monotonic`."""
        step_us = t_us - self._last_us
        if self._zero is None or step_us > SILENCE_US or step_us < -STEP_BACK_US:
            self._zero = (time.monotonic(), t_us)
        self._last_us = t_us
        start_s, start_us = self._zero
        return start_s + (t_us - start_us) * 1e-6 / self.speed

    def _catch_up(self, now: float, t_us: int) -> bool:
        """Whether to play on from here, because the file is read more slowly than it would play."""
        if self._late_since is None:
            self._late_since = now
        if now - self._late_since <= LATEST_S:
            return False
        self._zero = (now, t_us)
        return True


def _slices(packets: Iterator[Packet]) -> Iterator[Packet]:
    """The same packets, events cut into stretches of at most `SLICE_US`."""
    for packet in packets:
        if not isinstance(packet, Events):
            yield packet
            continue
        while len(packet):
            piece = packet.between(int(packet.t[0]), int(packet.t[0]) + SLICE_US)
            packet = packet[len(piece) :]
            yield piece
