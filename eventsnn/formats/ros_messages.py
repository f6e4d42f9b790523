"""The fields of ROS messages that hold events, pictures or inertial measurements; ROS 1 bytes and CDR.

Sources: the message definitions of event_camera_msgs, event_array_msgs, dvs_msgs, prophesee_event_msgs and
sensor_msgs; OMG's DDSI-RTPS 2.3, section 10 (CDR). Times are ns there, and cut off to µs here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples

PACKETS = frozenset({"event_camera_msgs/EventPacket", "event_array_msgs/EventArray"})
"""Message types whose events are encoded as they say."""

ARRAYS = frozenset({"dvs_msgs/EventArray", "prophesee_event_msgs/EventArray"})
"""Message types that hold one event after the other."""

IMAGE = "sensor_msgs/Image"
IMU = "sensor_msgs/Imu"

DVS = "dvs"
"""Our name for the encoding of `ARRAYS`."""

_DVS_NAMES = ["x", "y", "seconds", "ns", "p"]
_DVS_KINDS = ["<u2", "<u2", "<u4", "<u4", "u1"]
_ROS1_DVS = np.dtype({"names": _DVS_NAMES, "formats": _DVS_KINDS, "offsets": [0, 2, 4, 8, 12]})
# CDR pads each event, so that x and y lie behind the event before; only the first is another case
_CDR_DVS = np.dtype({"names": _DVS_NAMES, "formats": _DVS_KINDS, "offsets": [1, 3, 7, 11, 15]})
_TWO_WORDS = np.dtype([("low", "<u4"), ("high", "<u4")])
_WORD = np.dtype([("word", "<u2")])

RECORDS = {"evt3": _WORD, "libcaer": _TWO_WORDS, "libcaer_cmp": _WORD, "mono": _TWO_WORDS}
"""What the payload of `PACKETS` consists of, by its encoding."""

_GRAVITY = 9.80665
_LATEST_NS = 1 << 62
_PIXELS = {
    "mono8": ("<u1", 1), "8UC1": ("<u1", 1), "mono16": ("<u2", 1), "16UC1": ("<u2", 1),
    "rgb8": ("<u1", 3), "bgr8": ("<u1", 3), "8UC3": ("<u1", 3),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message of events, not decoded yet.

    Args:
        width: of the sensor, px; 0 where the message does not say.
        height: of the sensor, px.
        encoding: of the payload.
        base_ns: added to the times of the payload, ns.
        records: (N,) the events (or words), as one of the kinds below.
        rest: bytes after the last whole one.
        first: x and y of the first event, where they are not in its record.
    """

    width: int
    height: int
    encoding: str
    base_ns: int
    records: NDArray[Any]
    rest: int = 0
    first: tuple[int, int] | None = None


class _Fields:
    """Takes the fields of a serialised message one by one."""

    def __init__(self, data: memoryview, cdr: bool) -> None:
        self._data = data
        self._cdr = cdr
        self._begin = self._at = 0
        if cdr:
            kind = bytes(data[:2])
            if kind != b"\x00\x01":
                raise FormatError(f"it is CDR of the kind 0x{kind.hex()}, only little-endian 0x0001 is read")
            self._begin = self._at = 4

    def numbers(self, kinds: str) -> tuple[int, ...]:
        """Numbers of these `struct` kinds, each aligned to its size in CDR."""
        return tuple(self._number(kind) for kind in kinds)

    def doubles(self, count: int) -> tuple[float, ...]:
        self._align(8)
        return struct.unpack_from(f"<{count}d", self._take(8 * count))

    def text(self) -> str:
        (size,) = self.numbers("I")
        return bytes(self._take(size)).rstrip(b"\0").decode("utf-8", "backslashreplace")

    def array(self) -> memoryview:
        (size,) = self.numbers("I")
        return self._take(size)

    def rest(self, before: int) -> memoryview:
        return self._data[self._at - before :]

    def stamp_us(self) -> int:
        """The time of the header, which is the first field of all these messages."""
        if not self._cdr:
            self.numbers("I")
        seconds, ns = self.numbers("II")
        self.text()
        return seconds * 1_000_000 + ns // 1000

    def _number(self, kind: str) -> int:
        size = struct.calcsize("<" + kind)
        self._align(size)
        return int(struct.unpack_from("<" + kind, self._take(size))[0])

    def _align(self, size: int) -> None:
        if self._cdr:
            self._at += -(self._at - self._begin) % size

    def _take(self, size: int) -> memoryview:
        end = self._at + size
        if end > len(self._data):
            raise FormatError(f"it ends after {len(self._data)} bytes, inside a field that ends at {end}")
        piece = self._data[self._at : end]
        self._at = end
        return piece


