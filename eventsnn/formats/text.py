"""Plain text, one event a line: `t x y p`, as in the Event Camera Dataset and E2VID.

t is seconds where it is written with a point, else µs; p is 0/1 or -1/1; `#` begins a comment. A first
line of two numbers is the sensor's width and height. Sources: Mueggler et al., IJRR 2017 (events.txt);
github.com/uzh-rpg/rpg_e2vid (the size line).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import HEAD_BYTES, Format, Reading
from eventsnn.formats.index import Place
from eventsnn.formats.raw_columns import events_of
from eventsnn.streams import Packet

_BLOCK_BYTES = 1 << 21
_LONGEST_LINE = 1 << 12


class Text(EventFile):
    """A text file of events, read block by block.

    Where neither the caller nor the file gives the sensor's size, the whole file is read once more for
    its largest coordinates; `sensor_note` says so.
    """

    format = "text"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        self._begin, self._lines_before, size = self._preamble()
        self._seconds = self._in_seconds()
        given = reading.sensor or size
        self.sensor = given or self._largest()
        if given is None:
            self.sensor_note = f"the file gives no sensor size; {self.sensor} is its largest coordinates + 1"

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        if Events not in kinds:
            return
        for at, number, rows in self._rows(place):
            t = np.rint(rows[:, 0] * 1e6) if self._seconds else rows[:, 0]
            where = f"{self.path}: lines from {number}"
            events = events_of(t, rows[:, 1], rows[:, 2], rows[:, 3], self.sensor, where)
            yield (at, number), events

    def _preamble(self) -> tuple[int, int, Sensor | None]:
        """(byte where events begin, lines before it, sensor size where a line gives it)."""
        lines, at = 0, 0
        while line := self._file.readline(_LONGEST_LINE):
            words = line.split(b"#")[0].split()
            if len(words) not in (0, 2):
                break
            lines, at = lines + 1, at + len(line)
            if len(words) == 2:
                try:
                    return at, lines, Sensor(int(words[0]), int(words[1]))
                except (ShapeError, ValueError) as error:
                    raise FormatError(f"{self.path}: line {lines} is no sensor size: {error}") from error
        return at, lines, None

    def _in_seconds(self) -> bool:
        _, _, lines = next(self._blocks(None), (0, 0, []))
        rows = (line.split(b"#")[0].split(maxsplit=1) for line in lines)
        return any(set(words[0]) & set(b".eE") for words in rows if words)

    def _largest(self) -> Sensor:
        width = height = 0
        try:
            for _, _, rows in self._rows(None):
                width, height = max(width, int(rows[:, 1].max()) + 1), max(height, int(rows[:, 2].max()) + 1)
            return Sensor(width, height)
        except ShapeError as error:
            raise FormatError(f"{self.path} has impossible coordinates: {error}") from error
        except FormatError:
            # reading will tell where the damage is, after what is whole
            if width < 1 or height < 1:
                raise
            return Sensor(width, height)

    def _blocks(self, place: Place | None) -> Iterator[tuple[int, int, list[bytes]]]:
        """(byte, number of the first line, lines) of one block after another."""
        at, number = (self._begin, self._lines_before + 1) if place is None else place
        while True:
            self._file.seek(at)
            block = self._file.read(_BLOCK_BYTES) + self._file.readline(_LONGEST_LINE)
            if not block:
                return
            lines = block.splitlines()
            yield at, number, lines
            at += len(block)
            number += len(lines)

    def _rows(self, place: Place | None) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
        """(byte, number of the first line, (N, 4) t x y p) of one block after another."""
        for at, number, lines in self._blocks(place):
            good = _parse(lines)
            if good is not None:
                if good.size:
                    yield at, number, good
                continue
            bad = next(i for i, line in enumerate(lines) if _parse([line]) is None)
            before = _parse(lines[:bad])
            if before is not None and before.size:
                yield at, number, before
            seen = lines[bad][:40].decode("ascii", "backslashreplace")
            raise FormatError(f"{self.path}: line {number + bad} is not `t x y p`: {seen!r}")


def _parse(lines: list[bytes]) -> NDArray[np.float64] | None:
    """The (N, 4) numbers of these lines; None where one of them is something else."""
    if not any(line.split(b"#")[0].strip() for line in lines):
        return np.empty((0, 4))
    try:
        rows: NDArray[Any] = np.loadtxt(lines, np.float64, ndmin=2)
    except (ValueError, UnicodeDecodeError):
        return None
    return rows if rows.shape[1] == 4 and np.isfinite(rows).all() else None


def _recognises(head: bytes, path: Path) -> bool:
    lines = head.splitlines()
    if len(head) == HEAD_BYTES:
        lines = lines[:-1]  # cut off where the head ends
    rows = [words for line in lines if (words := line.split(b"#")[0].split())]
    events = rows[1:] if rows and len(rows[0]) == 2 else rows
    try:
        return (
            bool(rows) and head.isascii() and all(len([float(word) for word in row]) == 4 for row in events)
        )
    except ValueError:
        return False


FORMAT = Format("text (t x y p)", (".txt",), _recognises, Text)
