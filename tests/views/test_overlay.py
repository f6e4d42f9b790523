import numpy as np
import pytest

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.views.draw import GROUND, OFF_COLOUR, ON_COLOUR, draw_events
from eventsnn.views.overlay import draw_events_over, draw_time_surface

SENSOR = Sensor(4, 3)
EVENTS = Events.checked([1, 2], [0, 3], [0, 2], [1, 0], SENSOR)


def test_events_cover_a_frame_and_leave_it_as_it_was():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = draw_events_over(EVENTS, Frame(image, 0))
    events = draw_events(EVENTS)
    for y in range(3):
        for x in range(4):
            hit = (x, y) in ((0, 0), (3, 2))
            assert picture[y, x].tolist() == (events[y, x].tolist() if hit else [4 * y + x] * 3)
    assert image.tolist() == np.arange(12).reshape(3, 4).tolist()


def test_a_colour_frame_is_not_painted_on():
    image = np.zeros((3, 4, 3), np.uint8)
    assert draw_events_over(EVENTS, Frame(image, 0)).any()
    assert not image.any()


def test_without_a_frame_it_is_draw_events():
    assert np.array_equal(draw_events_over(EVENTS, None), draw_events(EVENTS))


def test_a_frame_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="4x4 px"):
        draw_events_over(EVENTS, Frame(np.zeros((4, 4), np.uint8), 0))


def test_recency_is_brightness():
    surface = np.zeros((2, 1, 4), np.float32)
    surface[0, 0, 1] = surface[1, 0, 2] = 1
    surface[:, 0, 3] = 0.5
    drawn = draw_time_surface(surface)[0].tolist()
    assert drawn[:3] == [list(GROUND), list(ON_COLOUR), list(OFF_COLOUR)]
    mixed = (np.array(ON_COLOUR) + OFF_COLOUR) / 2
    assert np.allclose(drawn[3], (mixed + GROUND) / 2, atol=0.51)
    with pytest.raises(ShapeError):
        draw_time_surface(surface[0])
