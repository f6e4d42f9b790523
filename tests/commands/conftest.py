from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from eventsnn import Events, Sensor
from eventsnn.formats import create_events, open_events
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Triggers

SENSOR = Sensor(8, 6)
BEGIN_US = 1_000_000


def some_events(count=1000, step_us=1000):
    """One event every `step_us`, walking over the pixels; ON and OFF in turn."""
    n = np.arange(count)
    return Events.checked(BEGIN_US + step_us * n, n % 8, n // 8 % 6, n % 2, SENSOR)


def write(path: Path, *packets, sensor=SENSOR):
    with create_events(path, sensor) as file:
        for packet in packets:
            file.write(packet)
    return path


def read(path: Path):
    with open_events(path) as file:
        return Events.concat([Events.empty(file.sensor), *file.events()])


def equal(one: Events, other: Events):
    return one.sensor == other.sensor and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in "txyp"
    )


@pytest.fixture(scope="session")
def files():
    """Small recordings: what tests here need of this module, which they cannot import."""
    return SimpleNamespace(
        sensor=SENSOR, begin_us=BEGIN_US, events=some_events, write=write, read=read, equal=equal
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EVENTSNN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def events():
    return some_events()


@pytest.fixture
def recording(tmp_path, events):
    """One second of events, an event a ms, two frames, two IMU samples and three trigger edges."""
    frames = [Frame(np.full((6, 8), 40 * k, np.uint8), BEGIN_US + 400_000 * k) for k in (1, 2)]
    imu = ImuSamples(
        BEGIN_US + np.array([100, 900_000]),
        np.ones((2, 3), np.float32),
        np.zeros((2, 3), np.float32),
        np.full(2, 30, np.float32),
    )
    triggers = Triggers(BEGIN_US + np.array([5, 500_000, 900_000]), np.array([1, 2, 1], np.uint8))
    return write(tmp_path / "a.aedat4", imu, triggers, events[:500], frames[0], events[500:], frames[1])
