"""What ROS 1 bags, ROS 2 databases and MCAP files have in common: topics of messages, some with events.

Events come from event_camera_msgs/EventPacket and event_array_msgs/EventArray (encodings evt3, libcaer,
libcaer_cmp, mono), dvs_msgs/EventArray and prophesee_event_msgs/EventArray. With evt3 their time is that of
the sensor, µs; with all others that of ROS, ns cut off to µs. Frames and IMU samples have the ROS time of
their header, so beside evt3 they run on another clock. Source of the encodings:
github.com/ros-event-camera/event_camera_codecs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path

from eventsnn.errors import FormatError, ShapeError, unknown_name
from eventsnn.events import Sensor
from eventsnn.formats.event_file import EventFile
from eventsnn.formats.format import Reading
from eventsnn.formats.index import Place
from eventsnn.formats.ros_decoders import Message, Topic, decoder_of
from eventsnn.formats.ros_messages import (
    ARRAYS,
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
        decoder = decoder_of(self._encoding, self.sensor, self.remarks)
        at, inside, first = (0, 0, 0) if place is None else place[:3]
        if place is not None:
            decoder.go_on(place[3:])
        # All kinds end a stretch of events, wanted or not, so that places mean the same in every reading.
        topics = {topic for topic in (self._topic, self._images, self._imu) if topic is not None}
        try:
            for message in self._messages(topics, at, inside):
                if message.topic == self._topic:
                    decoder.take(message, self._checked(message), first)
                    first = 0
                    yield from decoder.full_stretches()
                    continue
                yield from decoder.all_stretches()
                other = self._other(kinds, message)
                if other is not None:
                    yield (message.at, message.inside, 0, 0, *decoder.state), other
        except FormatError:
            yield from decoder.all_stretches()
            raise
        yield from decoder.all_stretches()

    def _checked(self, message: Message) -> EventMessage:
        events = self._events_of(message)
        if events.encoding != self._encoding:
            raise self._wrong(message, f"its encoding is {events.encoding}, before it was {self._encoding}")
        if events.rest:
            self.remarks["bytes of a cut-off last event"] += events.rest
        return events

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


def _common(name: str, other: str) -> int:
    """How many parts of two topic names are equal from the begin."""
    count = 0
    for one, two in zip(name.strip("/").split("/"), other.strip("/").split("/"), strict=False):
        if one != two:
            break
        count += 1
    return count
