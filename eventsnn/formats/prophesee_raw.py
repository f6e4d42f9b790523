"""Prophesee's RAW files: a header of text, then words of one of three encodings; read and written.

Which words there are, and how time is told from them, is in `eventsnn.kernels.evt2`, `.evt21` and `.evt3`.
Of triggers, the value 1 is a rising edge and 0 a falling one; the line is their id.
Source: docs.prophesee.ai, "RAW File Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError, StorageError
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.event_writer import EventWriter
from eventsnn.formats.format import Reading, Writing
from eventsnn.formats.index import Place
from eventsnn.formats.prophesee_header import (
    CAMERA,
    TIME_OFFSET,
    Header,
    header_lines,
    parse_header,
    read_header,
)
from eventsnn.formats.prophesee_words import WORDS, WordDecoder
from eventsnn.streams import Packet, TriggerKind, Triggers

_BLOCK_WORDS = 1 << 18
CUT_OFF = "bytes of a cut-off last word"
"""A remark, counted in bytes."""
LARGEST_NOTE = "the header gives no sensor size; {} is the largest coordinates + 1"
_LARGEST = Sensor(2048, 2048)
"""What 11 bits a coordinate can hold."""
_VERSIONS = {"2": "EVT2", "2.0": "EVT2", "2.1": "EVT21", "3": "EVT3", "3.0": "EVT3"}
_FAMILY = ("integrator_name", "camera_integrator_name", "plugin_name", "system_ID")
"""Keywords that only these files have."""
_LONGEST_GAP_WRAPS = 1 << 20


def encoding_of(head: bytes, path: Path) -> str | None:
    """The encoding that a RAW file's header names; None where this is no RAW file.

    Args:
        head: the first bytes of the file.
        path: the file, for the message.
    Raises: FormatError: one that is not known, or a header that names none.
    """
    header = parse_header(head)
    name = header.format[0] or header.values.get("evt", "")
    found = _VERSIONS.get(name, name)
    if found in WORDS:
        return found
    known = ", ".join(WORDS)
    if name:
        raise FormatError(f"{path} is a RAW file of the encoding {name}, which is not read; read are {known}")
    if any(keyword in header.values for keyword in _FAMILY):
        raise FormatError(f"{path} has the header of a RAW file, but it names no encoding; known are {known}")
    return None


class PropheseeRaw(EventFile):
    """A RAW file, decoded block by block.

    Where neither the caller nor the header gives the sensor's size, that of the sensor which the header
    names is taken, else that of the largest coordinates, from the index; `sensor_note` says so.
    """

    encoding: ClassVar[str]

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        try:
            self.header: Header = read_header(self._file)
            self._offset_us = self.header.time_offset_us
            given = reading.sensor or self.header.sensor
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
        self.camera = self.header.camera
        self._dtype = WORDS[self.encoding]
        self._halves_swapped = self._has_halves_swapped()
        self.sensor = given or self._found_sensor()

    def _found_sensor(self) -> Sensor:
        named = self.header.named_sensor
        if named is not None:
            self.sensor_note = f"the header gives no sensor size; {named[0]} is that of its {named[1]}"
            return named[0]
        self.sensor = _LARGEST
        x, y = self.index().largest or (0, 0)
        found = Sensor(x + 1, y + 1)
        self.sensor_note = LARGEST_NOTE.format(found)
        return found

    def _has_halves_swapped(self) -> bool:
        """Whether the upper half of 64 bits comes first, as from the IMX636 ("endianness=legacy")."""
        order = self.header.format[1].get("endianness", "")
        if order not in ("", "little", "legacy"):
            raise FormatError(f"{self.path}: words of endianness {order} are not read; little and legacy are")
        if order or self.encoding != "EVT21":
            return order == "legacy" and self.encoding == "EVT21"
        start = self._bytes(self.header.size, 1 << 12)
        words = np.frombuffer(start, np.uint8, len(start) // 8 * 8).reshape(-1, 8)
        kinds = words[:, (3, 7)] >> 4
        # The lower half holds pixels, which look like any kind of word; the first word is a TIME_HIGH.
        swapped, plain = np.isin(kinds, (0x0, 0x1, 0x8, 0xA, 0xE, 0xF)).sum(0) + (kinds[:1] == 0x8).sum(0)
        return bool(swapped > plain)

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        decoder = WordDecoder(self.encoding, self.sensor)
        at, part = self.header.size, 0
        if place is not None:
            at, part, *state = place
            decoder.state = tuple(state)
        for words in self._words(at):
            done = 0
            while done < len(words):
                before = decoder.state
                used, events, triggers = decoder.decode(words[done:])
                decoder.take_counts(self.remarks)
                here = at + done * self._dtype.itemsize
                done += used
                if self._offset_us:
                    events.t[:] += self._offset_us
                    triggers.t[:] += self._offset_us
                if part == 0 and Triggers in kinds and len(triggers):
                    yield (here, 0, *before), triggers
                if Events in kinds and len(events):
                    yield (here, 1, *before), events
                part = 0
            at += len(words) * self._dtype.itemsize

    def _words(self, at: int) -> Iterator[NDArray[Any]]:
        """The words from byte `at` on, block by block."""
        size = self._dtype.itemsize
        block = np.empty(_BLOCK_WORDS, self._dtype)
        while True:
            self._file.seek(at)
            got = self._file.readinto(block.view(np.uint8).data)
            if got < size:
                if got:
                    self.remarks[CUT_OFF] += got
                return
            words = block[: got // size]
            at += len(words) * size
            if self._halves_swapped:
                words = (words << np.uint64(32)) | (words >> np.uint64(32))
            yield words


class PropheseeRawWriter(EventWriter):
    """Writes a RAW file; events and triggers are merged by time.

    Times begin in the first period of the encoding's counter; `eventsnn_time_offset_us` in the header says
    what to add. Events wait for the next packet of events, so that triggers between them find their place.
    """

    kinds = (Events, Triggers)
    encoding: ClassVar[str]
    time_bits: ClassVar[int]
    """Bits of the time that wraps, µs."""
    lines: ClassVar[int]
    """How many trigger lines there are."""

    def __init__(self, path: Path, sensor: Sensor, writing: Writing) -> None:
        if sensor.width > _LARGEST.width or sensor.height > _LARGEST.height:
            raise StorageError(
                f"cannot save to {path}: {self.encoding} holds {_LARGEST} pixels, not {sensor}"
            )
        super().__init__(path, sensor)
        module = import_module(f"eventsnn.kernels.{self.encoding.lower()}")
        self._encode = getattr(module, f"encode_{self.encoding.lower()}")
        self._state = np.full(module.WRITER_STATE, -1, np.int64)
        self._words = np.empty(_BLOCK_WORDS, WORDS[self.encoding])
        self._camera = writing.camera
        self._offset_us: int | None = None
        self._events = Events.empty(sensor)
        self._triggers: list[Triggers] = []
        self._before_us: int | None = None
        self._file = self.part.open("wb")

    def _write(self, packet: Packet) -> None:
        if isinstance(packet, Triggers):
            self._triggers.append(self._edges(packet))
        elif isinstance(packet, Events):
            self._put(self._events, self._due(packet))
            self._events = packet

    def _edges(self, triggers: Triggers) -> Triggers:
        """What of them the format holds; the rest is counted."""
        edges = np.isin(triggers.kind, (TriggerKind.EXTERNAL_RISING, TriggerKind.EXTERNAL_FALLING))
        edges &= triggers.line < self.lines
        if not edges.all():
            what = f"trigger marks left out: {self.encoding} holds edges of {self.lines} external lines only"
            self.remarks[what] += int(np.count_nonzero(~edges))
            self.left_out[Triggers] += int(np.count_nonzero(~edges))
        return Triggers(triggers.t[edges], triggers.kind[edges], triggers.line[edges])

    def _due(self, following: Events | None) -> Triggers:
        """The triggers, in order, that come before what follows the waiting events."""
        empty = np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.uint8)
        parts = [(part.t, part.kind, part.line) for part in self._triggers]
        t, kind, line = (np.concatenate(column) for column in zip(empty, *parts, strict=True))
        order = np.argsort(t, kind="stable")
        now = len(order) if following is None else int(np.searchsorted(t[order], following.t[0]))
        later = order[now:]
        self._triggers = [Triggers(t[later], kind[later], line[later])] if later.size else []
        return Triggers(t[order[:now]], kind[order[:now]], line[order[:now]])

    def _put(self, events: Events, triggers: Triggers) -> None:
        times = [column.t for column in (events, triggers) if len(column)]
        if not times:
            return
        if self._offset_us is None:
            self._begin(min(int(t[0]) for t in times))
        assert self._offset_us is not None
        first = min(int(t[0]) for t in times)
        if first < self._offset_us:
            raise StorageError(
                f"{self.path}: a trigger at {first} µs comes after times that leave no room for it"
            )
        self._check_gaps(np.sort(np.concatenate(times)) if len(times) > 1 else times[0])
        event, trigger = 0, 0
        t, trigger_t = events.t - self._offset_us, triggers.t - self._offset_us
        while event < len(events) or trigger < len(triggers):
            more_events, more_triggers, words = self._encode(
                t[event:], events.x[event:], events.y[event:], events.p[event:],
                trigger_t[trigger:], triggers.kind[trigger:], triggers.line[trigger:],
                self._state, self._words,
            )  # fmt: skip
            if not words:
                late_us = int(triggers.t[trigger + more_triggers])
                raise StorageError(f"{self.path}: a trigger at {late_us} µs comes too late to be written")
            event, trigger = event + more_events, trigger + more_triggers
            self._file.write(self._words[:words].data)

    def _check_gaps(self, t: NDArray[np.int64]) -> None:
        before = int(t[0]) if self._before_us is None else self._before_us
        longest = max(int(t[0]) - before, int(np.diff(t).max()) if t.size > 1 else 0)
        if longest >> self.time_bits >= _LONGEST_GAP_WRAPS:
            raise StorageError(
                f"{self.path}: {self.encoding} cannot hold a gap of {longest / 1e6:.0f} s without events; "
                "write another format"
            )
        self._before_us = int(t[-1])

    def _begin(self, first_us: int) -> None:
        # The counter starts as it would have run; only the periods before are told in the header.
        self._offset_us = first_us >> self.time_bits << self.time_bits
        width, height = self.sensor.width, self.sensor.height
        version = {"EVT2": "2.0", "EVT21": "2.1", "EVT3": "3.0"}[self.encoding]
        self._file.write(
            header_lines(
                {
                    "camera_integrator_name": "Prophesee",
                    "evt": version,
                    "format": f"{self.encoding};height={height};width={width}",
                    "geometry": f"{width}x{height}",
                    "integrator_name": "Prophesee",
                    "plugin_integrator_name": "Prophesee",
                    "plugin_name": "hal_plugin_prophesee",
                    CAMERA: self._camera,
                    TIME_OFFSET: str(self._offset_us) if self._offset_us else "",
                }
            )
        )

    def _finish(self) -> None:
        self._put(self._events, self._due(None))
        if self._offset_us is None:
            self._begin(0)
        self._file.close()

    def _release(self) -> None:
        self._file.close()
