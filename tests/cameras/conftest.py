from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from eventsnn.events import Events, Sensor
from eventsnn.streams import Camera, Packet

Some = Callable[[int, int], Events]
Receive = Callable[[Camera, int], list[Packet]]


@pytest.fixture
def some() -> Some:
    """`some(n, start_us)`: n events, one each µs, that walk over a 346x260 sensor."""

    def make(n: int, start_us: int = 0) -> Events:
        at = np.arange(n)
        return Events.checked(start_us + at, at % 346, at % 260, at % 3 == 0, Sensor(346, 260))

    return make


@pytest.fixture
def receive() -> Receive:
    """`receive(camera, n)`: its next n packets; fails when they do not come within 10 s."""

    def read(camera: Camera, n: int) -> list[Packet]:
        got: list[Packet] = []
        deadline = time.monotonic() + 10
        while len(got) < n:
            assert time.monotonic() < deadline, f"{len(got)} of {n} packets came: {camera.status}"
            packet = camera.read(0.2)
            if packet is not None:
                got.append(packet)
        return got

    return read


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """`until(condition)`: waits for it, 10 s at most."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within 10 s"
            time.sleep(0.005)

    return wait


@pytest.fixture(autouse=True)
def _no_thread_stays() -> object:
    before = threading.active_count()
    yield
    assert threading.active_count() == before, threading.enumerate()
