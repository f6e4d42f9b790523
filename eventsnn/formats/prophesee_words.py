"""The words of Prophesee's three event encodings, decoded piece by piece; for RAW files and ROS messages."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError
from eventsnn.events import Events, Sensor
from eventsnn.streams import Triggers

WORDS: dict[str, np.dtype[Any]] = {
    "EVT2": np.dtype("<u4"),
    "EVT21": np.dtype("<u8"),
    "EVT3": np.dtype("<u2"),
}
"""The words of each encoding."""

COUNTED = ("words of an unknown type", "time wraps", "events before the first time, left out")
"""What decoders count, as remarks of an `EventFile`."""

STRETCH = 1 << 17
"""Events decoded at once."""
_STRETCH_TRIGGERS = 1 << 12
_MOST_PER_WORD = {"EVT2": 1, "EVT21": 32, "EVT3": 12}


class WordDecoder:
    """Turns words into events and triggers; remembers between calls what the encoding makes it remember.

    Args:
        encoding: one of `WORDS`.
        sensor: the pixel array of the events, which are not checked against it.
    """

    def __init__(self, encoding: str, sensor: Sensor) -> None:
        if encoding not in WORDS:
            raise FormatError(f"the encoding {encoding} is not known; known are {', '.join(WORDS)}")
        from eventsnn.kernels.expand import ROOM

        kernel = import_module(f"eventsnn.kernels.{encoding.lower()}")
        self._decode = getattr(kernel, f"decode_{encoding.lower()}")
        self._room = ROOM
        self._most_per_word = _MOST_PER_WORD[encoding]
        self.dtype = WORDS[encoding]
        self.sensor = sensor
        self._state = np.array(kernel.STATE, np.int64)
        self._counts = np.zeros(len(COUNTED), np.int64)

    @property
    def state(self) -> tuple[int, ...]:
        """All that is remembered; may be set, to go on elsewhere."""
        return tuple(int(number) for number in self._state)

    @state.setter
    def state(self, state: tuple[int, ...]) -> None:
        self._state[:] = state

    def decode(self, words: NDArray[Any]) -> tuple[int, Events, Triggers]:
        """Decode the first words, at most some `STRETCH` events of them.

        Args:
            words: (N,) of `dtype`.
        Returns: how many words were used (call again with the rest), events and triggers; both in the
            order of the words, so that their times may step back.
        """
        room = min(STRETCH, words.size * self._most_per_word) + self._room
        t = np.empty(room, np.int64)
        x, y, p = np.empty(room, np.uint16), np.empty(room, np.uint16), np.empty(room, np.bool_)
        marks = min(_STRETCH_TRIGGERS, words.size)
        mark_t, kind, line = np.empty(marks, np.int64), np.empty(marks, np.uint8), np.empty(marks, np.uint8)
        used, events, triggers = self._decode(
            words, self._state, self._counts, t, x, y, p, mark_t, kind, line
        )
        return (
            used,
            Events(t[:events], x[:events], y[:events], p[:events], self.sensor),
            Triggers(mark_t[:triggers], kind[:triggers], line[:triggers]),
        )

    def take_counts(self, remarks: Counter[str]) -> None:
        """Add what was odd since the last call to the remarks of a file.

        Args:
            remarks: added to.
        """
        for name, number in zip(COUNTED, self._counts.tolist(), strict=True):
            if number:
                remarks[name] += number
        self._counts[:] = 0
