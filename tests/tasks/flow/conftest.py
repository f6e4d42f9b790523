"""Small networks and sequences that every flow test can use."""

from pathlib import Path

import pytest
import torch

from eventsnn.pretrained import save_weights
from eventsnn.simulation.textures import TextureBank
from eventsnn.tasks.flow.data import SceneConfig, Sequence, simulate_sequence
from eventsnn.tasks.flow.network import FlowConfig, FlowNetwork


@pytest.fixture(scope="session")
def sequences() -> list[Sequence]:
    bank = TextureBank.random(0, textures=6, masks=4)
    return [simulate_sequence(seed, bank, SceneConfig(50, 40, windows=3)) for seed in range(2)]


@pytest.fixture
def network() -> FlowNetwork:
    torch.manual_seed(0)
    small = FlowNetwork(FlowConfig(channels=(4, 6, 8, 10), blocks=1))
    # An untrained network hardly fires, and its readout starts near zero; here both must be seen to matter.
    for module in small.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 4.0)
            torch.nn.init.normal_(module.bias, 0.5)
    torch.nn.init.normal_(small.readout.weight, std=0.02)
    return small.eval()


@pytest.fixture
def weights(network: FlowNetwork, tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_weights(path, network, "flow", network.config, {"steps": 0})
    return path
