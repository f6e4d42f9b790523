"""A small recording and a small network: what the loop does with them is known by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SENSOR_SIZE = "48x32"
CONSTANT = '''
import time
import numpy as np
from eventsnn.results import Flow

class Counting:
    """Flow to the right by 2 px; the vertical part tells how many windows the state has seen before."""
    firing_rate = 0.25
    def __init__(self, sensor, weights, seconds=0.0):
        self.sensor, self.seconds = sensor, seconds
    def step(self, window, state):
        time.sleep(self.seconds)
        seen = 0 if state is None else state
        displacement = np.empty((2, self.sensor.height, self.sensor.width), np.float32)
        displacement[0], displacement[1] = 2, seen
        return Flow(displacement, window.start_us, window.end_us), seen + 1
'''


@pytest.fixture(scope="session")
def counting() -> type:
    scope: dict[str, type] = {}
    exec(CONSTANT, scope)
    return scope["Counting"]


@pytest.fixture(scope="session")
def counting_source() -> str:
    """The same network as text, for a process of its own."""
    return CONSTANT


@pytest.fixture
def write_events(tmp_path: Path) -> Callable[..., Path]:
    """Write a recording of 48x32 px: an event every 100 µs from 1 s on, without those in `gaps_ms`."""

    def write(milliseconds: int, gaps_ms: tuple[tuple[int, int], ...] = (), name: str = "events.txt") -> Path:
        t = 1_000_000 + np.arange(0, milliseconds * 1000, 100)
        for first, last in gaps_ms:
            t = t[(t < 1_000_000 + first * 1000) | (t >= 1_000_000 + last * 1000)]
        step = np.arange(t.size)
        lines = [f"{t[i]} {i % 48} {i // 48 % 32} {i % 2}" for i in step]
        path = tmp_path / name
        path.write_text("48 32\n" + "\n".join(lines) + "\n")
        return path

    return write
