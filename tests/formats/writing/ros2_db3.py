"""ROS 2 databases for tests."""

import importlib.util
import sqlite3
from pathlib import Path

_spec = importlib.util.spec_from_file_location("ros_messages", Path(__file__).with_name("ros_messages.py"))
ros_messages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ros_messages)


def database(messages, topics, serialisation="cdr"):
    """(topic number, message); topics are (name, kind)."""
    content = sqlite3.connect(":memory:")
    content.execute(
        "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
        " serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL)"
    )
    content.execute(
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,"
        " timestamp INTEGER NOT NULL, data BLOB NOT NULL)"
    )
    for number, (name, kind) in enumerate(topics):
        row = (number + 1, name, kind.replace("/", "/msg/"), serialisation, "")
        content.execute("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", row)
    for number, message in messages:
        content.execute("INSERT INTO messages VALUES (NULL, ?, 0, ?)", (number + 1, message))
    content.commit()
    stored = content.serialize()
    content.close()
    return stored


def encode(events, encoding="dvs"):
    messages = ros_messages.messages(events, encoding, True)
    return database([(0, message) for message in messages], [("/dvs/events", ros_messages.kind_of(encoding))])
