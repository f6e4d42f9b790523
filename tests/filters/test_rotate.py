import numpy as np
import pytest

from eventsnn.errors import ConfigError
from eventsnn.events import Sensor
from eventsnn.filters import Rotate


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turns_as_a_picture_turns(degrees, some):
    events = some(60, 0, Sensor(7, 4))
    picture = np.zeros((4, 7), int)
    np.add.at(picture, (events.y, events.x), 1)
    turned, _ = Rotate(degrees)(events)
    got = np.zeros((turned.sensor.height, turned.sensor.width), int)
    np.add.at(got, (turned.y, turned.x), 1)
    # numpy turns counter-clockwise.
    np.testing.assert_array_equal(got, np.rot90(picture, -degrees // 90))


def test_other_angles_are_refused():
    with pytest.raises(ConfigError, match="degrees is 90 or 180 or 270, not 45"):
        Rotate(45)
