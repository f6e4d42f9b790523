"""N-MNIST and N-Caltech101 `.bin`: five big-endian bytes an event, x, y, then p (1 bit) and t (23 bits, µs).

An event in line 240 is none: it says that the time counter overflowed, and adds 2**13 µs to every event
after it. The content has no mark of its own; a file counts as one where its name ends in `.bin` and the
times at its begin ascend. Source: Orchard et al., "Converting static image datasets to spiking neuromorphic
datasets using saccades", Frontiers in Neuroscience 2015, and the readers published with it.
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
from eventsnn.streams import Packet

_EVENT_BYTES = 5
_STRETCH = 1 << 17
_KNOWN = (Sensor(34, 34), Sensor(240, 180))
_LARGEST = Sensor(256, 256)
_MOST_US = 1 << 35
_MOST_STEPS_BACK = 2
_LONGEST_GAP_US = 1_000_000


class NMnist(EventFile):
    """An N-MNIST or N-Caltech101 file.

    It says nothing about the sensor: without `Reading.sensor` it is that of N-MNIST (34x34) or of
    N-Caltech101 (240x180) where all events lie on it, else the largest coordinates; `sensor_note` says which.
    """

    format = "N-MNIST"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        self.sensor = reading.sensor or _LARGEST
        if reading.sensor is None:
            largest = self.index().largest
            if largest is None:
                self.close()
                raise FormatError(f"{path} holds no event, so its sensor's size is unknown; give one")
            x, y = largest
            fitting = (sensor for sensor in _KNOWN if x < sensor.width and y < sensor.height)
            self.sensor = next(fitting, Sensor(x + 1, y + 1))
            found = "the dataset's that holds" if self.sensor in _KNOWN else "made from"
            self.sensor_note = (
                f"the format gives no sensor size; {self.sensor} is {found} the largest "
                f"coordinates ({x}, {y})"
            )

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        from eventsnn.kernels.nmnist import decode_words

        if Events not in kinds:
            return
        at, shift_us, before_us = place or (0, 0, 0)
        state = np.array([shift_us, before_us, 0], np.int64)
        while block := self._bytes(at, _STRETCH * _EVENT_BYTES):
            room = len(block) // _EVENT_BYTES
            here = (at, int(state[0]), int(state[1]))
            t, x, y = np.empty(room, np.int64), np.empty(room, np.uint16), np.empty(room, np.uint16)
            p = np.empty(room, np.bool_)
            data = np.frombuffer(block, np.uint8, room * _EVENT_BYTES)
            count = decode_words(data, state, t, x, y, p)
            if room > count:
                self.remarks["overflow marks of the time counter"] += room - count
            if state[2]:
                self.remarks["time wraps"] += int(state[2])
                state[2] = 0
            if count:
                yield here, Events(t[:count], x[:count], y[:count], p[:count], self.sensor)
            rest = len(block) - data.size
            if rest:
                self.remarks["bytes of a cut-off last event"] += rest
            at += len(block)


class NMnistWriter(EventWriter):
    """Writes the five bytes, and overflow marks where time leaves the counter; up to 2**35 µs (9.5 h)."""

    def __init__(self, path: Path, sensor: Sensor, writing: Writing) -> None:
        super().__init__(path, sensor)
        self._file = self.part.open("wb")
        self._shift_us = 0

    def _write(self, packet: Packet) -> None:
        from eventsnn.kernels.nmnist import OVERFLOW_LINE, OVERFLOW_US, encode_words

        assert isinstance(packet, Events)
        if packet.t[0] < 0 or packet.t[-1] >= _MOST_US:
            bad = packet.t[0] if packet.t[0] < 0 else packet.t[-1]
            raise StorageError(
                f"{self.path}: N-MNIST holds times of 0 to {_MOST_US - 1} µs, not {bad}; "
                "shift them (--filter time-shift:offset_us=...)"
            )
        wrong = (packet.x > 255) | (packet.y > 255) | (packet.y == OVERFLOW_LINE)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise StorageError(
                f"{self.path}: N-MNIST holds x and y up to 255 and not y = {OVERFLOW_LINE}, which marks an "
                f"overflow; an event lies at ({packet.x[at]}, {packet.y[at]}): "
                "crop or downsample first (--filter region:... or downsample:...)"
            )
        for begin in range(0, len(packet), _STRETCH):
            piece = packet[begin : begin + _STRETCH]
            marks = max(0, int(piece.t[-1]) - self._shift_us) // OVERFLOW_US + 1
            data = np.empty(_EVENT_BYTES * (len(piece) + marks), np.uint8)
            used, self._shift_us = encode_words(piece.t, piece.x, piece.y, piece.p, self._shift_us, data)
            self._file.write(data[:used].data)

    def _finish(self) -> None:
        self._file.close()

    def _release(self) -> None:
        self._file.close()


def _recognises(head: bytes, path: Path) -> bool:
    count = len(head) // _EVENT_BYTES
    if path.suffix.lower() != ".bin" or not count:
        return False
    words = np.frombuffer(head, np.uint8, count * _EVENT_BYTES).reshape(count, _EVENT_BYTES).astype(np.int64)
    words = words[words[:, 1] != 240]
    step = np.diff((words[:, 2] & 127) << 16 | words[:, 3] << 8 | words[:, 4])
    return int(((step < 0) | (step > _LONGEST_GAP_US)).sum()) <= _MOST_STEPS_BACK


FORMAT = Format("N-MNIST", (".bin",), _recognises, NMnist, NMnistWriter, default_for=(".bin",), guessed=True)
