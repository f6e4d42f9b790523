"""What every camera must do; a new folder in eventsnn/cameras is tested by existing.

A kind that needs a device is tried on the one that is attached, and skipped where there is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from eventsnn.cameras import kinds, names, open_camera
from eventsnn.cameras.network.server import StreamServer
from eventsnn.errors import CameraError, ConfigError, EventsnnError
from eventsnn.events import Events, Sensor
from eventsnn.formats import create_events
from eventsnn.formats.dv_packets import Stream
from eventsnn.results import Frame
from eventsnn.streams import Camera, ImuSamples, Triggers

SENSOR = Sensor(346, 260)


def some(start_us: int, n: int) -> Events:
    t = start_us + np.arange(n) * 100
    return Events.checked(t, np.arange(n) % 346, np.arange(n) % 260, np.arange(n) % 2, SENSOR)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    over = threading.Event()
    with StreamServer(Stream(0, "events", "EVTS", SENSOR, "any")) as server:

        def send() -> None:
            start_us = 0
            while not over.wait(0.005):
                server.send(some(start_us, 50))
                start_us += 5000

        sender = threading.Thread(target=send)
        sender.start()
        yield f"tcp://127.0.0.1:{server.port}"
        over.set()
        sender.join()


@contextmanager
def recorded(folder: Path) -> Iterator[str]:
    path = folder / "a.aedat4"
    with create_events(path, SENSOR) as writer:
        writer.write(some(1_700_000_000_000_000, 50_000))
    yield f"file:{path}"


EXAMPLES: dict[str, Callable[[Path], AbstractContextManager[str]]] = {"tcp": served, "file": recorded}


@pytest.fixture(params=names())
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Camera]:
    """An open camera of each kind."""
    (kind,) = (kind for kind in kinds() if kind.name == request.param)
    if kind.name in EXAMPLES:
        with EXAMPLES[kind.name](tmp_path) as name, open_camera(name) as opened:
            yield opened
    elif not kind.prefix or kind.attached():
        with open_camera(kind.name) as opened:
            yield opened
    else:
        pytest.skip(f"no {kind.name} is attached")


def test_life_of_a_camera(camera: Camera) -> None:
    assert camera.name
    assert isinstance(camera.simulated, bool)
    assert camera.simulated == camera.name.startswith("SIMULATED ")

    deadline, events = time.monotonic() + 20, []
    while len(events) < 5:
        assert time.monotonic() < deadline, "no events came"
        start = time.monotonic()
        packet = camera.read(0.2)
        assert time.monotonic() - start < 2
        assert packet is None or isinstance(packet, Events | Frame | ImuSamples | Triggers)
        if isinstance(packet, Events):
            events.append(packet)
    whole = Events.concat(events)
    assert whole.sensor == camera.sensor
    assert all(len(part) for part in events)
    Events.checked(whole.t, whole.x, whole.y, whole.p, camera.sensor)

    start = time.monotonic()
    camera.read(0)
    assert time.monotonic() - start < 1

    status = camera.status
    assert status.connected
    assert status.reconnects == 0
    assert status.lost_packets >= 0

    camera.close()
    camera.close()
    assert not camera.status.connected
    with pytest.raises(CameraError, match="closed") as caught:
        camera.read(0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_what_the_registry_says_of_it(kind) -> None:
    assert kind.summary
    assert "\n" not in kind.summary
    assert any(spelling == kind.name or spelling.startswith(kind.prefix or "?") for spelling in kind.accepts)
    for spelling in kind.accepts:
        assert kind.argument(spelling) is not None
        assert [other.name for other in kinds() if other.argument(spelling) is not None] == [kind.name]


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind.prefix], ids=lambda kind: kind.name)
@pytest.mark.parametrize("nonsense", ["?", "no such thing", "../..", "0" * 5000])
def test_a_nonsensical_argument_is_one_line(kind, nonsense: str) -> None:
    with pytest.raises(EventsnnError) as caught:
        open_camera(kind.prefix + nonsense)
    assert "\n" not in str(caught.value)


def test_an_unknown_camera_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="davis346"):
        open_camera("davis345")
