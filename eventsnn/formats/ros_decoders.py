"""From the events of many ROS messages to stretches, and the places between them.

A place is where a message lies (two numbers), how many of its events (or words) come before, whether the
triggers of the stretch were given before its events, and what the decoder remembers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.formats.index import Place
from eventsnn.formats.prophesee_words import WordDecoder
from eventsnn.formats.ros_messages import DVS, EventMessage
from eventsnn.streams import Packet

_STRETCH_BYTES = 1 << 20
"""Bytes of payload decoded at once."""
_UNKNOWN_WORDS = "words of an unknown type"


class Topic(NamedTuple):
    """One topic of a recording.

    Args:
        name: such as "/dvs/events".
        kind: type of its messages, "package/Name".
        cdr: whether they are CDR (ROS 2), not ROS 1.
    """

    name: str
    kind: str
    cdr: bool


class Message(NamedTuple):
    """One message and where it lies.

    Args:
        at: position in the file's `unit` of what holds it.
        inside: position inside of that.
        topic: its topic.
        data: its bytes.
    """

    at: int
    inside: int
    topic: Topic
    data: memoryview


@dataclass(slots=True)
class _Piece:
    """The events (or words) of a message from number `first` on, which are still to be decoded."""

    message: Message
    events: EventMessage
    first: int

    @property
    def left(self) -> int:
        return self.events.records.size - self.first

    @property
    def place(self) -> tuple[int, int, int]:
        return self.message.at, self.message.inside, self.first


class Decoder(ABC):
    """Takes the event messages of one topic, gives stretches of events of bounded size.

    Args:
        sensor: of the events, which are not checked against it.
        remarks: where what is odd is counted.
    """

    state: tuple[int, ...]
    """All that is remembered between stretches, beside what was taken and is not decoded yet."""

    def __init__(self, sensor: Sensor, remarks: Counter[str]) -> None:
        self._sensor = sensor
        self._remarks = remarks
        self._pieces: deque[_Piece] = deque()
        self._bytes = 0
        self._triggers_given = False

    def go_on(self, rest: Place) -> None:
        """Be as at a place, before the message there is taken.

        Args:
            rest: the place without its first three numbers.
        """
        self._triggers_given = bool(rest[0])
        self.state = rest[1:]

    def take(self, message: Message, events: EventMessage, first: int) -> None:
        """Take a message.

        Args:
            message: it.
            events: what it holds.
            first: number of the first event (or word) wanted.
        """
        piece = _Piece(message, events, first)
        if piece.left > 0:
            self._pieces.append(piece)
            self._bytes += piece.left * events.records.itemsize

    def full_stretches(self) -> Iterator[tuple[Place, Packet]]:
        """Decode what was taken as long as it makes stretches of full size."""
        while self._bytes >= _STRETCH_BYTES:
            yield from self._stretch()
            self._triggers_given = False

    def all_stretches(self) -> Iterator[tuple[Place, Packet]]:
        """Decode all that was taken."""
        while self._pieces:
            yield from self._stretch()
            self._triggers_given = False

    @abstractmethod
    def _stretch(self) -> Iterator[tuple[Place, Packet]]:
        """Decode one stretch; it depends on where it begins and on nothing else."""

    def _drop(self, count: int) -> None:
        """Forget the first events (or words) of the first message."""
        piece = self._pieces[0]
        piece.first += count
        self._bytes -= count * piece.events.records.itemsize
        if not piece.left:
            self._pieces.popleft()


class _Records(Decoder):
    """Decodes encodings in which each message has its own time."""

    def __init__(self, encoding: str, sensor: Sensor, remarks: Counter[str]) -> None:
        from eventsnn.kernels import ros_events

        super().__init__(sensor, remarks)
        self._kernel = {
            DVS: ros_events.decode_dvs,
            "libcaer": ros_events.decode_libcaer,
            "libcaer_cmp": ros_events.decode_libcaer_compressed,
            "mono": ros_events.decode_mono,
        }[encoding]
        self._most = 8 if encoding == "libcaer_cmp" else 1
        self._state = np.array(ros_events.STATE, np.int64)

    @property
    def state(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self._state)

    @state.setter
    def state(self, state: tuple[int, ...]) -> None:
        self._state[:] = state

    def _stretch(self) -> Iterator[tuple[Place, Packet]]:
        here = (*self._pieces[0].place, 0, *self.state)
        size = self._pieces[0].events.records.itemsize
        left = _STRETCH_BYTES // size
        room = self._most * min(left, self._bytes // size)
        t, x, y = np.empty(room, np.int64), np.empty(room, np.uint16), np.empty(room, np.uint16)
        p = np.empty(room, np.bool_)
        done = 0
        while left and self._pieces:
            first, events = self._pieces[0].first, self._pieces[0].events
            count = min(left, self._pieces[0].left)
            found = self._kernel(
                events.records[first : first + count], first == 0, events.base_ns, self._state,
                t[done:], x[done:], y[done:], p[done:],
            )  # fmt: skip
            if first == 0 and events.first is not None:
                x[done], y[done] = events.first
            done += found
            left -= count
            self._drop(count)
        if self._state[4]:
            self._remarks[_UNKNOWN_WORDS] += int(self._state[4])
            self._state[4] = 0
        if done:
            yield here, Events(t[:done], x[:done], y[:done], p[:done], self._sensor)


class _Evt3(Decoder):
    """Decodes EVT 3.0, whose words go on from one message to the next."""

    def __init__(self, sensor: Sensor, remarks: Counter[str]) -> None:
        super().__init__(sensor, remarks)
        self._decoder = WordDecoder("EVT3", sensor)

    @property
    def state(self) -> tuple[int, ...]:
        return self._decoder.state

    @state.setter
    def state(self, state: tuple[int, ...]) -> None:
        self._decoder.state = state

    def _stretch(self) -> Iterator[tuple[Place, Packet]]:
        here, state = self._pieces[0].place, self.state
        used, events, triggers = self._decoder.decode(self._words())
        self._decoder.take_counts(self._remarks)
        while used:
            count = min(used, self._pieces[0].left)
            self._drop(count)
            used -= count
        if len(triggers) and not self._triggers_given:
            yield (*here, 0, *state), triggers
        if len(events):
            yield (*here, 1, *state), events

    def _words(self) -> NDArray[Any]:
        """What was taken, as much as makes a stretch."""
        parts, room = [], _STRETCH_BYTES // 2
        for piece in self._pieces:
            parts.append(piece.events.records["word"][piece.first : piece.first + room])
            room -= parts[-1].size
            if not room:
                break
        # one alignment, whatever the messages have
        return np.concatenate(parts)


def decoder_of(encoding: str, sensor: Sensor, remarks: Counter[str]) -> Decoder:
    """The decoder of an encoding.

    Args:
        encoding: as `EventMessage.encoding`.
        sensor: of the events.
        remarks: where what is odd is counted.
    """
    return _Evt3(sensor, remarks) if encoding == "evt3" else _Records(encoding, sensor, remarks)
