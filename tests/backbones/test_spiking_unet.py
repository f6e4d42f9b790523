"""The spiking U-Net: shapes, state, folding."""

import pytest
import torch

from eventsnn.backbones.spiking_unet import SpikingUNet, SpikingUNetConfig
from eventsnn.errors import ConfigError, ShapeError


@pytest.fixture(params=["lif", "relu"])
def network(request: pytest.FixtureRequest) -> SpikingUNet:
    torch.manual_seed(0)
    unet = SpikingUNet(SpikingUNetConfig(3, (4, 6, 8, 10), blocks=1, neuron=request.param)).eval()
    for module in unet.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return unet


@torch.no_grad()
def test_step_by_step_equals_whole_sequence(network: SpikingUNet) -> None:
    sequence = torch.randn(5, 2, 3, 32, 48)
    whole, end = network(sequence)
    state, features = None, []
    for x in sequence:
        feature, state, _ = network.step(x, state)
        features.append(feature)
    assert whole.shape == (5, 2, 6, 8, 12)
    assert torch.equal(whole, torch.stack(features))
    for left, right in zip(end, state, strict=True):
        assert (left is None and right is None) or torch.equal(left, right)


@torch.no_grad()
def test_a_sequence_can_be_cut_anywhere(network: SpikingUNet) -> None:
    sequence = torch.randn(4, 1, 3, 16, 16)
    first, state = network(sequence[:1])
    rest, _ = network(sequence[1:], state)
    assert torch.equal(network(sequence)[0], torch.cat([first, rest]))


@torch.no_grad()
def test_folding_keeps_the_results(network: SpikingUNet) -> None:
    x = torch.randn(2, 3, 32, 32)
    before, _, spikes = network.step(x, None)
    network.fold()
    assert not [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    after, _, folded = network.step(x, None)
    if network.config.neuron == "relu":
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
    else:
        # A current may lie within rounding of a threshold; hardly any neuron may notice.
        same = torch.cat([(a == b).flatten() for a, b in zip(spikes, folded, strict=True)])
        assert same.float().mean() > 0.999


@torch.no_grad()
def test_every_spike_is_a_whole_number_up_to_the_most() -> None:
    unet = SpikingUNet(SpikingUNetConfig(3, (4, 6, 8, 10), most=3)).train()
    _, state, spikes = unet.step(5 * torch.randn(1, 3, 32, 32), None)
    for layer in spikes:
        assert torch.equal(layer, layer.round())
        assert 0 <= layer.min() <= layer.max() <= 3
    assert len(state) == len(spikes) == len(unet.neurons)


def test_state_matters() -> None:
    torch.manual_seed(0)
    unet = SpikingUNet(SpikingUNetConfig(3, (4, 6, 8, 10))).train()
    x = torch.randn(1, 3, 32, 32)
    first, state, _ = unet.step(x, None)
    second, _, _ = unet.step(x, state)
    assert not torch.equal(first, second)


def test_bad_sizes_and_settings() -> None:
    unet = SpikingUNet(SpikingUNetConfig(3, (4, 6, 8, 10)))
    with pytest.raises(ShapeError, match="multiples of 16"):
        unet.step(torch.zeros(1, 3, 30, 32), None)
    with pytest.raises(ShapeError, match="at least one step"):
        unet(torch.zeros(0, 1, 3, 16, 16))
    with pytest.raises(ConfigError, match="lif or relu"):
        SpikingUNetConfig(neuron="tanh")
    with pytest.raises(ConfigError, match="at least once"):
        SpikingUNetConfig(most=0)
