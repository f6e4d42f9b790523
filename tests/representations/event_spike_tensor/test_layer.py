import numpy as np
import pytest
import torch

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import event_spike_tensor
from eventsnn.representations.event_spike_tensor.layer import EventSpikeTensorLayer

SENSOR = Sensor(6, 4)


def some(n, seed, span_us=1000):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


def spread(layer, *windows, end_us=1000):
    columns = [
        torch.from_numpy(np.concatenate([getattr(events, name) for events in windows]).astype(dtype))
        for name, dtype in (("t", int), ("x", int), ("y", int), ("p", bool))
    ]
    window = torch.arange(len(windows)).repeat_interleave(torch.tensor([len(events) for events in windows]))
    edges = torch.zeros(len(windows), dtype=torch.int64)
    return layer(*columns, window, SENSOR, edges, edges + end_us)


@pytest.mark.parametrize("bins", [1, 2, 9])
@pytest.mark.parametrize("measurement", ["time", "count"])
def test_it_begins_as_the_trilinear_kernel(bins, measurement):
    torch.manual_seed(0)
    layer = EventSpikeTensorLayer(bins, measurement)
    events, others = some(100, 1), some(3, 2)
    tensors = spread(layer, events, Events.empty(SENSOR), others)
    assert tensors.shape == (3, 2 * bins, 4, 6)
    for tensor, window in zip(tensors, (events, Events.empty(SENSOR), others), strict=True):
        want = event_spike_tensor(window, bins, 0, 1000, measurement=measurement)
        np.testing.assert_allclose(tensor.detach().numpy(), want, atol=1e-4)


def test_every_weight_learns_and_the_table_follows():
    torch.manual_seed(0)
    layer = EventSpikeTensorLayer(5, "count", hidden=8)
    optimiser = torch.optim.Adam(layer.parameters(), lr=3e-2)
    before = [parameter.detach().clone() for parameter in layer.parameters()]
    events = some(300, 3)
    # What it shall learn: the kernel of bins twice as wide.
    wide = event_spike_tensor(events, 5, 0, 1000, measurement="count", kernel=[0, 0.5, 1, 0.5, 0])
    losses = []
    for _ in range(150):
        optimiser.zero_grad()
        loss = ((spread(layer, events)[0] - torch.from_numpy(wide)) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
    assert all(not torch.equal(a, b) for a, b in zip(before, layer.parameters(), strict=True))
    tensor = event_spike_tensor(events, 5, 0, 1000, measurement="count", kernel=layer.table())
    # The stated tolerance of a table: 1e-3 for each of the some ten events of a pixel.
    np.testing.assert_allclose(tensor, spread(layer, events)[0].detach().numpy(), atol=1e-2)
    distances = torch.linspace(-1, 1, 10_001)
    between = np.interp(distances.numpy(), np.linspace(-1, 1, len(layer.table())), layer.table())
    np.testing.assert_allclose(between, layer.kernel(distances).detach().numpy(), atol=1e-3)


def test_gradients_are_right():
    torch.manual_seed(1)
    layer = EventSpikeTensorLayer(3, hidden=4)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    events = some(40, 4)

    def loss():
        return (spread(layer, events) ** 2).sum()

    loss().backward()
    bias = layer.last.bias
    grad = float(bias.grad)
    with torch.no_grad():
        bias += 1e-2
        above = float(loss())
        bias -= 2e-2
        below = float(loss())
    assert grad == pytest.approx((above - below) / 2e-2, rel=1e-3)


def test_the_trilinear_table_is_exact():
    table = EventSpikeTensorLayer(5).table(4)
    np.testing.assert_allclose(table, [0, 0, 0, 0, 1, 0, 0, 0, 0], atol=1e-6)
    assert EventSpikeTensorLayer(5).table(9).size == 2 * 12 + 1


def test_bad_input_is_refused():
    layer, events = EventSpikeTensorLayer(3), some(5, 0)
    with pytest.raises(ConfigError, match="at least 3 neurons"):
        EventSpikeTensorLayer(hidden=2)
    with pytest.raises(ConfigError, match="at least 1 bin"):
        EventSpikeTensorLayer(0)
    with pytest.raises(ShapeError, match="lie outside their windows"):
        spread(layer, events, end_us=10)
    zero = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ShapeError, match="windows 0 to 0"):
        layer(zero, zero, zero, zero == 0, zero + 1, SENSOR, zero, zero + 9)
    with pytest.raises(ShapeError, match="1 events lie off"):
        layer(zero, zero + 6, zero, zero == 0, zero, SENSOR, zero, zero + 9)
