import numpy as np
import pytest

from eventsnn.events import Events, Sensor
from eventsnn.results import Flow, Frame
from eventsnn.views.draw import GROUND
from eventsnn.views.panel import Caption, SpeedScale, panel

FIGURES = (("events/s", "1.2 M"), ("latency", "12 ms"))


def still_flow(sensor: Sensor, speed_px_s: float = 0) -> Flow:
    displacement = np.zeros((2, sensor.height, sensor.width), np.float32)
    displacement[0] = speed_px_s * 0.02
    return Flow(displacement, 0, 20_000)


@pytest.mark.parametrize(
    "sensor", [Sensor(1, 1), Sensor(16, 200), Sensor(346, 260), Sensor(641, 479), Sensor(1280, 720)]
)
@pytest.mark.parametrize("with_frame", [False, True])
def test_every_sensor_gives_a_picture_that_a_codec_takes(sensor: Sensor, with_frame: bool) -> None:
    frame = Frame(np.full((sensor.height, sensor.width), 200, np.uint8), 0) if with_frame else None
    picture = panel(Events.empty(sensor), frame, still_flow(sensor), 100, Caption("a", figures=FIGURES))
    height, width = picture.shape[:2]
    assert picture.dtype == np.uint8
    assert height % 2 == width % 2 == 0
    assert height * 1.2 >= 600
    assert 1000 <= width <= 2300
    # The ground has no bright view in it but the frame's, which is pure grey 200.
    assert ((picture == 200).all(axis=2).sum() > 0.02 * height * width) == with_frame


def test_the_size_does_not_depend_on_the_words() -> None:
    sensor = Sensor(64, 48)
    long = Caption("x" * 300, True, (("name", "9" * 50),) * 6, "notice " * 40)
    shapes = {
        panel(Events.empty(sensor), None, still_flow(sensor), 100, caption).shape
        for caption in (Caption(""), Caption("file.aedat4", False, FIGURES, "lost"), long)
    }
    assert len(shapes) == 1


def test_simulated_is_written_large_and_only_then() -> None:
    sensor = Sensor(346, 260)
    draw = [
        panel(Events.empty(sensor), None, still_flow(sensor), 100, Caption("davis346", simulated))
        for simulated in (True, False)
    ]
    warning = [(picture[:66] == (255, 196, 0)).all(axis=2) for picture in draw]
    assert warning[0].sum() > 5000
    assert warning[1].sum() == 0
    assert (draw[0][66:] == draw[1][66:]).all()


def test_a_picture_is_the_callers_own() -> None:
    sensor = Sensor(32, 32)
    arguments = (Events.empty(sensor), None, still_flow(sensor), 100.0, Caption("a"))
    first = panel(*arguments)
    first[:] = 7
    assert tuple(panel(*arguments)[2, 2]) == GROUND


def test_the_scale_is_round_follows_and_does_not_flicker() -> None:
    sensor = Sensor(20, 20)
    places = np.arange(20)
    events = Events.checked(places, places, places, places % 2, sensor)
    scale = SpeedScale(smoothing=0.5)
    assert scale.follow(still_flow(sensor, 130), events) == 150
    for speed in (100, 149, 120, 90):
        assert scale.follow(still_flow(sensor, speed), events) == 150
    for _ in range(20):
        scale.follow(still_flow(sensor, 900), events)
    assert scale.max_speed == 1000
    for _ in range(40):
        scale.follow(still_flow(sensor, 20), events)
    assert 20 <= scale.max_speed <= 40


def test_the_scale_survives_silence_and_flow_that_is_not_a_number() -> None:
    sensor = Sensor(4, 4)
    scale = SpeedScale()
    assert scale.follow(still_flow(sensor, 500), Events.empty(sensor)) == 10
    broken = Flow(np.full((2, 4, 4), np.nan, np.float32), 0, 20_000)
    assert scale.follow(broken, Events.checked([0], [1], [1], [1], sensor)) == 10
