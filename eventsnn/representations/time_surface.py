"""Time surface: how fresh the last event of each pixel is.

Source: Lagorce, Orchard, Galluppi, Shi, Benosman, "HOTS: A Hierarchy of Event-Based Time-Surfaces for
Pattern Recognition", TPAMI 2017, section 3.1: exp(-(t - t_last) / tau) per pixel and polarity. The linear
one is 1 - (t - t_last) / tau, and 0 from the age of tau on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation, places_torch, refusal, target

if TYPE_CHECKING:
    from torch import Tensor

Decay = Literal["exponential", "linear"]

Surfaces = Literal["channels", "merged"]
"""One surface for ON and one for OFF, or one for both together."""


def time_surface(
    events: Events,
    tau_us: float,
    at_us: int | None = None,
    *,
    decay: Decay = "exponential",
    polarity: Surfaces = "channels",
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Decayed time since the last event, per pixel.

    Ages are exact to 1 µs in windows of up to 71 minutes, to 2 µs in those twice as long, and so on.

    Args:
        events: in time order.
        tau_us: time constant, or the age at which nothing is left of a linear surface, µs.
        at_us: instant of the surface, µs; the last event where None. Later events are not seen.
        decay: how a pixel fades.
        polarity: "channels" has ON in plane 0 and OFF in plane 1; "merged" does not tell them apart.
        out: array to write to, overwritten.
    Returns: (2, H, W) or (1, H, W) float32 in [0, 1]; 0 where no event ever was.

    Raises:
        ConfigError: a time constant that is not positive, an unknown decay or polarity.
        ShapeError: an event off the sensor or out of time order; an `out` that does not fit.
    """
    from eventsnn.kernels.time_surface import decay_exponentially, decay_linearly, latest_times

    planes = _planes(tau_us, decay, polarity)
    shape = (planes, events.sensor.height, events.sensor.width)
    out = target(shape, out)
    if not len(events):
        out.fill(0)
        return out
    at_us = int(events.t[-1]) if at_us is None else at_us
    seen = events[: int(np.searchsorted(events.t, at_us, side="right"))]
    if not len(seen):
        out.fill(0)
        return out
    start_us = int(seen.t[0])
    shift = max((int(seen.t[-1]) - start_us + 1).bit_length() - 32, 0)
    latest = np.zeros(shape, np.uint32)
    refused = latest_times(seen.t, seen.x, seen.y, seen.p, planes - 1, shift, latest)
    if refused >= 0:
        raise refusal(events, refused)
    fade = decay_exponentially if decay == "exponential" else decay_linearly
    fade(latest, at_us - start_us, shift, float(tau_us), out)
    return out


@dataclass(frozen=True)
class TimeSurface(Representation):
    """`time_surface` with its arguments held.

    Args:
        tau_us: time constant, µs.
        decay: "exponential" or "linear".
        polarity: "channels" or "merged".
    Raises: ConfigError: a time constant that is not positive, an unknown decay or polarity.
    """

    tau_us: float = 50_000
    decay: Decay = "exponential"
    polarity: Surfaces = "channels"

    def __post_init__(self) -> None:
        _planes(self.tau_us, self.decay, self.polarity)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return _planes(self.tau_us, self.decay, self.polarity)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`time_surface(events, tau_us, end_us, ..., out=out)`: the surface at the end of the interval."""
        return time_surface(events, self.tau_us, end_us, decay=self.decay, polarity=self.polarity, out=out)


def time_surface_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    tau_us: float,
    at_us: int,
    *,
    decay: Decay = "exponential",
    polarity: Surfaces = "channels",
) -> Tensor:
    """The same surface from tensors on any device.

    Args:
        t: (N,) int64, µs, in any order.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        tau_us: time constant, µs.
        at_us: instant of the surface, µs. Later events are not seen.
        decay: how a pixel fades.
        polarity: "channels" or "merged".
    Returns: (2, H, W) or (1, H, W) float32 on the device of `t`.

    Raises:
        ConfigError: a time constant that is not positive, an unknown decay or polarity.
        ShapeError: an event off the sensor.
    """
    import torch

    planes = _planes(tau_us, decay, polarity)
    pixels = sensor.height * sensor.width
    place = places_torch(x, y, sensor) + torch.where(p, 0, (planes - 1) * pixels)
    seen = t <= at_us
    never = torch.iinfo(torch.int64).min
    last = torch.full((planes * pixels,), never, dtype=torch.int64, device=t.device)
    last.scatter_reduce_(0, place[seen], t[seen], "amax")
    age = (at_us - last.clamp(min=at_us - 2**62)).double() / tau_us
    surface = torch.exp(-age) if decay == "exponential" else (1 - age).clamp(min=0)
    surface[last == never] = 0
    return surface.float().view(planes, sensor.height, sensor.width)


def _planes(tau_us: float, decay: str, polarity: str) -> int:
    if not tau_us > 0:
        raise ConfigError(f"a time surface needs tau above 0 µs, not {tau_us}")
    if decay not in get_args(Decay):
        raise ConfigError(f"decay is {' or '.join(map(repr, get_args(Decay)))}, not {decay!r}")
    return surfaces(polarity)


def surfaces(polarity: str) -> int:
    """How many surfaces a polarity takes: 2 for "channels", 1 for "merged".

    Raises: ConfigError: neither of them.
    """
    if polarity not in get_args(Surfaces):
        raise ConfigError(f"polarity is {' or '.join(map(repr, get_args(Surfaces)))}, not {polarity!r}")
    return 2 if polarity == "channels" else 1


REPRESENTATION = TimeSurface
