import tracemalloc

import numpy as np
import pytest

from eventsnn import Events, Sensor
from eventsnn.cli import main
from eventsnn.formats import create_events

SENSOR = Sensor(64, 48)
STRETCHES = 30
STRETCH = 1 << 17


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Four million events, 51 MB as arrays."""
    path = tmp_path_factory.mktemp("large") / "large.dat"
    rng = np.random.default_rng(0)
    with create_events(path, SENSOR) as file:
        for number in range(STRETCHES):
            t = np.sort(rng.integers(0, 100_000, STRETCH)) + number * 100_000
            x, y = rng.integers(0, 64, STRETCH), rng.integers(0, 48, STRETCH)
            file.write(Events.checked(t, x, y, x % 2, SENSOR))
    return path


@pytest.mark.parametrize(
    ("command", "out"),
    [
        (["info"], None),
        (["convert"], "a.raw"),
        (["clean"], "b.raw"),
        (["slice", "--start-event", "10"], "c.raw"),
        (["voxelize"], "a.npz"),
        (["render", "--no-frames", "--fps", "10"], "a.gif"),
    ],
)
def test_a_recording_is_streamed(command, out, large, tmp_path):
    arguments = [*command, str(large), *([str(tmp_path / out)] if out else [])]
    assert main(arguments) == 0  # what is loaded and compiled once stays out of the measure
    tracemalloc.start()
    try:
        assert main(arguments) == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 13 * STRETCHES * STRETCH / 2
