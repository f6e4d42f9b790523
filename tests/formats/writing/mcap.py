"""MCAP files for tests, written from the format's description (mcap.dev/spec)."""

import importlib.util
import struct
import zlib
from pathlib import Path

import lz4.frame
import zstandard

_spec = importlib.util.spec_from_file_location("ros_messages", Path(__file__).with_name("ros_messages.py"))
ros_messages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ros_messages)

MAGIC = b"\x89MCAP0\r\n"
COMPRESS = {"": bytes, "lz4": lz4.frame.compress, "zstd": zstandard.compress}


def record(kind, content):
    return struct.pack("<BQ", kind, len(content)) + content


def text(value):
    return struct.pack("<I", len(value)) + value.encode()


def mcap(chunks, topics, compression="zstd", summary=True, serialisation="cdr"):
    """Chunks of (topic number, message); topics are (name, kind). Compression None makes no chunks."""
    definitions = b"".join(
        record(3, struct.pack("<H", k + 1) + text(kind.replace("/", "/msg/")) + text("ros2msg") + bytes(4))
        + record(4, struct.pack("<HH", k, k + 1) + text(name) + text(serialisation) + bytes(4))
        for k, (name, kind) in enumerate(topics)
    )
    content = MAGIC + record(1, text("ros2") + text("test"))
    for messages in chunks:
        inside = definitions + b"".join(
            record(5, struct.pack("<HIQQ", number, 0, 0, 0) + message) for number, message in messages
        )
        if compression is None:
            content += inside
            continue
        packed = COMPRESS[compression](inside)
        head = struct.pack("<QQQI", 0, 0, len(inside), zlib.crc32(inside)) + text(compression)
        content += record(6, head + struct.pack("<Q", len(packed)) + packed)
    content += record(0x0F, bytes(4))
    at = len(content)
    content += definitions if summary else b""
    return content + record(2, struct.pack("<QQI", at if summary else 0, 0, 0)) + MAGIC


def encode(events, encoding="dvs", compression="zstd", summary=True):
    messages = ros_messages.messages(events, encoding, True)
    chunks = [[(0, message) for message in messages[k : k + 5]] for k in range(0, len(messages), 5)]
    return mcap(chunks, [("/dvs/events", ros_messages.kind_of(encoding))], compression, summary)
