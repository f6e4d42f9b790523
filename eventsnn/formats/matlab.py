"""MATLAB files of the event-lifetime data: a variable `events` with rows x, y, polarity (-1 or 1), t in µs.

Source: github.com/uzh-rpg/rpg_event_lifetime (Mueggler et al., "Lifetime estimation of events from dynamic
vision sensors", ICRA 2015), recorded with a DVS128. SciPy reads the whole variable at once.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from eventsnn.errors import FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile, Format
from eventsnn.streams import Packet

DVS128 = Sensor(128, 128)

_STRETCH = 1 << 18
_MOST_DEFLATE_SAVES = 1032


class Matlab(EventFile):
    """A MATLAB file (version 5 to 7.2)."""

    format = "MATLAB"

    def __init__(self, file: BinaryIO, path: Path, sensor: Sensor | None) -> None:
        super().__init__(file, path)
        self.sensor = sensor or DVS128
        if sensor is None:
            self.sensor_note = f"the file gives no sensor size; taken for a DVS128 ({DVS128})"
        rows = self._load()
        try:
            self._events = Events.checked(rows[:, 3], rows[:, 0], rows[:, 1], rows[:, 2], self.sensor)
        except ShapeError as error:
            raise FormatError(f"{path}: {error}") from error

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

    def _read(self, kinds: tuple[type[object], ...]) -> Iterator[Packet]:
        if Events not in kinds:
            return
        for start in range(0, len(self._events), _STRETCH):
            yield self._events[start : start + _STRETCH]


def _recognises(head: bytes) -> bool:
    return head.startswith(b"MATLAB ") and b"MAT-file" in head[:40]


def _encode(events: Events) -> bytes:
    from scipy.io import savemat

    sign = np.where(events.p, 1, -1)
    content = io.BytesIO()
    savemat(content, {"events": np.stack([events.x, events.y, sign, events.t], axis=1)}, do_compression=True)
    return content.getvalue()


FORMAT = Format("MATLAB", (".mat",), _recognises, Matlab, _encode)
