from __future__ import annotations

import socket
import time
from typing import Any

from eventsnn.cameras.network.camera import NetworkCamera

Fixture = Any


def test_several_clients_get_the_same(
    serve: Fixture, some: Fixture, receive: Fixture, until: Fixture
) -> None:
    server = serve()
    address = [("127.0.0.1", server.port)]
    with NetworkCamera(address) as first, NetworkCamera(address) as second:
        until(lambda: server.clients == 2)
        for k in range(20):
            server.send(some(10, 10 * k))
        for camera in (first, second):
            assert [int(events.t[0]) for events in receive(camera, 20)] == list(range(0, 200, 10))


def test_a_client_that_does_not_read_holds_up_nobody(
    serve: Fixture, some: Fixture, receive: Fixture, until: Fixture
) -> None:
    server = serve()
    events = some(20_000, 0)  # 320 kB a packet: fills the system's buffers soon
    with (
        socket.create_connection(("127.0.0.1", server.port)),
        NetworkCamera([("127.0.0.1", server.port)]) as camera,
    ):
        until(lambda: server.clients == 2)
        start = time.monotonic()
        for _ in range(400):
            server.send(events)
            assert camera.read(5) is not None
        assert time.monotonic() - start < 10
        assert server.lost_packets > 50
        assert camera.status.lost_packets == 0


def test_a_client_that_leaves_is_forgotten(serve: Fixture, some: Fixture, until: Fixture) -> None:
    server = serve()
    with NetworkCamera([("127.0.0.1", server.port)]):
        until(lambda: server.clients == 1)
    for _ in range(200):
        server.send(some(10, 0))
        if not server.clients:
            break
        time.sleep(0.01)
    assert server.clients == 0


def test_closing_hangs_up_and_is_harmless_twice(serve: Fixture) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(5)
        client.recv(4)
        server.close()
        server.close()
        while client.recv(1 << 16):
            pass
