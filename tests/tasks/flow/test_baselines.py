"""Every classical method finds a motion it must find, and gives a flow for windows without one."""

import numpy as np
import pytest

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.metrics.flow import endpoint_error, flow_warp_loss
from eventsnn.results import Flow
from eventsnn.tasks.flow.baselines import BASELINES
from eventsnn.windows import Window

MOVING = sorted(set(BASELINES) - {"zero"})


def window_of_dots(motions, start_us=5_000_000, length_us=20_000):
    """Dots that move at a constant speed, ON ahead and OFF behind, and their true flow.

    `motions`: one displacement for the left and one for the right half of the sensor, px per window.
    """
    sensor = Sensor(150, 110)
    rng = np.random.default_rng(0)
    truth = np.zeros((2, sensor.height, sensor.width), np.float32)
    columns = []
    half = sensor.width // 2
    for side, motion in enumerate(motions):
        truth[:, :, side * half : (side + 1) * half or None] = np.array(motion)[:, None, None]
        dots = rng.uniform((side * half, 0), ((side + 1) * half, sensor.height), (110, 2))
        for t in np.linspace(0, length_us - 1, 24).astype(int):
            moved = dots + (t / length_us - 0.5) * np.array(motion)
            for on, shift in ((True, 0.15), (False, -0.15)):
                at = np.rint(moved + shift * np.array(motion)).astype(int)
                columns += [(t + start_us, x, y, on) for x, y in at]
    columns = [c for c in columns if 0 <= c[1] < sensor.width and 0 <= c[2] < sensor.height]
    columns.sort(key=lambda c: c[0])
    events = Events.checked(*zip(*columns, strict=True), sensor)
    end_us = start_us + length_us
    return Window(events, start_us, end_us), Flow(truth, start_us, end_us)


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("motion", [(6, 0), (0, -5), (-4, 3)])
def test_finds_one_motion_over_the_whole_window(name, motion):
    window, truth = window_of_dots([motion, motion])
    flow = BASELINES[name](window)
    assert endpoint_error(flow, truth, window.events).average < 0.2 * np.hypot(*motion)
    assert flow_warp_loss(window.events, flow) > 1.3


@pytest.mark.parametrize("name", MOVING)
def test_finds_two_motions(name):
    window, _ = window_of_dots([(5, 0), (0, 4)])
    flow = BASELINES[name](window).displacement
    for half, motion in ((np.s_[:, 20:90, 15:50], (5, 0)), (np.s_[:, 20:90, 100:135], (0, 4))):
        np.testing.assert_allclose(np.median(flow[half], axis=(1, 2)), motion, atol=1)


def test_zero_is_zero():
    window, _ = window_of_dots([(5, 0), (5, 0)])
    assert not BASELINES["zero"](window).displacement.any()


@pytest.mark.parametrize("name", sorted(BASELINES))
@pytest.mark.parametrize("sensor", [Sensor(1, 1), Sensor(3, 90), Sensor(131, 67)], ids=str)
@pytest.mark.parametrize("events", [0, 1, 400])
def test_odd_windows_give_a_finite_flow(name, sensor, events):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, sensor.width, events), rng.integers(0, sensor.height, events)
    window = Window(Events.checked(np.full(events, 40), x, y, rng.random(events) < 0.5, sensor), 40, 41)
    before = window.events.x.copy(), window.events.t.copy()
    flow = BASELINES[name](window)
    assert flow.sensor == sensor
    assert (flow.start_us, flow.end_us) == (40, 41)
    assert np.isfinite(flow.displacement).all()
    np.testing.assert_array_equal(window.events.x, before[0])
    np.testing.assert_array_equal(window.events.t, before[1])


@pytest.mark.parametrize("name", MOVING)
def test_an_event_off_the_sensor_is_refused(name):
    off = Events(
        np.zeros(1, int), np.array([9], np.uint16), np.zeros(1, np.uint16), np.ones(1, bool), Sensor(8, 8)
    )
    with pytest.raises(ShapeError, match="off the 8x8 sensor"):
        BASELINES[name](Window(off, 0, 10))
