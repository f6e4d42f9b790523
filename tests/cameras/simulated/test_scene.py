from __future__ import annotations

import numpy as np
import pytest

from eventsnn.cameras.simulated.scene import Painter, endless_scene, to_8_bit
from eventsnn.events import Sensor


@pytest.mark.parametrize("sensor", [Sensor(346, 260), Sensor(64, 48)])
@pytest.mark.parametrize("t_us", [0, 1_234_567, 86_400_000_000])
def test_the_painter_draws_what_the_exact_renderer_draws(sensor: Sensor, t_us: int) -> None:
    scene = endless_scene(6, sensor)
    exact, _ = scene.render(t_us)
    painted = Painter(scene).paint(t_us)
    assert painted.shape == exact.shape
    assert painted.dtype == np.float32
    difference = np.abs(painted - exact)
    # Rounding places to 1/32 texel moves outlines by a pixel here and there.
    assert difference.mean() < 0.01 * exact.std() + 0.002
    assert np.mean(difference > 0.1) < 0.02


def test_the_scene_goes_on_for_ever_in_the_picture() -> None:
    scene = endless_scene(6, Sensor(346, 260))
    for second in range(0, 3600, 97):
        _, front = scene.render(second * 1_000_000)
        shapes = np.mean(front < len(scene.motions) - 1)
        assert 0.01 < shapes < 0.7
        speed = np.linalg.norm(scene.flow(second * 1_000_000, second * 1_000_000 + 10_000).velocity, axis=0)
        assert 20 < speed.max() < 1000


def test_grey_is_linear_in_intensity_and_saturates() -> None:
    grey = to_8_bit(np.log(np.array([[0.5, 1.0, 2.0, 10.0]])), gain=100.5)
    assert grey.tolist() == [[50, 100, 201, 255]]
    assert grey.dtype == np.uint8
