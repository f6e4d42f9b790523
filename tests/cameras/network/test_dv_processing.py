"""Our client and server against dv-processing's, each in a process of its own.

Its writer hangs when it is deleted with a client connected, and its reader blocks the interpreter it
runs in, so both sit in scripts that end with os._exit.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from eventsnn.cameras.network.camera import NetworkCamera
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Triggers

Fixture = Any

WRITER = """
import os, sys, time
import numpy as np
import dv_processing as dv
ports = [int(port) for port in sys.argv[1:]]
name, size = "DAVIS346_00000042", (346, 260)
kind = dv.io.Stream
streams = (kind.EventStream(0, "events", name, size), kind.FrameStream(0, "frames", name, size),
           kind.IMUStream(0, "imu", name), kind.TriggerStream(0, "triggers", name))
writers = [dv.io.NetworkWriter("127.0.0.1", port, stream) for port, stream in zip(ports, streams)]
image = (np.arange(260 * 346) % 251).astype(np.uint8).reshape(260, 346)
trigger = dv.Trigger(124, dv.TriggerType.EXTERNAL_SIGNAL_FALLING_EDGE)
print("ready", flush=True)
while not all(writer.getClientCount() for writer in writers):
    time.sleep(0.005)
for k in range(50):
    store = dv.EventStore()
    for i in range(100):
        store.push_back((1_700_000_000_000_000 + 100 * k + i, (7 * i) % 346, (3 * k) % 260, i % 2 == 0))
    writers[0].writeEvents(store)
    time.sleep(0.001)
writers[1].writeFrame(dv.Frame(1_700_000_000_000_500, image))
writers[2].writeImu(dv.IMUPacket.ImuVector([dv.IMU(123, 30.0, 0.1, 0.2, 0.3, 1.0, 2.0, 3.0, 0, 0, 0)]))
writers[3].writeTriggers(dv.TriggerPacket.TriggersVector([trigger]))
sys.stdin.read()
os._exit(0)
"""

READER = """
import json, os, sys, time
import dv_processing as dv
reader = dv.io.NetworkReader("127.0.0.1", int(sys.argv[1]))
events = reader.isEventStreamAvailable()
print(json.dumps(reader.getEventResolution() if events else reader.getFrameResolution()), flush=True)
wanted, rows, end = int(sys.argv[2]), [], time.monotonic() + 10
while len(rows) < wanted and time.monotonic() < end:
    if events:
        batch = reader.getNextEventBatch()
        rows += [] if batch is None else [[int(v) for v in event] for event in batch.numpy()]
    else:
        frame = reader.getNextFrame()
        if frame is not None:
            rows.append([frame.timestamp, frame.image.shape, int(frame.image.astype(int).sum())])
print(json.dumps(rows), flush=True)
os._exit(0)
"""


@contextmanager
def script(text: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", text, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def free_ports(n: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [int(listener.getsockname()[1]) for listener in taken]
    for listener in taken:
        listener.close()
    return ports


def test_our_client_reads_all_four_streams_of_their_writer(receive: Fixture, until: Fixture) -> None:
    ports = free_ports(4)
    with script(WRITER, *ports) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with NetworkCamera([("127.0.0.1", port) for port in ports]) as camera:
            assert (camera.name, camera.sensor) == ("DAVIS346_00000042", Sensor(346, 260))
            packets = receive(camera, 53)
            events = Events.concat([packet for packet in packets if isinstance(packet, Events)])
            at = np.arange(5000)
            np.testing.assert_array_equal(events.t, 1_700_000_000_000_000 + at)
            np.testing.assert_array_equal(events.x, (7 * (at % 100)) % 346)
            np.testing.assert_array_equal(events.y, (3 * (at // 100)) % 260)
            np.testing.assert_array_equal(events.p, at % 2 == 0)
            (frame,) = (packet for packet in packets if isinstance(packet, Frame))
            np.testing.assert_array_equal(frame.image.ravel(), np.arange(260 * 346) % 251)
            assert frame.t == 1_700_000_000_000_500
            (imu,) = (packet for packet in packets if isinstance(packet, ImuSamples))
            assert imu.t.tolist() == [123]
            np.testing.assert_allclose(imu.acceleration, [[0.1, 0.2, 0.3]])
            np.testing.assert_allclose(imu.rotation, [[1, 2, 3]])
            np.testing.assert_allclose(imu.temperature, [30])
            (triggers,) = (packet for packet in packets if isinstance(packet, Triggers))
            assert (triggers.t.tolist(), triggers.kind.tolist()) == ([124], [2])
            process.kill()
            until(lambda: not camera.status.connected)
            assert camera.read(0.01) is None


def test_their_reader_reads_events_from_our_server(serve: Fixture, some: Fixture, until: Fixture) -> None:
    server = serve()
    with script(READER, server.port, 200) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == [346, 260]
        for k in range(10):
            server.send(some(20, 1_700_000_000_000_000 + 20 * k))
        rows = np.array(json.loads(process.stdout.readline()))
    at = np.arange(200)
    one = at % 20
    np.testing.assert_array_equal(
        rows, np.stack([1_700_000_000_000_000 + at, one % 346, one % 260, one % 3 == 0], axis=1)
    )


@pytest.mark.parametrize("channels", [(), (3,)])
def test_their_reader_reads_frames_from_our_server(serve: Fixture, channels: tuple[int, ...]) -> None:
    server = serve("FRME")
    image = (np.arange(260 * 346 * (channels or (1,))[0]) % 253).astype(np.uint8).reshape(260, 346, *channels)
    with script(READER, server.port, 1) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == [346, 260]
        server.send(Frame(image, 1_700_000_000_000_000))
        rows = json.loads(process.stdout.readline())
    assert rows == [[1_700_000_000_000_000, [260, 346, *channels], int(image.astype(int).sum())]]
