"""Time surface: how fresh the last event of each pixel is.

Source: Lagorce, Orchard, Galluppi, Shi, Benosman, "HOTS: A Hierarchy of Event-Based Time-Surfaces for
Pattern Recognition", TPAMI 2017, section 3.1: exp(-(t - t_last) / tau) per pixel and polarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events
from eventsnn.representations.representation import Representation, prepared, refusal


def time_surface(
    events: Events, tau_us: float, at_us: int | None = None, *, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Exponentially decayed time since the last event, per pixel and polarity.

    Args:
        events: in time order.
        tau_us: time constant, µs.
        at_us: instant of the surface, µs; the last event where None. Later events are not seen.
        out: array to write to, overwritten.
    Returns: (2, H, W) float32 in [0, 1], ON first; 0 where no event ever was.

    Raises:
        ConfigError: a time constant that is not positive.
        ShapeError: an event off the sensor or out of time order; an `out` that does not fit.
    """
    from eventsnn.kernels.time_surface import decay, last_times

    if not tau_us > 0:
        raise ConfigError(f"a time surface needs tau above 0 µs, not {tau_us}")
    shape = (2, events.sensor.height, events.sensor.width)
    out = prepared(shape, out)
    if not len(events):
        return out
    at_us = int(events.t[-1]) if at_us is None else at_us
    seen = events[: int(np.searchsorted(events.t, at_us, side="right"))]
    last = np.full(shape, np.iinfo(np.int64).min, np.int64)
    refused = last_times(seen.t, seen.x, seen.y, seen.p, last)
    if refused >= 0:
        raise refusal(events, refused)
    decay(last, at_us, float(tau_us), out)
    return out


@dataclass(frozen=True)
class TimeSurface(Representation):
    """`time_surface` with its time constant held.

    Args:
        tau_us: time constant, µs.
    Raises: ConfigError: a time constant that is not positive.
    """

    tau_us: float = 50_000

    def __post_init__(self) -> None:
        if not self.tau_us > 0:
            raise ConfigError(f"a time surface needs tau above 0 µs, not {self.tau_us}")

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`time_surface(events, tau_us, end_us, out=out)`: the surface at the end of the interval."""
        return time_surface(events, self.tau_us, end_us, out=out)


REPRESENTATION = TimeSurface
