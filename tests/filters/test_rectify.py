import numpy as np
import pytest

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import Rectify, filter_from_text, filtered

SENSOR = Sensor(4, 3)


def identity():
    return np.stack(np.meshgrid(np.arange(4), np.arange(3)), -1).astype(np.float32)


def test_moves_to_the_nearest_pixel_and_counts_what_leaves():
    map = identity()
    map[0, 0] = (2.4, 1.6)
    map[0, 1] = (3.6, 0)
    map[1, 0] = (-0.6, 0)
    map[1, 1] = (0, 2.51)
    map[2, 2] = np.nan
    map[2, 3] = (np.inf, 1)
    map[2, 0] = (-0.4, 2.4)
    events = Events.checked(
        np.arange(7), [0, 1, 0, 1, 2, 3, 0], [0, 0, 1, 1, 2, 2, 2], [1, 1, 0, 1, 1, 1, 0], SENSOR
    )
    kept, state = Rectify(map)(events)
    assert (kept.t.tolist(), kept.x.tolist(), kept.y.tolist()) == ([0, 6], [2, 0], [2, 2])
    assert kept.p.tolist() == [True, False]
    assert state.dropped == 5
    _, state = Rectify(map)(events, state)
    assert state.dropped == 10


def test_a_map_from_a_file(tmp_path):
    np.save(tmp_path / "map.npy", identity() + 1)
    events = Events.checked([0, 1], [0, 3], [0, 0], [1, 1], SENSOR)
    (kept,) = filtered([events], filter_from_text(f"rectify:map={tmp_path}/map.npy"))
    assert (kept.t.tolist(), kept.x.tolist(), kept.y.tolist()) == ([0], [1], [1])


def test_a_map_of_another_sensor_is_refused():
    step = Rectify(identity()[:2])
    for use in (lambda: step.sensor(SENSOR), lambda: step(Events.empty(SENSOR))):
        with pytest.raises(ShapeError, match=r"the map of a 4x3 sensor is \(3, 4, 2\), not \(2, 4, 2\)"):
            use()
