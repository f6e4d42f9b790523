"""ROS 1 bags for tests, written from the format's description (wiki.ros.org/Bags/Format/2.0)."""

import bz2
import importlib.util
import struct
from pathlib import Path

import lz4.frame

_spec = importlib.util.spec_from_file_location("ros_messages", Path(__file__).with_name("ros_messages.py"))
ros_messages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ros_messages)

COMPRESS = {"none": bytes, "bz2": bz2.compress, "lz4": lz4.frame.compress}


def record(data, **fields):
    header = b""
    for name, value in fields.items():
        field = name.encode() + b"=" + value
        header += struct.pack("<I", len(field)) + field
    return struct.pack("<I", len(header)) + header + struct.pack("<I", len(data)) + data


def connection(number, topic, kind):
    described = struct.pack("<I", len(kind) + 5) + b"type=" + kind.encode()
    return record(described, op=b"\x07", conn=struct.pack("<I", number), topic=topic.encode())


def bag(chunks, topics, compression="none", index=True):
    """Chunks of (topic number, message); topics are (name, kind)."""
    connections = [connection(number, *topic) for number, topic in enumerate(topics)]
    content = b""
    for messages in chunks:
        inside = b"".join(connections)
        for number, message in messages:
            inside += record(message, op=b"\x02", conn=struct.pack("<I", number), time=bytes(8))
        content += record(
            COMPRESS[compression](inside),
            op=b"\x05",
            compression=compression.encode(),
            size=struct.pack("<I", len(inside)),
        )
        content += record(bytes(12), op=b"\x04", ver=struct.pack("<I", 1))
    begin = b"#ROSBAG V2.0\n"
    size = len(bag_header(0, len(topics), len(chunks)))
    at = len(begin) + size + len(content) if index else 0
    header = bag_header(at, len(topics), len(chunks))
    return begin + header + content + (b"".join(connections) if index else b"")


def bag_header(index, connections, chunks):
    fields = {
        "op": b"\x03",
        "index_pos": struct.pack("<Q", index),
        "conn_count": struct.pack("<I", connections),
        "chunk_count": struct.pack("<I", chunks),
    }
    return record(b" " * (4096 - len(record(b"", **fields))), **fields)


def encode(events, encoding="dvs", compression="none", index=True):
    messages = ros_messages.messages(events, encoding, False)
    chunks = [[(0, message) for message in messages[k : k + 5]] for k in range(0, len(messages), 5)]
    return bag(chunks, [("/dvs/events", ros_messages.kind_of(encoding))], compression, index)
