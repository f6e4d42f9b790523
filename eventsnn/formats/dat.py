"""Prophesee DAT: a header of text, two bytes that say what follows, then one record of 8 bytes an event.

The first of the two bytes is the kind of events (0 or 12 for changes of brightness), the second the size
of a record. A record is the time (uint32, µs), then 14 bits of x, 14 bits of y and the polarity; in files
that say `% Version 1` or 0, 9 bits of x and 8 bits of y. Source: docs.prophesee.ai, "DAT File Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from eventsnn.errors import FormatError, StorageError
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.event_writer import EventWriter
from eventsnn.formats.format import Format, Reading, Writing
from eventsnn.formats.index import Place
from eventsnn.formats.prophesee_header import (
    CAMERA,
    TIME_OFFSET,
    header_lines,
    parse_header,
    read_header,
)
from eventsnn.formats.prophesee_raw import CUT_OFF, LARGEST_NOTE, encoding_of
from eventsnn.streams import Packet

_MARK = b"%"
_RECORD = np.dtype("<u8")
_STRETCH = 1 << 18
_CHANGES = (0, 12)
_OTHER_KINDS = {14: "triggers"}
_LARGEST = 1 << 14
_TIME_BITS = 32


class Dat(EventFile):
    """A DAT file of events, decoded block by block.

    Where neither the caller nor the header gives the sensor's size, it is that of the largest
    coordinates, from the index; `sensor_note` says so.
    """

    format = "DAT"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        try:
            self.header = read_header(self._file, _MARK)
            self._offset_us = self.header.time_offset_us
            given = reading.sensor or self.header.sensor
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
        kind, size = self._bytes(self.header.size, 2)
        if kind not in _CHANGES or size != _RECORD.itemsize:
            what = _OTHER_KINDS.get(kind, "another kind")
            raise FormatError(
                f"{path}: at byte {self.header.size}: this DAT file holds events of {what} (type {kind}, "
                f"{size} bytes each); read are changes of brightness (types 0 and 12, 8 bytes each)"
            )
        self.camera = self.header.camera
        self._bits = (9, 8) if self.header.values.get("Version") in ("0", "1") else (14, 14)
        self.sensor = given or self._largest()

    def _largest(self) -> Sensor:
        self.sensor = Sensor(_LARGEST, _LARGEST)
        x, y = self.index().largest or (0, 0)
        found = Sensor(x + 1, y + 1)
        self.sensor_note = LARGEST_NOTE.format(found)
        return found

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        from eventsnn.kernels.dat import STATE, decode_dat

        if Events not in kinds:
            return
        at, *before = (self.header.size + 2, *STATE) if place is None else place
        state = np.array(before, np.int64)
        block = np.empty(_STRETCH, _RECORD)
        while True:
            self._file.seek(at)
            got = self._file.readinto(block.view(np.uint8).data)
            number = got // _RECORD.itemsize
            if not number:
                if got:
                    self.remarks[CUT_OFF] += got
                return
            here = (at, *state.tolist())
            at += number * _RECORD.itemsize
            t, p = np.empty(number, np.int64), np.empty(number, np.bool_)
            x, y = np.empty(number, np.uint16), np.empty(number, np.uint16)
            wraps = decode_dat(block[:number], *self._bits, state, t, x, y, p)
            if wraps:
                self.remarks["time wraps"] += wraps
            if self._offset_us:
                t += self._offset_us
            yield here, Events(t, x, y, p, self.sensor)


class DatWriter(EventWriter):
    """Writes a DAT file of the current version.

    Times begin in the first period of 2^32 µs; `eventsnn_time_offset_us` in the header says what to add.
    """

    def __init__(self, path: Path, sensor: Sensor, writing: Writing) -> None:
        if sensor.width > _LARGEST or sensor.height > _LARGEST:
            raise StorageError(f"cannot save to {path}: DAT holds {_LARGEST}x{_LARGEST} pixels, not {sensor}")
        super().__init__(path, sensor)
        self._camera = writing.camera
        self._offset_us: int | None = None
        self._before_us = 0
        self._file = self.part.open("wb")

    def _write(self, packet: Packet) -> None:
        from eventsnn.kernels.dat import encode_dat

        assert isinstance(packet, Events)
        if self._offset_us is None:
            self._begin(int(packet.t[0]))
        assert self._offset_us is not None
        self._check_gaps(packet)
        for first in range(0, len(packet), _STRETCH):
            some = packet[first : first + _STRETCH]
            records = np.empty(len(some), _RECORD)
            encode_dat(some.t, some.x, some.y, some.p, self._offset_us, records)
            self._file.write(records.data)

    def _check_gaps(self, events: Events) -> None:
        """Refuse a gap after which a reader would not see that time has wrapped."""
        assert self._offset_us is not None
        t = np.concatenate(([self._before_us], events.t - self._offset_us))
        self._before_us = int(t[-1])
        periods = np.diff(t >> _TIME_BITS)
        if not periods.any():
            return
        fall = -np.diff(t & ((1 << _TIME_BITS) - 1))
        lost = (periods > 1) | ((periods == 1) & (fall < 1 << (_TIME_BITS - 1)))
        if lost.any():
            gap = int(np.diff(t)[np.argmax(lost)])
            raise StorageError(
                f"{self.path}: DAT cannot hold a gap of {gap / 1e6:.0f} s without events; "
                "write another format"
            )

    def _begin(self, first_us: int) -> None:
        # The counter starts as it would have run; only the periods before are told in the header.
        self._offset_us = first_us >> _TIME_BITS << _TIME_BITS
        self._before_us = first_us - self._offset_us
        self._file.write(
            header_lines(
                {
                    "Data": "file containing CD events.",
                    "Version": "2",
                    "Height": str(self.sensor.height),
                    "Width": str(self.sensor.width),
                    CAMERA: self._camera,
                    TIME_OFFSET: str(self._offset_us) if self._offset_us else "",
                }
            )
            + bytes([12, _RECORD.itemsize])
        )

    def _finish(self) -> None:
        if self._offset_us is None:
            self._begin(0)
        self._file.close()

    def _release(self) -> None:
        self._file.close()


def _recognises(head: bytes, path: Path) -> bool:
    header = parse_header(head, _MARK)
    kind = head[header.size : header.size + 2]
    if not header.size or len(kind) < 2 or header.format[0] or "evt" in header.values:
        return False
    known = kind[0] in (*_CHANGES, *_OTHER_KINDS)
    if kind[1] == _RECORD.itemsize:
        return known or encoding_of(head, path) is None
    return known and "Data" in header.values


FORMAT = Format("DAT", (".dat",), _recognises, Dat, DatWriter, default_for=(".dat",))
