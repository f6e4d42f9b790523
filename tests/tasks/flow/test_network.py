"""The flow network: step by step, whole sequences, state and bad input."""

import numpy as np
import pytest
import torch

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import voxel_grid
from eventsnn.tasks.flow.data import Sequence
from eventsnn.tasks.flow.network import FASTEST, FLOW_SCALE, KEPT, FlowConfig, FlowNetwork, FlowState
from eventsnn.tasks.flow.predictor import SHIPPED, inference, load_network
from eventsnn.windows import Window


@torch.no_grad()
def test_step_by_step_equals_whole_sequence(network: FlowNetwork, sequences: list[Sequence]) -> None:
    steps = [[sequence.windows[index] for sequence in sequences] for index in range(3)]
    whole, end = network(steps)
    state, flows = None, []
    for windows in steps:
        out = network.step(windows, state)
        flows.append(out.flow)
        state = out.state
    assert whole.shape == (3, 2, 2, 40, 50)
    assert torch.equal(whole, torch.stack(flows))
    assert torch.equal(end.flow, state.flow)
    assert not torch.equal(flows[0], flows[1])


@torch.no_grad()
def test_a_batch_is_its_streams_side_by_side(network: FlowNetwork, sequences: list[Sequence]) -> None:
    both, _ = network([[sequence.windows[index] for sequence in sequences] for index in range(3)])
    for index, sequence in enumerate(sequences):
        alone, _ = network([[window] for window in sequence.windows])
        # Convolutions sum in another order for another batch size; a spike may differ, the flow hardly.
        assert (both[:, index : index + 1] - alone).abs().mean() < 0.05


def test_encoding_without_known_flow_is_the_voxel_grid(
    network: FlowNetwork, sequences: list[Sequence]
) -> None:
    window = sequences[0].windows[1]
    encoded = network.encode([window], network.start([window]).flow)[0].numpy()
    grid = voxel_grid(window.events, 5, window.start_us, window.end_us, polarity="channels")
    np.testing.assert_allclose(encoded[:10, :40, :50], np.log1p(grid), atol=1e-4)
    assert not encoded[10:].any()
    assert not encoded[:, 40:].any()


def test_known_flow_moves_the_events_and_is_shown(network: FlowNetwork) -> None:
    # One event at the start of the window, known to move 8 px right over it: at mid-window it is 4 px on.
    window = Window(Events.checked([0], [10], [20], [1], Sensor(48, 48)), 0, 20_000)
    flow = torch.zeros(1, 2, 12, 12)
    flow[:, 0] = 8
    encoded = network.encode([window], flow)[0]
    assert torch.nonzero(encoded[:10]).tolist() == [[0, 20, 14]]
    assert encoded[10, 5, 5].item() == 8 / FLOW_SCALE


@torch.no_grad()
def test_known_flow_is_corrected_not_replaced(network: FlowNetwork, sequences: list[Sequence]) -> None:
    torch.nn.init.zeros_(network.readout.weight)
    torch.nn.init.zeros_(network.readout.bias)
    windows = [sequence.windows[0] for sequence in sequences]
    state = FlowState(None, torch.full_like(network.start(windows).flow, 3.0))
    torch.testing.assert_close(network.step(windows, state).flow, torch.full((2, 2, 40, 50), 3.0 * KEPT))


@torch.no_grad()
@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_events(network: FlowNetwork, count: int) -> None:
    events = Events.checked([5] * count, [1] * count, [2] * count, [1] * count, Sensor(32, 32))
    out = network.step([Window(events, 0, 10)])
    assert torch.isfinite(out.flow).all()


def test_gradients_reach_every_weight(sequences: list[Sequence]) -> None:
    torch.manual_seed(0)
    network = FlowNetwork(FlowConfig(channels=(4, 6, 8, 10), blocks=1)).train()
    flow, _ = network([[sequence.windows[index] for sequence in sequences] for index in range(3)])
    flow.square().sum().backward()
    without = [name for name, value in network.named_parameters() if value.grad is None]
    assert without == []


def test_shipped_size_is_under_a_million() -> None:
    assert sum(parameter.numel() for parameter in FlowNetwork(FlowConfig()).parameters()) < 1_000_000


def test_bad_input(network: FlowNetwork, sequences: list[Sequence]) -> None:
    small = Window(Events.empty(Sensor(32, 32)), 0, 10)
    with pytest.raises(ShapeError, match="one sensor"):
        network.step([small, sequences[0].windows[0]])
    state = network.start([small])
    with pytest.raises(ShapeError, match="start with None"):
        network.step([sequences[0].windows[0]], state)
    late = Window(Events.checked([50], [1], [1], [1], Sensor(32, 32)), 0, 10)
    with pytest.raises(ShapeError, match="lies outside it"):
        network.step([late])
    with pytest.raises(ShapeError, match="at least one window"):
        network([])
    with pytest.raises(ConfigError, match="2 bins"):
        FlowConfig(bins=1)


@torch.no_grad()
def test_a_stream_recovers_from_wrong_flow(sequences: list[Sequence]) -> None:
    """A damaged state must wear off: the shipped network forgets hundreds of pixels within a few windows."""
    network = load_network(SHIPPED)
    windows = sequences[0].windows
    wrong = 300 * torch.randn(
        network.start(windows[:1]).flow.shape, generator=torch.Generator().manual_seed(0)
    )
    state = FlowState(None, wrong)
    with inference():
        assert network.step(windows[:1], state).state.flow.abs().max() < FASTEST + 60
        for _ in range(12):
            for window in windows:
                out = network.step([window], state)
                state = out.state
        expected, _ = network([[window] for window in (*windows, *windows)])
    assert (out.flow - expected[-1]).abs().mean() < 1.0
