"""The torch simulator against the Numba one."""

import numpy as np
import pytest
import torch

from eventsnn.errors import ShapeError
from eventsnn.events import Sensor
from eventsnn.simulation.batch import BatchRenderer, BatchSensor
from eventsnn.simulation.scene import Scene
from eventsnn.simulation.sensor import EventSensor, SensorConfig
from eventsnn.simulation.textures import TextureBank

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    bank = TextureBank.random(0, textures=8, masks=6)
    generator = np.random.default_rng(3)
    return [Scene.random(generator, Sensor(40, 32), bank) for _ in range(6)]


def test_pictures_are_the_same(scenes: list[Scene]) -> None:
    instants = np.array([0, 7_000, 150_000])
    for t, images in zip(instants, BatchRenderer(scenes, CPU).renders(instants), strict=True):
        for image, scene in zip(images.numpy(), scenes, strict=True):
            # At an outline rounding may decide for the other side.
            assert (np.abs(image - scene.render(int(t))[0]) > 1e-3).mean() < 0.003


def test_events_are_the_same(scenes: list[Scene]) -> None:
    generator = np.random.default_rng(4)
    configs = [
        SensorConfig(shot_noise_hz=0, jitter_us=0, leak_hz=0.5, time_constant_us=500.0 * (index % 2))
        for index in range(len(scenes))
    ]
    single = [
        EventSensor(scene.render(0)[0], 0, config, generator)
        for scene, config in zip(scenes, configs, strict=True)
    ]
    batch = BatchSensor(single, CPU, seed=0)
    instants = np.arange(1, 11) * 2_000
    total = 0
    for t, images in zip(instants, BatchRenderer(scenes, CPU).renders(instants), strict=True):
        for events, sensor, image in zip(batch.advance(images, int(t)), single, images.numpy(), strict=True):
            expected = sensor.advance(image, int(t))
            total += len(expected)
            rows = [set(zip(e.t, e.x, e.y, e.p, strict=True)) for e in (events, expected)]
            assert rows[0] == rows[1]
            assert len(events) == len(expected)
            assert (np.diff(events.t) >= 0).all()
    assert total > 1_000


def test_noise_has_its_rate(scenes: list[Scene]) -> None:
    config = SensorConfig(shot_noise_hz=20, hot_pixels=1, hot_pixel_hz=500, leak_hz=0)
    still = scenes[0].render(0)[0]
    batch = BatchSensor([EventSensor(still, 0, config, np.random.default_rng(0))], CPU, seed=1)
    batch.advance(torch.from_numpy(still)[None], 1)
    (events,) = batch.advance(torch.from_numpy(still)[None], 100_001)
    assert len(events) == pytest.approx(20 * 40 * 32 * 0.1 + 50, abs=2)


def test_scenes_of_two_sizes_are_refused(scenes: list[Scene]) -> None:
    other = Scene.random(np.random.default_rng(0), Sensor(48, 32), scenes[0].bank)
    with pytest.raises(ShapeError, match="one sensor size"):
        BatchRenderer([scenes[0], other], CPU)
