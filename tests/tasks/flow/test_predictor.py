"""The predictor that live streams use."""

from pathlib import Path

import numpy as np
import pytest
import torch

from eventsnn.errors import FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.tasks import task
from eventsnn.tasks.flow.data import Sequence
from eventsnn.tasks.flow.network import FlowNetwork
from eventsnn.tasks.flow.predictor import SHIPPED, FlowPredictor, inference, load_network
from eventsnn.windows import Window


def test_predictor_gives_what_the_network_gives(
    weights: Path, network: FlowNetwork, sequences: list[Sequence]
) -> None:
    predictor = FlowPredictor(Sensor(50, 40), str(weights))
    network.backbone.fold()
    network.to(memory_format=torch.channels_last)
    state = expected = None
    for window in sequences[0].windows:
        flow, state = predictor.step(window, state)
        with inference():
            out = network.step([window], expected)
        expected = out.state
        np.testing.assert_array_equal(flow.displacement, out.flow[0].numpy())
        assert (flow.start_us, flow.end_us) == (window.start_us, window.end_us)
    assert 0 < predictor.firing_rate < 1


def test_other_sensor_is_refused(weights: Path) -> None:
    predictor = FlowPredictor(Sensor(50, 40), str(weights))
    with pytest.raises(ShapeError, match="for a 50x40 sensor, not 64x64"):
        predictor.step(Window(Events.empty(Sensor(64, 64)), 0, 10), None)
    with pytest.raises(ShapeError, match="at least 32x32"):
        FlowPredictor(Sensor(64, 16), str(weights))


def test_bad_weights(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(FormatError, match="eventsnn-train fit flow"):
        load_network(tmp_path / "none.safetensors")
    garbage = tmp_path / "garbage.safetensors"
    garbage.write_bytes(b"not weights at all")
    with pytest.raises(FormatError, match="no safetensors file"):
        load_network(garbage)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(FormatError, match="damaged"):
        load_network(cut)


def test_shipped_weights_find_the_flow_of_a_moving_edge() -> None:
    """Held-out and simple enough to know: a textured plane that moves 6 px to the right in each window."""
    from eventsnn.simulation.scene import Motion, Scene
    from eventsnn.simulation.sensor import EventSensor, SensorConfig
    from eventsnn.simulation.textures import TextureBank

    bank = TextureBank.random(77_000_000, textures=2, masks=2, held_out=True)
    zero = np.zeros(4)
    motion = Motion(np.array([64, 64, 0.3, 0.0]), np.array([300.0, 0, 0, 0]), zero, zero, zero, np.zeros(2))
    scene = Scene(Sensor(128, 128), bank, np.array([1]), np.array([0]), (motion,))
    sensor = EventSensor(scene.render(0)[0], 0, SensorConfig(), np.random.default_rng(0))
    predictor = task("flow").predictor(Sensor(128, 128), None)
    state = None
    for index in range(4):
        instants = index * 20_000 + np.arange(1, 11) * 2_000
        parts = [
            sensor.advance(image, int(t))
            for t, (image, _) in zip(instants, scene.renders(instants), strict=True)
        ]
        window = Window(Events.concat(parts), index * 20_000, (index + 1) * 20_000)
        flow, state = predictor.step(window, state)
    x, y = (np.median(component[window.events.y, window.events.x]) for component in flow.displacement)
    assert x == pytest.approx(6, abs=1.0)
    assert y == pytest.approx(0, abs=1.0)


def test_shipped_weights_are_small() -> None:
    assert SHIPPED.stat().st_size < 4_000_000
