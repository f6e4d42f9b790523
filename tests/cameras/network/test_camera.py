from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import lz4.frame
import numpy as np
import pytest
import zstandard

from eventsnn.cameras.network import connection
from eventsnn.cameras.network.camera import NetworkCamera, parse_addresses
from eventsnn.errors import CameraError, CameraNotFound, ConfigError, FormatError
from eventsnn.events import Events, Sensor
from eventsnn.formats.dv_packets import (
    HEADER_SIZE,
    PACKET_HEADER,
    Compression,
    Stream,
    encode_header,
    encode_packet,
)
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Triggers

Fixture = Any


def at(port: int) -> list[tuple[str, int]]:
    return [("127.0.0.1", port)]


def wire(events: Events) -> bytes:
    payload = encode_packet(events)
    return PACKET_HEADER.pack(0, len(payload)) + payload


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("localhost:7777", [("localhost", 7777)]),
        ("10.0.0.2:7777,7778/", [("10.0.0.2", 7777), ("10.0.0.2", 7778)]),
        ("[::1]:80", [("::1", 80)]),
    ],
)
def test_addresses(text: str, addresses: list[tuple[str, int]]) -> None:
    assert parse_addresses(text) == addresses


@pytest.mark.parametrize(
    "text", ["", "host", "host:", ":7777", "host:0", "host:65536", "host:a", "host:1,,2"]
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="HOST:PORT"):
        parse_addresses(text)


def test_every_stream_arrives_whole_whatever_the_order_of_ports(
    serve: Fixture, some: Fixture, receive: Fixture
) -> None:
    kinds = {kind: serve(kind) for kind in ("TRIG", "FRME", "EVTS", "IMUS")}
    with NetworkCamera([("127.0.0.1", server.port) for server in kinds.values()]) as camera:
        assert (camera.name, camera.sensor, camera.simulated) == (
            "DAVIS346_00000007",
            Sensor(346, 260),
            False,
        )
        sent = some(1000, 1_700_000_000_000_000)
        image = np.arange(260 * 346, dtype=np.uint8).reshape(260, 346)
        kinds["EVTS"].send(sent)
        (events,) = receive(camera, 1)
        for name in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(getattr(events, name), getattr(sent, name))
        kinds["FRME"].send(Frame(image, 77, 10))
        (frame,) = receive(camera, 1)
        np.testing.assert_array_equal(frame.image, image)
        assert (frame.t, frame.exposure_us) == (77, 10)
        kinds["IMUS"].send(
            ImuSamples(
                np.array([5]),
                np.ones((1, 3), np.float32),
                np.zeros((1, 3), np.float32),
                np.ones(1, np.float32),
            )
        )
        kinds["TRIG"].send(Triggers(np.array([6]), np.array([2], np.uint8)))
        assert {type(packet) for packet in receive(camera, 2)} == {ImuSamples, Triggers}
        assert camera.status.connected
        assert camera.status.lost_packets == 0


def test_nothing_to_read_gives_none_in_time(serve: Fixture) -> None:
    with NetworkCamera(at(serve().port)) as camera:
        start = time.monotonic()
        assert camera.read(0.05) is None
        assert 0.04 < time.monotonic() - start < 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(
        CameraNotFound, match=rf"^nobody listens at tcp://127.0.0.1:{port} .*: start the server"
    ):
        NetworkCamera(at(port))


def test_a_second_port_with_nobody_leaves_no_connection_behind(serve: Fixture, until: Fixture) -> None:
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CameraNotFound):
        NetworkCamera([*at(server.port), *at(port)])


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "a" * 100])
def test_unknown_host(host: str) -> None:
    with pytest.raises(CameraNotFound, match=re.escape(f"nobody listens at tcp://{host}:7777 (")):
        NetworkCamera([(host, 7777)])


@pytest.mark.parametrize(
    ("data", "stay", "error", "match"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", True, FormatError, "is not a DV stream"),
        (b"\x10\x00\x00\x00" + bytes(16), True, FormatError, "is not a DV stream"),
        (b"\x00\x00", False, CameraNotFound, "hung up at once"),
        (b"", True, CameraNotFound, "said nothing"),
    ],
)
def test_another_protocol_is_told_from_ours(
    scripted: Fixture, monkeypatch: pytest.MonkeyPatch, data: bytes, stay: bool, error: Any, match: str
) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 0.3)
    scripted.play((data, stay))
    with pytest.raises(error, match=match) as caught:
        NetworkCamera(at(scripted.port))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number_and_size", [(0, -5), (0, 1 << 30), (3, 100)])
def test_garbage_between_packets_ends_the_stream(
    scripted: Fixture, greeting: bytes, some: Fixture, number_and_size: tuple[int, int]
) -> None:
    scripted.play((greeting + wire(some(3)) + PACKET_HEADER.pack(*number_and_size) + bytes(64), True))
    with NetworkCamera(at(scripted.port)) as camera:
        assert len(camera.read(5) or ()) == 3
        for _ in range(2):
            with pytest.raises(FormatError, match=f"tcp://127.0.0.1:{scripted.port}"):
                camera.read(5)
        assert not camera.status.connected


