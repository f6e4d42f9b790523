"""AEDAT 4.0: events, frames, IMU samples and triggers of iniVation's cameras in one file.

Times are µs (epoch), acceleration is in g, rotation in °/s, temperature in °C. Trigger kinds: 0 timestamp
reset; external signal 1 rising, 2 falling, 3 pulse; generator 4 rising, 5 falling; 6 frame begins, 7 ends;
8 exposure begins, 9 ends. Source: the AEDAT 4.0 specification (gitlab.com/inivation, "AEDAT file formats").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eventsnn.errors import FormatError
from eventsnn.events import Events
from eventsnn.formats.dv_packets import (
    HEADER_SIZE,
    MAX_HEADER_BYTES,
    MAX_PACKET_BYTES,
    PACKET_HEADER,
    Header,
    Stream,
    decode_header,
    decode_packet,
    decompress,
)
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import Format, Reading
from eventsnn.formats.index import Place
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Packet, Triggers

MAGIC = b"#!AER-DAT4.0\r\n"

_KINDS: dict[str, type[Packet]] = {"EVTS": Events, "FRME": Frame, "IMUS": ImuSamples, "TRIG": Triggers}


class Aedat4(EventFile):
    """An AEDAT 4.0 file; of several streams of one kind (a stereo recording) the first is read."""

    format = "AEDAT4"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        file, self._size = self._file, self.extent
        file.seek(len(MAGIC))
        prefix = file.read(HEADER_SIZE.size)
        size = HEADER_SIZE.unpack(prefix)[0] if len(prefix) == HEADER_SIZE.size else self._size
        self._begin = len(MAGIC) + HEADER_SIZE.size + size
        if self._begin > self._size or size > MAX_HEADER_BYTES:
            raise FormatError(f"{path} breaks off inside its header, after {self._size} bytes")
        try:
            self.header: Header = decode_header(file.read(size))
        except FormatError as error:
            raise FormatError(f"{path} has a damaged header: {error}") from error
        self._first: dict[str, Stream] = {}
        for stream in self.header.streams.values():
            self._first.setdefault(stream.identifier, stream)
        with_pixels = [s for s in (self._first.get("EVTS"), self._first.get("FRME")) if s and s.sensor]
        found = reading.sensor or (with_pixels[0].sensor if with_pixels else None)
        if found is None:
            raise FormatError(f"{path} does not say its sensor's size; give one (width x height)")
        self.sensor = found
        self.camera = next((s.source for s in self._first.values() if s.source), "")

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        wanted = {
            stream.number for name, stream in self._first.items() if name in _KINDS and _KINDS[name] in kinds
        }
        for at, stream, size in self._places(self._begin if place is None else place[0]):
            if stream.number not in wanted:
                continue
            where = f"{self.path}: the packet ({stream.name}) at byte {at}"
            try:
                payload = decompress(self._bytes(at + PACKET_HEADER.size, size), self.header.compression)
                packet = decode_packet(payload, self.sensor)
            except FormatError as error:
                raise FormatError(f"{where}: {error}") from error
            if not isinstance(packet, _KINDS[stream.identifier]):
                raise FormatError(f"{where} does not hold {stream.identifier}, as the header says")
            yield (at,), packet

    def _places(self, at: int) -> Iterator[tuple[int, Stream, int]]:
        """(byte position, stream, payload size) of one packet after another, from byte `at` on."""
        table = self.header.data_table_at
        # A file that was never closed has no table: its packets end where the file ends.
        end = self._size if table < 0 else min(table, self._size)
        while at < end:
            head = self._bytes(at, PACKET_HEADER.size)
            if at + PACKET_HEADER.size > end:
                raise self._broken(at, "inside a packet's header")
            number, size = PACKET_HEADER.unpack(head)
            stream = self.header.streams.get(number)
            if stream is None or not 0 <= size <= MAX_PACKET_BYTES:
                raise FormatError(
                    f"{self.path} is damaged at byte {at}: a packet of stream {number} with {size} bytes; "
                    "everything before it was read"
                )
            if at + PACKET_HEADER.size + size > end:
                raise self._broken(at, f"inside a packet of {size} bytes")
            yield at, stream, size
            at += PACKET_HEADER.size + size
        if table > self._size:
            raise self._broken(at, "before its index")

    def _broken(self, at: int, where: str) -> FormatError:
        return FormatError(f"{self.path} is cut off at byte {at}, {where}; everything before it was read")


def _recognises(head: bytes, path: Path) -> bool:
    return head.startswith(MAGIC)


FORMAT = Format("AEDAT4", (".aedat4",), _recognises, Aedat4)
