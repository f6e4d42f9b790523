import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.results import Flow, Frame
from eventsnn.views.draw import (
    GROUND,
    OFF_COLOUR,
    ON_COLOUR,
    colour_wheel,
    draw_events,
    draw_flow,
    draw_frame,
    event_support,
)

SENSOR = Sensor(8, 6)


def one_flow(x: float, y: float, **more: object) -> Flow:
    displacement = np.empty((2, 6, 8), np.float32)
    displacement[0], displacement[1] = x, y
    return Flow(displacement, 0, 20_000, **more)  # type: ignore[arg-type]


# The corners of the Middlebury wheel (Baker et al.): red at 0 of 55 steps, a quarter turn is 13.75 steps.
# Down is 13.75 of the 15 from red to yellow: green 255 * 13.75 / 15 = 233.75 (its steps are floored).
# Left is 27.5: 2.5 of the 11 from cyan to blue: green 255 - 255 * 2.5 / 11 = 197.
# Up is 41.25: 5.25 of the 13 from blue to magenta: red 255 * 5.25 / 13 = 103.
@pytest.mark.parametrize(
    ("x", "y", "colour"),
    [(3, 0, (255, 0, 0)), (0, 3, (255, 234, 0)), (-3, 0, (0, 197, 255)), (0, -3, (103, 0, 255))],
)
def test_the_four_directions_have_their_middlebury_colours(
    x: float, y: float, colour: tuple[int, ...]
) -> None:
    picture = draw_flow(one_flow(x, y))
    assert picture.shape == (6, 8, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - colour).max() <= 1


def test_no_motion_is_white_and_half_speed_half_saturated() -> None:
    assert (draw_flow(one_flow(0, 0)) == 255).all()
    # 1.5 px in 20 ms are 75 px/s, half of 150: red stays, green and blue come half way down
    half = draw_flow(one_flow(1.5, 0), max_speed=150)
    assert np.abs(half.astype(int) - (255, 127.5, 127.5)).max() <= 1


def test_beyond_full_speed_is_darker_as_published() -> None:
    assert np.abs(draw_flow(one_flow(9, 0), max_speed=150).astype(int) - (191, 0, 0)).max() <= 1


def test_flow_fades_without_support_and_unknown_flow_is_ground() -> None:
    support = np.zeros((6, 8), np.float32)
    support[:, 4:] = 1
    valid = np.ones((6, 8), bool)
    valid[0] = False
    flow = one_flow(3, 0, valid=valid)
    flow.displacement[:, 1, 7] = np.nan
    picture = draw_flow(flow, support)
    assert (picture[0] == GROUND).all()
    assert (picture[1, 7] == GROUND).all()
    assert (picture[2:, 4:] == (255, 0, 0)).all()
    faded = picture[2, 0].astype(int)
    assert (picture[2:, :4] == faded).all()
    assert GROUND[0] < faded[0] < 128


def test_support_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeError, match="8x6"):
        draw_flow(one_flow(1, 0), np.ones((8, 6), np.float32))


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50, width=32), st.floats(-50, 50, width=32))
def test_opposite_flows_never_share_a_colour_and_scale_does_not_change_hue(x: float, y: float) -> None:
    if np.hypot(x, y) < 1:
        return
    here = draw_flow(one_flow(x, y))[0, 0].astype(int)
    there = draw_flow(one_flow(-x, -y))[0, 0].astype(int)
    assert np.abs(here - there).max() > 100
    # The whole picture moves at one speed, so its own scale is that speed whatever it is.
    assert np.abs(draw_flow(one_flow(2 * x, 2 * y))[0, 0].astype(int) - here).max() <= 1


def test_events_are_crisp_and_coloured_by_polarity() -> None:
    x, y, p = [1, 1, 1, 5, 5, 5, 3], [2, 2, 2, 4, 4, 4, 0], [1, 1, 1, 0, 0, 0, 1]
    picture = draw_events(Events.checked(np.arange(7), x, y, p, SENSOR))
    assert tuple(picture[2, 1]) == ON_COLOUR
    assert tuple(picture[4, 5]) == OFF_COLOUR
    lone = picture[0, 3].astype(int)
    assert (np.array(GROUND)[:2] < lone[:2]).all()
    assert (lone[:2] < np.array(ON_COLOUR)[:2]).all()
    drawn = np.zeros((6, 8), bool)
    drawn[[2, 4, 0], [1, 5, 3]] = True
    assert (picture[~drawn] == GROUND).all()


@pytest.mark.parametrize("sensor", [Sensor(1, 1), Sensor(3, 1), Sensor(346, 260)])
def test_no_events_are_an_empty_ground_of_the_sensors_size(sensor: Sensor) -> None:
    picture = draw_events(Events.empty(sensor))
    assert picture.shape == (sensor.height, sensor.width, 3)
    assert (picture == GROUND).all()


def test_frames_of_every_kind_become_rgb() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    assert (draw_frame(Frame(grey, 0), SENSOR) == grey[..., None]).all()
    assert (draw_frame(Frame(grey.astype(np.uint16) * 256 + 7, 0), SENSOR) == grey[..., None]).all()
    colour = np.stack([grey, grey + 1, grey + 2], axis=2)
    assert (draw_frame(Frame(colour, 0), SENSOR) == colour).all()
    assert (draw_frame(None, SENSOR) == GROUND).all()
    assert draw_frame(None, SENSOR).shape == (6, 8, 3)


def test_support_is_full_on_a_contour_and_nothing_around_a_lone_event() -> None:
    sensor = Sensor(41, 41)
    line = np.arange(41)
    contour = event_support(Events.checked(line * 0, line, line * 0 + 20, line * 0, sensor))
    assert contour.dtype == np.float32
    assert contour[20].min() == 1
    assert contour[:10].max() == 0
    assert event_support(Events.checked([0], [20], [20], [1], sensor)).max() == 0


def test_the_wheel_shows_what_the_flow_shows() -> None:
    wheel = colour_wheel(101)
    assert wheel.shape == (101, 101, 3)
    assert np.abs(wheel[50, 50].astype(int) - 255).max() <= 8
    assert np.abs(wheel[50, 98].astype(int) - (255, 0, 0)).max() <= 20
    assert np.abs(wheel[98, 50].astype(int) - (255, 234, 0)).max() <= 20
    assert (wheel[0, 0] == GROUND).all()
