"""Binary spike cube: whether a pixel spiked in each time step, the direct input of a spiking network.

Source: the voxel cube of Cordone, Miramond, Thierion, "Object Detection with Spiking Neural Networks on
Automotive Event Data", IJCNN 2022, with one micro bin per time step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation
from eventsnn.representations.stacked_histogram import fill_counts, stacked_histogram_torch

if TYPE_CHECKING:
    from torch import Tensor


def spike_cube(
    events: Events,
    steps: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """1 where a pixel had an event in a time step, 0 elsewhere.

    Time comes first: `spike_cube(...).reshape(T, 2, H, W)` is a network's input, step by step. The steps
    are those of `stacked_histogram`.

    Args:
        events: in time order.
        steps: number of time steps T.
        start_us: begin of the interval, µs; the first event where None.
        end_us: end of the interval, µs; the last event where None.
        out: array to write to, overwritten.
    Returns: (2T, H, W) uint8: ON and OFF of the first step, ON and OFF of the second, and so on.

    Raises:
        ConfigError: fewer than one step.
        ShapeError: an event off the sensor, outside the interval or out of time order; an `out` that does
            not fit. `out` is then half filled.
    """
    _check(steps)
    return fill_counts(events, steps, start_us, end_us, True, 1, 2, 1, out)


@dataclass(frozen=True)
class SpikeCube(Representation):
    """`spike_cube` with its argument held.

    Args:
        steps: number of time steps T.
    Raises: ConfigError: fewer than one step.
    """

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.uint8)

    steps: int = 10

    def __post_init__(self) -> None:
        _check(self.steps)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2 * self.steps

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """`spike_cube(events, steps, start_us, end_us, out=out)`."""
        return spike_cube(events, self.steps, start_us, end_us, out=out)


def spike_cube_torch(
    t: Tensor, x: Tensor, y: Tensor, p: Tensor, sensor: Sensor, steps: int, start_us: int, end_us: int
) -> Tensor:
    """The same cube from tensors on any device.

    Args:
        t: (N,) int64, µs, in any order.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        steps: number of time steps T.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
    Returns: (2T, H, W) uint8 on the device of `t`.

    Raises:
        ConfigError: fewer than one step.
        ShapeError: an event off the sensor or outside the interval.
    """
    _check(steps)
    # Swapped polarities bring ON to the front.
    spikes = stacked_histogram_torch(t, x, y, ~p, sensor, steps, start_us, end_us, count_cutoff=1)
    by_polarity = spikes.view(2, steps, sensor.height, sensor.width)
    return by_polarity.transpose(0, 1).reshape(spikes.shape)


def _check(steps: int) -> None:
    if steps < 1:
        raise ConfigError(f"a spike cube needs at least 1 time step, not {steps}")


REPRESENTATION = SpikeCube
