"""MATLAB files of the event-lifetime data: a variable `events` with rows x, y, polarity (-1 or 1), t in µs.

Source: github.com/uzh-rpg/rpg_event_lifetime (Mueggler et al., "Lifetime estimation of events from dynamic
vision sensors", ICRA 2015), recorded with a DVS128. SciPy reads the whole variable at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eventsnn.errors import FormatError
from eventsnn.events import Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import Format, Reading
from eventsnn.formats.index import Place
from eventsnn.formats.raw_columns import events_of
from eventsnn.streams import Packet

DVS128 = Sensor(128, 128)

_STRETCH = 1 << 18
_MOST_DEFLATE_SAVES = 1032


class Matlab(EventFile):
    """A MATLAB file (version 5 to 7.2)."""

    format = "MATLAB"

    unit = "row"

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        self.sensor = reading.sensor or DVS128
        if reading.sensor is None:
            self.sensor_note = f"the file gives no sensor size; taken for a DVS128 ({DVS128})"
        rows = self._load()
        self.extent = len(rows)
        self._events = events_of(rows[:, 3], rows[:, 0], rows[:, 1], rows[:, 2], self.sensor, str(path))

    def _load(self) -> np.ndarray[Any, Any]:
        from scipy.io import loadmat, whosmat

        if self._file.read(10) != b"MATLAB 5.0":
            raise FormatError(f"{self.path} is a MATLAB 7.3 file, which is not read; save it with -v7")
        try:
            variables = {name: shape for name, shape, _ in whosmat(self._file)}
            shape = variables.get("events", ())
            if len(shape) != 2 or shape[1] != 4:
                found = ", ".join(f"{name} {size}" for name, size in variables.items()) or "nothing"
                raise FormatError(
                    f"{self.path} holds {found}; a variable events (N, 4) of x y p t is what is read"
                )
            # four values of at least one byte each: SciPy allocates what a damaged size asks for
            if 4 * shape[0] > _MOST_DEFLATE_SAVES * self._file.seek(0, 2):
                raise FormatError(f"{self.path} is damaged: it claims {shape[0]} events, more than fit in it")
            rows = np.asarray(loadmat(self._file, variable_names=["events"])["events"])
        except FormatError:
            raise
        except Exception as error:  # SciPy documents none and raises many kinds on damaged files
            raise FormatError(
                f"{self.path} is a damaged MATLAB file: {error or type(error).__name__}"
            ) from error
        if rows.dtype.kind not in "iuf":
            raise FormatError(f"{self.path}: events holds {rows.dtype}, not numbers")
        return rows

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        for start in range(0 if place is None else place[0], len(self._events), _STRETCH):
            yield (start,), self._events[start : start + _STRETCH]


def _recognises(head: bytes, path: Path) -> bool:
    return head.startswith(b"MATLAB ") and b"MAT-file" in head[:40]


FORMAT = Format("MATLAB", (".mat",), _recognises, Matlab)
