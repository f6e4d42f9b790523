import pytest

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Flip


def test_mirrors():
    events = Events.checked([0, 1], [0, 4], [2, 0], [1, 0], Sensor(6, 3))
    across, _ = Flip("horizontal")(events)
    assert (across.x.tolist(), across.y.tolist()) == ([5, 1], [2, 0])
    down, _ = Flip("vertical")(events)
    assert (down.x.tolist(), down.y.tolist()) == ([0, 4], [0, 2])
    with pytest.raises(ConfigError, match="direction is"):
        Flip("left")
