"""Write AEDAT 4.0: events, frames, IMU samples and triggers of one camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eventsnn.errors import StorageError, unknown_name
from eventsnn.events import Events, Sensor
from eventsnn.formats.aedat4_table import DataTable, encode_table
from eventsnn.formats.dv_compression import Compression, compressor
from eventsnn.formats.dv_packets import HEADER_SIZE, PACKET_HEADER, Stream, encode_header, encode_packet
from eventsnn.formats.event_writer import EventWriter
from eventsnn.formats.format import Writing
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Packet, Triggers

MAGIC = b"#!AER-DAT4.0\r\n"

_PACKET_US = 10_000
_PACKET_EVENTS = 1 << 14
"""256 KiB: what unpacks a packet still finds it in the cache of the core afterwards."""
_MOST_PIXELS = 1 << 15
"""Coordinates are int16."""
_COMPRESSIONS = {member.name.lower().replace("_", "-"): member for member in Compression}


class Aedat4Writer(EventWriter):
    """An AEDAT 4.0 file being written; what a crash leaves is readable up to the last packet of 10 ms.

    Args:
        path: the final name.
        sensor: the pixel array, at most 32768 pixels a side.
        writing: compression "none", "lz4" (the default), "lz4-high", "zstd" or "zstd-high"; camera's name.

    Raises:
        ConfigError: an unknown compression.
        StorageError: the place cannot be written to, or the sensor is too large.
    """

    kinds = (Events, Frame, ImuSamples, Triggers)

    def __init__(self, path: Path, sensor: Sensor, writing: Writing) -> None:
        name = writing.compression or "lz4"
        if name not in _COMPRESSIONS:
            raise unknown_name("compression", name, _COMPRESSIONS)
        if max(sensor.width, sensor.height) > _MOST_PIXELS:
            raise StorageError(f"{path}: AEDAT4 holds at most {_MOST_PIXELS} pixels a side, not {sensor}")
        super().__init__(path, sensor)
        self._compression = _COMPRESSIONS[name]
        self._compress = compressor(self._compression)
        camera = writing.camera or "eventsnn"
        self._streams = (
            Stream(0, "events", "EVTS", sensor, camera),
            Stream(1, "frames", "FRME", sensor, camera),
            Stream(2, "imu", "IMUS", None, camera),
            Stream(3, "triggers", "TRIG", None, camera),
        )
        self._rows: list[tuple[int, int, int, int, int, int]] = []
        self._waiting: list[Events] = []
        self._waiting_count = 0
        try:
            self._file = self.part.open("wb")
            self._at = self._file.write(self._header(-1))
        except OSError as error:
            self.abandon()
            raise StorageError(f"cannot save to {path}: {error.strerror or error}") from error

    def _header(self, data_table_at: int) -> bytes:
        header = encode_header(self._streams, self._compression, data_table_at)
        return MAGIC + HEADER_SIZE.pack(len(header)) + header

    def _write(self, packet: Packet) -> None:
        if isinstance(packet, Events):
            self._waiting.append(packet)
            self._waiting_count += len(packet)
            self._write_events(everything=False)
            if self._waiting:
                # what waits must not change when the caller uses its arrays again
                last = self._waiting[-1]
                self._waiting[-1] = Events(
                    last.t.copy(), last.x.copy(), last.y.copy(), last.p.copy(), last.sensor
                )
            return
        self._write_events(everything=True)
        if isinstance(packet, Frame):
            start_us = packet.t - packet.exposure_us // 2
            if max(packet.image.shape) >= _MOST_PIXELS:
                raise StorageError(f"{self.path}: AEDAT4 holds no frame of {packet.image.shape} pixels")
            self._put(1, packet, 1, start_us, start_us + packet.exposure_us)
        elif len(packet):
            if isinstance(packet, Triggers) and packet.line.any():
                self.remarks[
                    "trigger marks without the number of their line, which AEDAT4 does not hold"
                ] += int(np.count_nonzero(packet.line))
            number = 2 if isinstance(packet, ImuSamples) else 3
            self._put(number, packet, len(packet), int(packet.t.min()), int(packet.t.max()))

    def _write_events(self, *, everything: bool) -> None:
        """The packets of events that are full, the last one, too, if it is to be everything."""
        count = self._waiting_count
        if not count:
            return
        span_us = int(self._waiting[-1].t[-1] - self._waiting[0].t[0])
        if not everything and count < _PACKET_EVENTS and span_us < _PACKET_US:
            return
        events = self._waiting[0] if len(self._waiting) == 1 else Events.concat(self._waiting)
        self._waiting, self._waiting_count = [], 0
        first = 0
        while first < len(events):
            ends = int(np.searchsorted(events.t[first:], events.t[first] + _PACKET_US))
            size = min(ends, _PACKET_EVENTS)
            if first + size == len(events) and not everything and size < _PACKET_EVENTS:
                self._waiting, self._waiting_count = [events[first:]], size
                return
            packet = events[first : first + size]
            self._put(0, packet, size, int(packet.t[0]), int(packet.t[-1]))
            first += size

    def _put(self, number: int, packet: Packet, count: int, first_us: int, last_us: int) -> None:
        payload = self._compress(encode_packet(packet))
        self._rows.append((self._at, number, len(payload), count, first_us, last_us))
        self._at += self._file.write(PACKET_HEADER.pack(number, len(payload)) + payload)

    def _finish(self) -> None:
        self._write_events(everything=True)
        rows = np.array(self._rows, np.int64).reshape(-1, 6)
        self._file.write(self._compress(encode_table(DataTable(*rows.T))))
        self._file.seek(0)
        self._file.write(self._header(self._at))
        self._file.close()

    def _release(self) -> None:
        self._file.close()