def test_a_damaged_packet_is_an_error_of_one_line(scripted: Fixture, greeting: bytes, some: Fixture) -> None:
    off_the_sensor = Events.checked([1], [999], [0], [1], Sensor(1000, 1))
    scripted.play((greeting + wire(off_the_sensor), True))
    with (
        NetworkCamera(at(scripted.port)) as camera,
        pytest.raises(FormatError, match="damaged packet") as caught,
    ):
        camera.read(5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", [Compression.LZ4, Compression.ZSTD])
def test_compressed_packets(scripted: Fixture, some: Fixture, compression: Compression) -> None:
    press = lz4.frame.compress if compression == Compression.LZ4 else zstandard.compress
    payload = press(encode_packet(some(500)))
    header = encode_header([Stream(3, "events", "EVTS", Sensor(346, 260))], compression)
    start = HEADER_SIZE.pack(len(header)) + header + PACKET_HEADER.pack(3, len(payload)) + payload
    scripted.play((start, True))
    with NetworkCamera(at(scripted.port)) as camera:
        assert camera.name == f"tcp://127.0.0.1:{scripted.port}", "a server that does not name its camera"
        events = camera.read(5)
        assert isinstance(events, Events)
        np.testing.assert_array_equal(events.t, np.arange(500))


@pytest.mark.parametrize("streams", [(), (0, 1)])
def test_a_port_has_one_stream(scripted: Fixture, streams: tuple[int, ...]) -> None:
    header = encode_header([Stream(n, "events", "EVTS", Sensor(346, 260)) for n in streams])
    scripted.play((HEADER_SIZE.pack(len(header)) + header, True))
    with pytest.raises(FormatError, match=f"announces {len(streams)} streams"):
        NetworkCamera(at(scripted.port))


def test_a_camera_needs_one_stream_of_events(serve: Fixture) -> None:
    frames = serve("FRME")
    with pytest.raises(FormatError, match="exactly one stream of events"):
        NetworkCamera(at(frames.port))
    with pytest.raises(FormatError, match="exactly one stream of events"):
        NetworkCamera([*at(serve().port), *at(serve().port)])


def test_a_stream_that_comes_back_is_found_again_and_counted(
    serve: Fixture, some: Fixture, receive: Fixture, until: Fixture
) -> None:
    server = serve()
    with NetworkCamera(at(server.port)) as camera:
        server.send(some(3))
        receive(camera, 1)
        server.close()
        until(lambda: not camera.status.connected)
        assert camera.read(0.05) is None
        server = serve(port=server.port)
        until(lambda: camera.status.connected and server.clients == 1)
        server.send(some(5))
        assert len(receive(camera, 1)[0]) == 5
        assert camera.status.reconnects == 1


def test_one_outage_of_all_ports_counts_once(serve: Fixture, until: Fixture) -> None:
    servers = {kind: serve(kind) for kind in ("EVTS", "FRME")}
    with NetworkCamera([("127.0.0.1", server.port) for server in servers.values()]) as camera:
        for server in servers.values():
            server.close()
        until(lambda: not any(connection.connected for connection in camera._connections))
        for kind, server in servers.items():
            serve(kind, port=server.port)
        until(lambda: camera.status.connected)
        assert camera.status.reconnects == 1


def test_a_packet_that_breaks_off_is_lost_and_the_stream_goes_on(
    scripted: Fixture, greeting: bytes, some: Fixture, receive: Fixture
) -> None:
    whole = wire(some(9))
    scripted.play((greeting + whole + whole[:40], False), (greeting + whole, True))
    with NetworkCamera(at(scripted.port)) as camera:
        assert [len(events) for events in receive(camera, 2)] == [9, 9]
        assert camera.status.reconnects == 1
        assert camera.status.lost_packets == 1


def test_a_stream_that_comes_back_as_another_camera_is_refused(serve: Fixture) -> None:
    server = serve()
    with NetworkCamera(at(server.port)) as camera:
        server.close()
        serve(port=server.port, sensor=Sensor(640, 480))
        with pytest.raises(FormatError, match="came back as EVTS 640x480, it was EVTS 346x260"):
            camera.read(10)


def test_a_slow_reader_loses_whole_packets_that_are_counted(
    serve: Fixture, some: Fixture, until: Fixture
) -> None:
    server = serve()
    with NetworkCamera(at(server.port)) as camera:
        until(lambda: server.clients == 1)
        sent = 4000
        for k in range(sent):
            server.send(some(10, 10 * k))
            if k % 100 == 0:
                time.sleep(0.001)
        got: list[Events] = []
        until(lambda: camera.status.lost_packets > 0)
        while (packet := camera.read(0.3)) is not None:
            assert isinstance(packet, Events)
            got.append(packet)
        assert all(len(events) == 10 for events in got)
        assert got[-1].t[0] == 10 * (sent - 1), "the newest packet stays"
        assert len(got) + camera.status.lost_packets + server.lost_packets == sent


def test_closing_ends_a_read_in_another_thread_and_is_harmless_twice(serve: Fixture) -> None:
    camera = NetworkCamera(at(serve().port))
    said: list[str] = []

    def read() -> None:
        try:
            camera.read(60)
        except CameraError as error:
            said.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.05)
    camera.close()
    camera.close()
    reader.join(5)
    assert said == ["DAVIS346_00000007 is closed"]
    assert not camera.status.connected


def test_closing_while_the_stream_is_being_looked_for(serve: Fixture, until: Callable[..., None]) -> None:
    server = serve()
    camera = NetworkCamera(at(server.port))
    server.close()
    until(lambda: not camera.status.connected)
    start = time.monotonic()
    camera.close()
    assert time.monotonic() - start < 2
