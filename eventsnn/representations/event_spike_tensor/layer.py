"""The event spike tensor with a kernel that learns."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Sensor
from eventsnn.representations.event_spike_tensor import EventSpikeTensor, Measurement
from eventsnn.representations.representation import places_torch

_SLOPE = 0.1
"""Of the leaky rectifiers below 0."""


class EventSpikeTensorLayer(nn.Module):
    """Events to an event spike tensor; gradients reach the kernel.

    The kernel is a perceptron of one number with two hidden layers. The authors fit it to the trilinear
    kernel before training; here three neurons are that kernel exactly, for a hat is the difference of
    rectifiers, and the rest begin at random with no say in the answer.

    Args:
        bins: number of bins B.
        measurement: what an event brings: its normalised time, or 1.
        hidden: neurons of each hidden layer, at least 3.
    Raises: ConfigError: fewer than one bin, an unknown measurement, fewer than 3 neurons.
    """

    def __init__(self, bins: int = 9, measurement: Measurement = "time", hidden: int = 30) -> None:
        super().__init__()
        # The dataclass knows what its arguments may be.
        EventSpikeTensor(bins, measurement)
        if hidden < 3:
            raise ConfigError(f"the trilinear kernel takes at least 3 neurons, not {hidden}")
        self.bins = bins
        self.measurement = measurement
        self.first = nn.Linear(1, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)
        self._begin_trilinear()

    def _begin_trilinear(self) -> None:
        with torch.no_grad():
            # Their slopes below 0 cancel: leaky(z + 1) - 2 leaky(z) + leaky(z - 1) = (1 - slope) hat(z).
            self.first.weight[:3] = self.bins - 1
            self.first.bias[:3] = torch.tensor([1.0, 0.0, -1.0])
            self.second.weight[0], self.second.bias[0] = 0, 0
            self.second.weight[0, :3] = torch.tensor([1.0, -2.0, 1.0]) / (1 - _SLOPE)
            self.last.weight.zero_()
            self.last.bias.zero_()
            self.last.weight[0, 0] = 1

    def kernel(self, distances: Tensor) -> Tensor:
        """What an event gives to a bin at a distance.

        Args:
            distances: (N,) float32, from the bin to the event, in intervals: -1 to 1.
        Returns: (N,) float32.
        """
        inner: Tensor = leaky_relu(self.first(distances[:, None]), _SLOPE)
        values: Tensor = self.last(leaky_relu(self.second(inner), _SLOPE))
        return values[:, 0]

    def forward(
        self,
        t: Tensor,
        x: Tensor,
        y: Tensor,
        p: Tensor,
        window: Tensor,
        sensor: Sensor,
        start_us: Tensor,
        end_us: Tensor,
    ) -> Tensor:
        """Event spike tensors of a batch of windows.

        Args:
            t: (N,) int64, µs, in any order.
            x: (N,) integer, px.
            y: (N,) integer, px.
            p: (N,) bool.
            window: (N,) int64, the window that each event belongs to, 0 to W - 1.
            sensor: the pixel array.
            start_us: (W,) int64, instant of the first bin of each window, µs.
            end_us: (W,) int64, instant of the last bin, µs.
        Returns: (W, 2B, height, width) float32: the B bins of OFF, then the B bins of ON.
        Raises: ShapeError: an event off the sensor, of a window that is not there, or outside its window.
        """
        windows, pixels = len(start_us), sensor.height * sensor.width
        if bool(((window < 0) | (window >= windows)).any()):
            raise ShapeError(f"events belong to windows 0 to {windows - 1}")
        start, end = start_us[window], end_us[window]
        outside = (t < start) | (t > end)
        if bool(outside.any()):
            raise ShapeError(f"{int(outside.sum())} events lie outside their windows")
        time = ((t - start).double() / (end - start).clamp(min=1)).float()
        first = (window * 2 + p) * self.bins * pixels + places_torch(x, y, sensor)
        tensor = torch.zeros(windows * 2 * self.bins * pixels, device=t.device)
        for k in range(self.bins):
            value = self.kernel(time - k / max(self.bins - 1, 1))
            if self.measurement == "time":
                value = time * value
            tensor = tensor.index_add(0, first + k * pixels, value)
        return tensor.view(windows, 2 * self.bins, sensor.height, sensor.width)

    @torch.no_grad()
    def table(self, steps: int = 1024) -> NDArray[np.float32]:
        """The kernel as it is now, for `event_spike_tensor` and `EventSpikeTensor`.

        Between its values the table is linear, as the kernel is but at its
        kinks: the error is below a quarter of a step's length times the change of slope at a kink.

        Args:
            steps: values from distance 0 to 1; rounded up to whole steps per bin.
        Returns: (2 steps + 1,) float32, the kernel at distances from -1 to 1.
        """
        steps = -(-steps // max(self.bins - 1, 1)) * max(self.bins - 1, 1)
        weight = self.first.weight
        distances = torch.linspace(-1, 1, 2 * steps + 1, device=weight.device, dtype=weight.dtype)
        values: NDArray[np.float32] = self.kernel(distances).float().cpu().numpy()
        return values