def event_message(data: memoryview, kind: str, cdr: bool) -> EventMessage:
    """The events of a message of one of `PACKETS` or `ARRAYS`.

    Args:
        data: the serialised message.
        kind: its type.
        cdr: whether it is CDR (ROS 2), not ROS 1.
    Raises: FormatError: it breaks off, or its encoding is not known.
    """
    fields = _Fields(data, cdr)
    fields.stamp_us()
    height, width = fields.numbers("II")
    if kind in ARRAYS:
        return _event_array(fields, width, height, cdr)
    _, base_ns = fields.numbers("QQ")
    encoding = fields.text()
    (big_endian,) = fields.numbers("B")
    payload = fields.array()
    if encoding not in RECORDS:
        known = ", ".join(sorted(RECORDS))
        raise FormatError(f"its events are encoded as {encoding!r}, which is not known; known are {known}")
    if big_endian:
        raise FormatError("its events are big-endian, which no known camera driver writes")
    if base_ns >= _LATEST_NS:
        raise FormatError(f"its time base {base_ns} ns is over 100 years away")
    record = RECORDS[encoding]
    count, rest = divmod(len(payload), record.itemsize)
    return EventMessage(width, height, encoding, base_ns, np.frombuffer(payload, record, count), rest)


def _event_array(fields: _Fields, width: int, height: int, cdr: bool) -> EventMessage:
    (count,) = fields.numbers("I")
    # the first record of CDR begins inside the count
    payload = fields.rest(3 if cdr and count else 0)
    record = _CDR_DVS if cdr else _ROS1_DVS
    if count * record.itemsize > len(payload):
        raise FormatError(f"it breaks off inside its {count} events")
    records = np.frombuffer(payload, record, count)
    first = struct.unpack_from("<HH", payload, 3) if cdr and count else None
    return EventMessage(width, height, DVS, 0, records, 0, first)


def frame(data: memoryview, cdr: bool) -> Frame | str:
    """The picture of a sensor_msgs/Image, at its header's time; or the name of a pixel layout not read.

    Args:
        data: the serialised message.
        cdr: whether it is CDR (ROS 2), not ROS 1.
    Raises: FormatError: it breaks off, or its sizes contradict each other.
    """
    fields = _Fields(data, cdr)
    t = fields.stamp_us()
    height, width = fields.numbers("II")
    encoding = fields.text()
    big_endian, step = fields.numbers("BI")
    pixels = fields.array()
    if encoding not in _PIXELS:
        return encoding
    dtype, channels = _PIXELS[encoding]
    kind = np.dtype(dtype).newbyteorder(">" if big_endian else "<")
    line = width * channels * kind.itemsize
    if not (width and height) or step < line or step * height > len(pixels):
        raise FormatError(f"its picture of {width}x{height} {encoding} does not fit into its bytes")
    lines = np.frombuffer(pixels, np.uint8, step * height).reshape(height, step)[:, :line]
    image = np.ascontiguousarray(lines).view(kind).astype(kind.newbyteorder("="))
    if channels == 3:
        image = image.reshape(height, width, 3)
        image = image if encoding == "rgb8" else np.ascontiguousarray(image[:, :, ::-1])
    return Frame(image, t)


def imu_samples(data: memoryview, cdr: bool) -> ImuSamples:
    """The sample of a sensor_msgs/Imu, at its header's time; the temperature, which it lacks, is NaN.

    Args:
        data: the serialised message.
        cdr: whether it is CDR (ROS 2), not ROS 1.
    Raises: FormatError: it breaks off.
    """
    fields = _Fields(data, cdr)
    t = fields.stamp_us()
    numbers = fields.doubles(4 + 9 + 3 + 9 + 3)
    with np.errstate(over="ignore"):
        return ImuSamples(
            np.array([t], np.int64),
            (np.array([numbers[25:28]]) / _GRAVITY).astype(np.float32),
            np.rad2deg(np.array([numbers[13:16]])).astype(np.float32),
            np.full(1, np.nan, np.float32),
        )
