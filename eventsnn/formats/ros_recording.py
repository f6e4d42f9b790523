"""What ROS 1 bags, ROS 2 databases and MCAP files have in common: topics of messages, some with events.

Events come from event_camera_msgs/EventPacket and event_array_msgs/EventArray (encodings evt3, libcaer,
libcaer_cmp, mono), dvs_msgs/EventArray and prophesee_event_msgs/EventArray. With evt3 their time is that of
the sensor, µs; with all others that of ROS, ns cut off to µs. Frames and IMU samples have the ROS time of
their header, so beside evt3 they run on another clock. Source of the encodings:
github.com/ros-event-camera/event_camera_codecs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError, ShapeError, unknown_name
from eventsnn.events import Events, Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import Reading
from eventsnn.formats.index import Place
from eventsnn.formats.prophesee_words import WordDecoder
from eventsnn.formats.ros_messages import (
    ARRAYS,
    DVS,
    IMAGE,
    IMU,
    PACKETS,
    EventMessage,
    event_message,
    frame,
    imu_samples,
)
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Packet

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
        at: position in `unit` of what holds it.
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
    """A part of a message's events that is still to be decoded, as numbers of events (or words)."""

    message: Message
    events: EventMessage
    first: int


class RosRecording(EventFile):
    """A ROS recording; a container gives `_find_topics` and `_messages`.

    Of several topics with events the first is read unless `Reading.stream` names one; frames and IMU samples
    come from the topics whose names are nearest to it.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path, reading)
        try:
            self._choose(self._find_topics(), reading.stream)
            first = self._first_message()
            self._encoding = first.encoding
            own = None
            if reading.sensor is None:
                try:
                    own = Sensor(first.width, first.height)
                except ShapeError as error:
                    message = f"{path}: {self._topic.name} does not say its sensor's size ({error}); give one"
                    raise FormatError(message) from error
            self.sensor = reading.sensor or own or Sensor(1, 1)
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _find_topics(self) -> list[Topic]:
        """Every topic, in the order of the file.

        Raises: FormatError: damage that hides them.
        """

    @abstractmethod
    def _messages(self, topics: set[Topic], at: int, inside: int) -> Iterator[Message]:
        """Messages of these topics from a place on; (0, 0) is the begin.

        Raises: FormatError: damage, with its position, after everything whole before it was delivered.
        """

    def _choose(self, topics: list[Topic], stream: str | None) -> None:
        with_events = [topic for topic in topics if topic.kind in PACKETS | ARRAYS]
        if not with_events:
            kinds = ", ".join(sorted({topic.kind for topic in topics})) or "none at all"
            raise FormatError(f"{self.path} has no topic with events; its messages are {kinds}")
        self.streams = tuple(topic.name for topic in with_events)
        if stream is not None and stream not in self.streams:
            raise unknown_name("event stream", stream, self.streams)
        name = self.streams[0] if stream is None else stream
        self._topic = with_events[self.streams.index(name)]

        def near(kind: str) -> Topic | None:
            candidates = [topic for topic in topics if topic.kind == kind]
            return max(candidates, key=lambda topic: _common(topic.name, name), default=None)

        self._images, self._imu = near(IMAGE), near(IMU)

    def _first_message(self) -> EventMessage:
        for message in self._messages({self._topic}, 0, 0):
            return self._events_of(message)
        raise FormatError(f"{self.path}: the topic {self._topic.name} holds no message")

    def _events_of(self, message: Message) -> EventMessage:
        try:
            return event_message(message.data, message.topic.kind, message.topic.cdr)
        except FormatError as error:
            raise self._wrong(message, error) from error

    def _wrong(self, message: Message, error: object) -> FormatError:
        inside = f" (byte {message.inside} inside)" if message.inside else ""
        place = f"{self.unit} {message.at}{inside}"
        return FormatError(f"{self.path}: the message of {message.topic.name} at {place}: {error}")

    def _read(self, kinds: tuple[type[object], ...], place: Place | None) -> Iterator[tuple[Place, Packet]]:
        decoder = _Evt3(self) if self._encoding == "evt3" else _Records(self, self._encoding)
        at, inside, begin, resumed = (0, 0, 0, 0) if place is None else place[:4]
        if place is not None:
            decoder.state = place[4:]
        # All kinds end a stretch of events, wanted or not, so that places mean the same in every reading.
        topics = {topic for topic in (self._topic, self._images, self._imu) if topic is not None}
        try:
            for message in self._messages(topics, at, inside):
                if message.topic == self._topic:
                    decoder.take(self._checked(message), begin)
                    begin = 0
                    while decoder.full:
                        yield from decoder.stretch(resumed)
                        resumed = 0
                    continue
                while decoder.pieces:
                    yield from decoder.stretch(resumed)
                    resumed = 0
                other = self._other(kinds, message)
                if other is not None:
                    yield (message.at, message.inside, 0, 0, *decoder.state), other
        except FormatError:
            while decoder.pieces:
                yield from decoder.stretch(resumed)
                resumed = 0
            raise
        while decoder.pieces:
            yield from decoder.stretch(resumed)
            resumed = 0

    def _checked(self, message: Message) -> tuple[Message, EventMessage]:
        events = self._events_of(message)
        if events.encoding != self._encoding:
            raise self._wrong(message, f"its encoding is {events.encoding}, before it was {self._encoding}")
        if events.rest:
            self.remarks["bytes of a cut-off last event"] += events.rest
        return message, events

    def _other(self, kinds: tuple[type[object], ...], message: Message) -> Packet | None:
        try:
            if message.topic == self._imu:
                return imu_samples(message.data, message.topic.cdr) if ImuSamples in kinds else None
            found = frame(message.data, message.topic.cdr) if Frame in kinds else None
        except FormatError as error:
            raise self._wrong(message, error) from error
        if isinstance(found, str):
            self.remarks[f"pictures with the pixel layout {found}, left out"] += 1
            return None
        return found


class _Records:
    """Decodes encodings in which each message stands for itself, into stretches."""

    def __init__(self, recording: RosRecording, encoding: str) -> None:
        from eventsnn.kernels import ros_events

        self._kernel = {
            DVS: ros_events.decode_dvs,
            "libcaer": ros_events.decode_libcaer,
            "libcaer_cmp": ros_events.decode_libcaer_compressed,
            "mono": ros_events.decode_mono,
        }[encoding]
        self._most = 8 if encoding == "libcaer_cmp" else 1
        self._recording = recording
        self._state = np.array(ros_events.STATE, np.int64)
        self.pieces: deque[_Piece] = deque()
        self._bytes = 0

    @property
    def state(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self._state)

    @state.setter
    def state(self, state: tuple[int, ...]) -> None:
        self._state[:] = state

    @property
    def full(self) -> bool:
        """Whether a stretch of full size can be decoded."""
        return self._bytes >= _STRETCH_BYTES

    def take(self, taken: tuple[Message, EventMessage], first: int) -> None:
        """Take the events of a message from number `first` on."""
        message, events = taken
        if first < events.records.size:
            self.pieces.append(_Piece(message, events, first))
            self._bytes += events.records[first:].nbytes

    def stretch(self, resumed: int) -> Iterator[tuple[Place, Packet]]:
        """Decode what was taken, one stretch of it; `resumed` is the fourth number of its place."""
        taken, room = [], _STRETCH_BYTES
        while self.pieces and (count := room // self.pieces[0].events.records.itemsize):
            piece = self.pieces[0]
            last = min(piece.events.records.size, piece.first + count)
            size = piece.events.records[piece.first : last].nbytes
            room -= size
            self._bytes -= size
            taken.append((piece, piece.first, last))
            if last < piece.events.records.size:
                # a new one: the old is still to be decoded from its own begin
                self.pieces[0] = _Piece(piece.message, piece.events, last)
                break
            self.pieces.popleft()
        yield from self._decode(taken)

    def _decode(self, taken: list[tuple[_Piece, int, int]]) -> Iterator[tuple[Place, Packet]]:
        here = (taken[0][0].message.at, taken[0][0].message.inside, taken[0][1], 0, *self.state)
        room = self._most * sum(last - first for _, first, last in taken)
        t, x, y = np.empty(room, np.int64), np.empty(room, np.uint16), np.empty(room, np.uint16)
        p = np.empty(room, np.bool_)
        done = 0
        for piece, first, last in taken:
            events = piece.events
            count = self._kernel(
                events.records[first:last], first == 0, events.base_ns, self._state,
                t[done:], x[done:], y[done:], p[done:],
            )  # fmt: skip
            if first == 0 and events.first is not None:
                x[done], y[done] = events.first
            done += count
        if self._state[4]:
            self._recording.remarks[_UNKNOWN_WORDS] += int(self._state[4])
            self._state[4] = 0
        if done:
            yield here, Events(t[:done], x[:done], y[:done], p[:done], self._recording.sensor)


class _Evt3(_Records):
    """Decodes EVT 3.0, whose words go on from one message to the next."""

    def __init__(self, recording: RosRecording) -> None:
        self._recording = recording
        self._decoder = WordDecoder("EVT3", recording.sensor)
        self.pieces = deque()
        self._bytes = 0

    @property
    def state(self) -> tuple[int, ...]:
        return self._decoder.state

    @state.setter
    def state(self, state: tuple[int, ...]) -> None:
        self._decoder.state = state

    def stretch(self, resumed: int) -> Iterator[tuple[Place, Packet]]:
        first = self.pieces[0]
        here, state = (first.message.at, first.message.inside, first.first), self.state
        used, events, triggers = self._decoder.decode(self._words())
        self._decoder.take_counts(self._recording.remarks)
        self._drop(used)
        # The fourth number of a place is 1 where the triggers of the stretch have been given before.
        if len(triggers) and not resumed:
            yield (*here, 0, *state), triggers
        if len(events):
            yield (*here, 1, *state), events

    def _words(self) -> NDArray[Any]:
        """What was taken, as much as one stretch; all that is left where it is less."""
        parts, room = [], _STRETCH_BYTES // 2
        for piece in self.pieces:
            parts.append(piece.events.records["word"][piece.first : piece.first + room])
            room -= parts[-1].size
            if not room:
                break
        # one alignment, whatever the messages have
        return np.concatenate(parts)

    def _drop(self, used: int) -> None:
        self._bytes -= 2 * used
        while used:
            piece = self.pieces[0]
            left = piece.events.records.size - piece.first
            if used < left:
                piece.first += used
                return
            used -= left
            self.pieces.popleft()


def _common(name: str, other: str) -> int:
    """How many parts of two topic names are equal from the begin."""
    count = 0
    for one, two in zip(name.strip("/").split("/"), other.strip("/").split("/"), strict=False):
        if one != two:
            break
        count += 1
    return count
