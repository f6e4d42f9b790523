import math

import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.metrics.flow import endpoint_error, flow_warp_loss
from eventsnn.results import Flow

SENSOR = Sensor(8, 6)


def flow(u, v, valid=None, interval=(0, 1000), sensor=SENSOR):
    displacement = np.zeros((2, sensor.height, sensor.width), np.float32)
    displacement[0], displacement[1] = u, v
    return Flow(displacement, *interval, valid)


def events_at(points, sensor=SENSOR):
    """Events at (t, x, y)."""
    t, x, y = np.array(sorted(points)).reshape(-1, 3).T
    return Events.checked(t, x, y, np.ones(len(t), bool), sensor)


def test_masked_counts_the_pixels_with_events_and_dense_all():
    prediction, truth = flow(0, 0), flow(0, 0)
    truth.displacement[:, 2, 3] = 3, 4
    truth.displacement[:, 5, 5] = 0, 2
    events = events_at([(0, 3, 2), (5, 3, 2), (9, 0, 0)])
    masked = endpoint_error(prediction, truth, events)
    assert (masked.average, masked.outliers, masked.pixels) == (2.5, 0.5, 2)
    dense = endpoint_error(prediction, truth, protocol="dense")
    assert dense.average == pytest.approx(7 / 48)
    assert dense.outliers == pytest.approx(1 / 48)
    assert dense.above_1_px == pytest.approx(2 / 48)
    assert dense.above_3_px == pytest.approx(1 / 48)
    published = endpoint_error(prediction, truth, events, protocol="ev-flownet")
    assert (published.average, published.outliers, published.pixels) == (5, 1, 1)


def test_outliers_of_large_motion_differ_by_protocol():
    # 4 px of error on 79 px of true and 83 px of predicted motion: 5.06 % and 4.8 %.
    prediction, truth = flow(83, 0), flow(79, 0)
    events = events_at([(0, 3, 2)])
    shares = {
        protocol: endpoint_error(prediction, truth, events, protocol=protocol).outliers
        for protocol in ("dense", "ev-flownet", "event_flow", "kitti")
    }
    assert shares == {"dense": 1, "ev-flownet": 1, "event_flow": 0, "kitti": 1}


def test_invalid_and_endless_truth_does_not_count():
    valid = np.ones((6, 8), bool)
    valid[0] = False
    truth = flow(1, 0, valid)
    truth.displacement[:, 0] = 99
    truth.displacement[1, 1] = np.nan
    score = endpoint_error(flow(0, 0), truth, protocol="dense")
    assert (score.average, score.pixels) == (1, 32)


@pytest.mark.parametrize("protocol", ["dense", "event_flow", "kitti"])
def test_a_prediction_that_is_not_a_number_is_infinitely_wrong(protocol):
    prediction = flow(1, 0)
    prediction.displacement[0, 2, 3] = np.nan
    score = endpoint_error(prediction, flow(1, 0), events_at([(0, 3, 2)]), protocol=protocol)
    assert score.average == math.inf
    assert score.outliers > 0


def test_no_pixel_gives_nan_not_a_warning():
    score = endpoint_error(flow(0, 0), flow(1, 0), Events.empty(SENSOR))
    assert math.isnan(score.average)
    assert score.pixels == 0


def test_mismatches_are_refused():
    with pytest.raises(ShapeError, match="give the events"):
        endpoint_error(flow(0, 0), flow(0, 0))
    with pytest.raises(ShapeError, match="8x6 sensor cannot be compared with 4x4"):
        endpoint_error(flow(0, 0), flow(0, 0, sensor=Sensor(4, 4)), protocol="dense")
    with pytest.raises(ShapeError, match=r"\[0, 1000\) µs cannot be compared"):
        endpoint_error(flow(0, 0), flow(0, 0, interval=(0, 2000)), protocol="dense")
    with pytest.raises(ConfigError, match="did you mean masked"):
        endpoint_error(flow(0, 0), flow(0, 0), protocol="mask")  # type: ignore[arg-type]


MOVING = [(100 * k, 1 + k, 2) for k in range(5)] + [(100 * k, 2, 4) for k in range(3)]
"""A point that moves 1 px right every 100 µs, and three events of a still one."""


def test_flow_warp_loss_by_hand():
    events = events_at(MOVING)
    truth = flow(0, 0)
    truth.displacement[0, 2] = 10
    # Plain: five pixels with 1, one with 3. Warped: the row gathers at x = 11, off the image at 1000 µs;
    # at 500 µs it gathers at x = 6.
    plain = np.array([1] * 5 + [3] + [0] * 42).var()
    assert flow_warp_loss(events, truth) == pytest.approx(np.array([3] + [0] * 47).var() / plain)
    middle = flow_warp_loss(events, truth, protocol="middle")
    assert middle == pytest.approx(np.array([5, 3] + [0] * 46).var() / plain)


@pytest.mark.parametrize("protocol", ["event_flow", "middle"])
def test_no_motion_gives_one_and_the_wrong_direction_less_than_the_right(protocol):
    events = events_at(MOVING, Sensor(32, 6))
    right, left, still = (flow(u, 0, sensor=Sensor(32, 6)) for u in (10, -10, 0))
    assert flow_warp_loss(events, still, protocol=protocol) == 1
    scores = [flow_warp_loss(events, f, protocol=protocol) for f in (left, right)]
    assert scores[0] < scores[1]


def test_flow_that_is_not_a_number_drops_the_events():
    assert flow_warp_loss(events_at(MOVING), flow(np.nan, 0)) == 0


def test_flow_warp_loss_without_contrast_is_nan():
    assert math.isnan(flow_warp_loss(Events.empty(SENSOR), flow(1, 1)))
    one = Sensor(1, 1)
    assert math.isnan(flow_warp_loss(events_at([(0, 0, 0)], one), flow(1, 1, sensor=one)))


def test_flow_warp_loss_refuses_what_does_not_fit():
    with pytest.raises(ShapeError, match="reach beyond the flow's interval"):
        flow_warp_loss(events_at([(2000, 0, 0)]), flow(0, 0))
    with pytest.raises(ShapeError, match="cannot be warped by 4x4 flow"):
        flow_warp_loss(events_at(MOVING), flow(0, 0, sensor=Sensor(4, 4)))
    with pytest.raises(ConfigError, match="no flow warp protocol 'end'"):
        flow_warp_loss(events_at(MOVING), flow(0, 0), protocol="end")  # type: ignore[arg-type]
    off = Events(np.zeros(1, int), np.array([8], np.uint16), np.zeros(1, np.uint16), np.ones(1, bool), SENSOR)
    with pytest.raises(ShapeError, match="event 0 lies off the 8x6 sensor"):
        flow_warp_loss(off, flow(0, 0))
