"""Event spike tensor (EST): events spread over time bins by a kernel, which a network may learn.

Source: Gehrig, Loquercio, Derpanis, Scaramuzza, "End-to-End Learning of Representations for Asynchronous
Event-Based Data", ICCV 2019, section 3, and the authors' code. At the normalised time s = (t - start) /
(end - start) an event adds f(s) k(s - b / (B - 1)) to bin b of its polarity, OFF before ON. The measurement f
is s itself or 1. The kernel k starts as the trilinear one, max(0, 1 - (B - 1) |d|); with f = 1 that is our
voxel grid with `polarity="channels"`, its halves swapped.

The kernel is learned in `layer.py`, which needs PyTorch; here it is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events
from eventsnn.representations.representation import Representation, interval, prepared, refusal

Measurement = Literal["time", "count"]
"""What an event brings: its normalised time, as the authors train, or 1."""


def event_spike_tensor(
    events: Events,
    bins: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    measurement: Measurement = "time",
    kernel: Sequence[float] | NDArray[np.float32] | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Events spread over time bins by a kernel that does not change any more.

    An interval of no length has every event at time 0.

    Args:
        events: in time order.
        bins: number of bins B.
        start_us: instant of the first bin, µs; the first event where None.
        end_us: instant of the last bin, µs; the last event where None.
        measurement: what an event brings.
        kernel: an odd number of at least 3 values at equal distances from -1 to 1, linear in between, such
            as `EventSpikeTensorLayer.table` gives; the trilinear kernel where None.
        out: array to write to, overwritten.
    Returns: (2B, H, W) float32: the B bins of OFF, then the B bins of ON.

    Raises:
        ConfigError: fewer than one bin, an unknown measurement, a kernel of another form.
        ShapeError: an event off the sensor, outside the interval or out of time order; an `out` that does
            not fit. `out` is then half filled.
    """
    from eventsnn.kernels.event_spike_tensor import spread_by_table

    _check(bins, measurement, kernel)
    table = np.ascontiguousarray(trilinear(bins) if kernel is None else kernel, np.float32)
    out = prepared((2 * bins, events.sensor.height, events.sensor.width), out)
    if not len(events):
        return out
    start_us, end_us = interval(events, start_us, end_us, bins)
    columns = events.t, events.x, events.y, events.p
    refused = spread_by_table(*columns, start_us, end_us, measurement == "time", table, out)
    if refused >= 0:
        raise refusal(events, refused, (start_us, end_us))
    return out


def trilinear(bins: int) -> NDArray[np.float32]:
    """The trilinear kernel of neighbouring bins, as a table.

    Args:
        bins: number of bins B.
    Returns: (2 (B - 1) + 1,) float32, 1 in the middle and 0 elsewhere; three times 1 for one bin.
    """
    if bins == 1:
        return np.ones(3, np.float32)
    table = np.zeros(2 * bins - 1, np.float32)
    table[bins - 1] = 1
    return table


@dataclass(frozen=True)
class EventSpikeTensor(Representation):
    """`event_spike_tensor` with its arguments held; the defaults are the paper's 9 bins.

    Args:
        bins: number of bins B.
        measurement: "time" or "count".
        kernel: a tuple of values, or None for the trilinear one.
    Raises: ConfigError: fewer than one bin, an unknown measurement, a kernel of another form.
    """

    bins: int = 9
    measurement: Measurement = "time"
    kernel: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        _check(self.bins, self.measurement, self.kernel)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2 * self.bins

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`event_spike_tensor(events, bins, start_us, end_us, ..., out=out)`."""
        return event_spike_tensor(
            events,
            self.bins,
            start_us,
            end_us,
            measurement=self.measurement,
            kernel=self.kernel,
            out=out,
        )


def _check(bins: int, measurement: str, kernel: Sequence[float] | NDArray[np.float32] | None) -> None:
    if bins < 1:
        raise ConfigError(f"an event spike tensor needs at least 1 bin, not {bins}")
    if measurement not in get_args(Measurement):
        raise ConfigError(
            f"measurement is {' or '.join(map(repr, get_args(Measurement)))}, not {measurement!r}"
        )
    if kernel is not None:
        shape = np.shape(kernel)
        if len(shape) != 1 or shape[0] < 3 or shape[0] % 2 == 0 or not np.isfinite(kernel).all():
            raise ConfigError(
                f"a kernel is an odd number of at least 3 finite values in a row, not of shape {shape}"
            )


REPRESENTATION = EventSpikeTensor
