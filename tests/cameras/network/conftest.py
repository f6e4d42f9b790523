from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from eventsnn.cameras.network.server import StreamServer
from eventsnn.events import Sensor
from eventsnn.formats.dv_packets import HEADER_SIZE, Stream, encode_header

DAVIS346 = Sensor(346, 260)
Serve = Callable[..., StreamServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(identifier="EVTS", port=0, sensor=346x260)`: a server of our own, closed after the test."""
    servers: list[StreamServer] = []

    def start(identifier: str = "EVTS", port: int = 0, sensor: Sensor = DAVIS346) -> StreamServer:
        servers.append(StreamServer(Stream(0, "any", identifier, sensor, "DAVIS346_00000007"), port=port))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


class Scripted:
    """A server that sends given bytes to each client in turn, and hangs up where it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._thread: threading.Thread | None = None

    def play(self, *answers: tuple[bytes, bool]) -> None:
        """For each client: the bytes it gets, and whether the connection stays open after them."""

        def run() -> None:
            for data, stay in answers:
                client, _ = self._listener.accept()
                client.sendall(data)
                if stay:
                    self._open.append(client)
                else:
                    client.close()

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def close(self) -> None:
        if self._thread is not None:
            self._thread.join(10)
        for client in [*self._open, self._listener]:
            client.close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def greeting() -> bytes:
    """What a server of events says first."""
    header = encode_header([Stream(0, "events", "EVTS", Sensor(346, 260), "DAVIS346_00000007")])
    return HEADER_SIZE.pack(len(header)) + header
