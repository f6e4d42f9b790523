"""AEDAT 2.0, jAER's format: lines that begin with `#`, then pairs of an address and a time in µs.

Both are 32 bits, big-endian. What an address means depends on the chip, which a header line names:

DVS128: x = 127 - bits 1..7, y = 127 - bits 8..14, ON where bit 0 is 0; bit 15 marks the sync input.
DAVIS: x = width - 1 - bits 12..21, y = height - 1 - bits 22..30, ON where bit 11 is 1. Bit 10 marks an edge
of the external input (bits 0..2: 2 falls, 3 rises, else a pulse). Bit 31 marks a sample: with bits 10 and 11
one of seven values of the IMU (which: bits 28..30, value: bits 12..27), else a reading of a grey pixel.

Source: "AEDAT file formats" of iniVation and the description of DAVIS addresses in jAER (DavisChip,
IMUSample; scales 8192 per g, 65.5 per °/s, 340 per °C from 35 °C, jAER's presets).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import Format, Reading
from eventsnn.formats.index import Place
from eventsnn.streams import ImuSamples, Packet, TriggerKind, Triggers

MAGIC = b"#!AER-DAT2"

_BLOCK_WORDS = 1 << 18
_WORD_BYTES = 8
_LONGEST_LINE = 1 << 16
_SAMPLE = 1 << 31
_IMU = _SAMPLE | 0b11 << 10
_IMU_VALUES = 7
GREY_WORDS = "words of grey pixels (APS), which are not read from AEDAT2"
LONE_IMU_WORDS = "IMU words that do not make a whole sample"
LEFT_OVER = "bytes left over at the end"


@dataclass(frozen=True, slots=True)
class Chip:
    """How a chip's events lie in an address.

    Args:
        names: what header lines call it, in capitals.
        sensor: its pixels.
        layout: as the kernel takes it.
        davis: whether bit 31 marks samples.
    """

    names: tuple[str, ...]
    sensor: Sensor
    layout: tuple[int, ...]
    davis: bool


def _davis(names: tuple[str, ...], width: int, height: int) -> Chip:
    layout = (_SAMPLE | 1 << 10, 12, 0x3FF, width - 1, 22, 0x1FF, height - 1, 11, 1)
    return Chip(names, Sensor(width, height), layout, davis=True)


CHIPS = (
    _davis(("DAVIS240", "SBRET10", "SBRET20"), 240, 180),
    _davis(("DAVIS346",), 346, 260),
    Chip(("DVS128",), Sensor(128, 128), (1 << 15, 1, 0x7F, 127, 8, 0x7F, 127, 0, 0), davis=False),
)


class Aedat2(EventFile):
    """An AEDAT 2.0 file, decoded block by block.

    The chip is the one that the header names, else the one with the size of the given sensor, else a
    DVS128 where no address needs more than its 16 bits; `sensor_note` says so. A place is (byte position,
    µs of the wraps before, last time as stored, which packet of the block).
    """

    format = "AEDAT2"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        try:
            self.header, self._begin = self._lines()
            self.chip = self._find_chip()
        except BaseException:
            self.close()
            raise
        self.sensor = reading.sensor or self.chip.sensor
        self.camera = self.chip.names[0]

    def _lines(self) -> tuple[list[str], int]:
        """(header lines, byte where the words begin)."""
        lines: list[str] = []
        at = 0
        self._file.seek(0)
        while (line := self._file.readline(_LONGEST_LINE)).startswith(b"#"):
            # a word, too, may begin with #, but hardly looks like a line of text
            if not line.endswith(b"\n") or not line.rstrip(b"\r\n").replace(b"\t", b" ").isascii():
                break
            if any(byte < 32 for byte in line.rstrip(b"\r\n").replace(b"\t", b" ")):
                break
            lines.append(line.decode("ascii").strip())
            at += len(line)
            if "end of ascii header" in line.decode("ascii").lower():
                break
        return lines, at

    def _find_chip(self) -> Chip:
        lines = [line.upper() for line in self.header]
        # other lines may speak of other chips
        for kind in ("AECHIP", ""):
            for line in lines:
                if kind in line:
                    for chip in CHIPS:
                        if any(name in line for name in chip.names):
                            return chip
        for chip in CHIPS:
            if chip.sensor == self.reading.sensor:
                return chip
        start = self._bytes(self._begin, _BLOCK_WORDS * _WORD_BYTES)
        addresses = np.frombuffer(start, ">u4", len(start) // _WORD_BYTES * 2)[::2]
        if not any("AECHIP" in line for line in lines) and not (addresses >> 16).any():
            self.sensor_note = "the header names no chip; the addresses are taken for a DVS128's"
            return CHIPS[-1]
        known = ", ".join(f"{chip.names[0]} ({chip.sensor})" for chip in CHIPS)
        raise FormatError(
            f"{self.path} names no chip whose addresses are known; give the size of one of {known}"
        )

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        from eventsnn.kernels.aedat2 import decode

        at, high, last, skip = (self._begin, 0, -1, 0) if place is None else place
        layout = np.array(self.chip.layout, np.int64)
        while True:
            content = self._bytes(at, _BLOCK_WORDS * _WORD_BYTES)
            count = len(content) // _WORD_BYTES
            at_end = at + len(content) >= self.extent
            if not count:
                if content:
                    self.remarks[LEFT_OVER] += len(content)
                return
            words = np.frombuffer(content, "<u4", 2 * count)
            t, other_t, other_at = (np.empty(count, np.int64) for _ in range(3))
            x, y = np.empty(count, np.uint16), np.empty(count, np.uint16)
            p, other = np.empty(count, np.bool_), np.empty(count, np.uint32)
            state = np.array([high, last], np.int64)
            events, others = decode(words, layout, state, t, x, y, p, other_t, other, other_at)
            if not at_end and self.chip.davis:
                whole = _before_split_sample(other[:others], other_at[:others])
                if whole is not None and whole < count:
                    # the sample goes into the next block as a whole, so that no place is inside one
                    count = whole
                    state = np.array([high, last], np.int64)
                    events, others = decode(
                        words[: 2 * count], layout, state, t, x, y, p, other_t, other, other_at
                    )
            packets: list[Packet] = [Events(t[:events], x[:events], y[:events], p[:events], self.sensor)]
            packets += self._others(other_t[:others], other[:others], kinds)
            for number, packet in enumerate(packets):
                if number >= skip and len(packet) and isinstance(packet, kinds):  # type: ignore[arg-type]
                    yield (at, high, last, number), packet
            skip = 0
            at += count * _WORD_BYTES
            high, last = int(state[0]), int(state[1])

    def _others(
        self, t: NDArray[np.int64], words: NDArray[np.uint32], kinds: tuple[type[object], ...]
    ) -> tuple[Triggers, ImuSamples]:
        """Triggers and IMU samples of words that are no event; what is neither is counted."""
        if not self.chip.davis:
            return Triggers(t, np.full(t.size, TriggerKind.EXTERNAL_PULSE, np.uint8)), _samples(
                t[:0], words[:0]
            )
        is_sample = (words & _SAMPLE) != 0
        is_imu = (words & _IMU) == _IMU
        grey = int(np.count_nonzero(is_sample & ~is_imu))
        if grey:
            self.remarks[GREY_WORDS] += grey
        edges = words[~is_sample] & 7
        kind = np.full(edges.size, TriggerKind.EXTERNAL_PULSE, np.uint8)
        kind[edges == 2] = TriggerKind.EXTERNAL_FALLING
        kind[edges == 3] = TriggerKind.EXTERNAL_RISING
        imu = words[is_imu]
        begins = _sample_begins(imu)
        alone = imu.size - _IMU_VALUES * begins.size
        if alone:
            self.remarks[LONE_IMU_WORDS] += alone
        places = begins[:, None] + np.arange(_IMU_VALUES)
        return Triggers(t[~is_sample], kind), _samples(t[is_imu][begins], imu[places].reshape(-1))


def _samples(t: NDArray[np.int64], words: NDArray[np.uint32]) -> ImuSamples:
    raw = ((words >> 12) & 0xFFFF).astype(np.uint16).view(np.int16).reshape(-1, _IMU_VALUES)
    values = raw.astype(np.float32)
    acceleration, rotation = values[:, :3] / np.float32(8192), values[:, 4:] / np.float32(65.5)
    return ImuSamples(t.copy(), acceleration, rotation, values[:, 3] / np.float32(340) + np.float32(35))


def _sample_begins(imu: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Where the values 0 to 6 follow each other."""
    code = (imu >> 28) & 7
    whole = np.ones(max(code.size - _IMU_VALUES + 1, 0), bool)
    for number in range(_IMU_VALUES):
        whole &= code[number : number + whole.size] == number
    return np.flatnonzero(whole)


def _before_split_sample(other: NDArray[np.uint32], other_at: NDArray[np.int64]) -> int | None:
    """The word with which an IMU sample begins that is not whole here; None where there is none."""
    imu = np.flatnonzero((other & _IMU) == _IMU)[-(_IMU_VALUES - 1) :]
    if not imu.size:
        return None
    code = ((other[imu] >> 28) & 7).tolist()
    if code[-1] == _IMU_VALUES - 1 or code[-1] >= len(code) or code[-1 - code[-1]] != 0:
        return None
    return int(other_at[imu[-1 - code[-1]]]) or None


def _recognises(head: bytes, path: Path) -> bool:
    return head.startswith(MAGIC)


FORMAT = Format("AEDAT2", (".aedat",), _recognises, Aedat2)
