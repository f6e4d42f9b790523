from eventsnn.events import Events, Sensor
from eventsnn.filters import Transpose


def test_exchanges_x_and_y():
    events = Events.checked([0, 1], [0, 4], [2, 0], [1, 0], Sensor(6, 3))
    other, _ = Transpose()(events)
    assert (other.x.tolist(), other.y.tolist(), other.sensor) == ([2, 0], [0, 4], Sensor(3, 6))
