"""Serialised messages with events, as ROS 1 or ROS 2 (CDR) writes them; for tests only."""

import struct

import numpy as np

ENCODINGS = ("dvs", "evt3", "libcaer", "libcaer_cmp", "mono")


class Fields:
    """Appends the fields of a message, aligned where it is CDR."""

    def __init__(self, cdr):
        self.cdr = cdr
        self.data = bytearray()

    def number(self, kind, *values):
        for value in values:
            if self.cdr:
                self.data += bytes(-len(self.data) % struct.calcsize("<" + kind))
            self.data += struct.pack("<" + kind, value)

    def text(self, text):
        content = text.encode() + (b"\0" if self.cdr else b"")
        self.number("I", len(content))
        self.data += content

    def array(self, content):
        self.number("I", len(content))
        self.data += content

    def header(self, t_us):
        if not self.cdr:
            self.number("I", 0)
        self.number("I", t_us // 1_000_000, t_us % 1_000_000 * 1000)
        self.text("camera")

    def message(self):
        return (b"\x00\x01\x00\x00" if self.cdr else b"") + bytes(self.data)


def kind_of(encoding):
    return "dvs_msgs/EventArray" if encoding == "dvs" else "event_camera_msgs/EventPacket"


def event_message(events, encoding, cdr):
    """A message of events."""
    start_us = int(events.t[0]) if len(events) else 0
    fields = Fields(cdr)
    fields.header(start_us)
    fields.number("I", events.sensor.height, events.sensor.width)
    if encoding == "dvs":
        fields.number("I", len(events))
        fields.data += dvs(events, cdr)
        return fields.message()
    fields.number("Q", 0, 0 if encoding == "evt3" else start_us * 1000)
    fields.text(encoding)
    fields.number("B", 0)
    payload = {"mono": mono, "libcaer": libcaer, "libcaer_cmp": libcaer_cmp, "evt3": evt3}[encoding]
    fields.array(payload(events, start_us))
    return fields.message()


def dvs(events, cdr):
    """All fields of one event after another; CDR aligns the seconds to 4 bytes and x to 2."""
    record, shift = (16, 2) if cdr else (13, 0)
    content = np.zeros((len(events) + 1, record), np.uint8)
    flat = content.reshape(-1)
    at = np.arange(len(events)) * record
    for place, values, kind in (
        (np.where(at > 0, at - shift, at), events.x, "<u2"),
        (np.where(at > 0, at - shift, at) + 2, events.y, "<u2"),
        (at + 4, events.t // 1_000_000, "<u4"),
        (at + 8, events.t % 1_000_000 * 1000, "<u4"),
        (at + 12, events.p, "u1"),
    ):
        size = np.dtype(kind).itemsize
        flat[place[:, None] + np.arange(size)] = values.astype(kind).view(np.uint8).reshape(-1, size)
    return bytes(flat[: len(events) * record - (3 if cdr and len(events) else 0)])


def rows(events):
    return zip(*(getattr(events, name).tolist() for name in "txyp"), strict=True)


def mono(events, start_us):
    return b"".join(struct.pack("<IHH", (t - start_us) * 1000, x, y | p << 15) for t, x, y, p in rows(events))


def libcaer(events, start_us):
    return b"".join(
        struct.pack("<II", x << 17 | y << 2 | p << 1 | 1, t - start_us) for t, x, y, p in rows(events)
    )


def libcaer_cmp(events, start_us):
    words = []
    for t, x, y, p in rows(events):
        since = t - start_us
        words += [since >> 12, 0x1000 | since & 0xFFF, 0x2000 | x, 0x3000 | p << 11 | y]
    return np.array(words, "<u2").tobytes()


def evt3(events, start_us):
    """Absolute times, so that no word depends on the message before; below 2**24 µs only."""
    words = []
    for t, x, y, p in rows(events):
        words += [0x8000 | t >> 12, 0x6000 | t & 0xFFF, y, 0x2000 | p << 11 | x]
    return np.array(words, "<u2").tobytes()


def messages(events, encoding, cdr, size=1000):
    """The events as messages of some events each."""
    pieces = [events[begin : begin + size] for begin in range(0, len(events), size)] or [events]
    return [event_message(piece, encoding, cdr) for piece in pieces]
