"""Mixed-density event stack: windows that halve in length, so that slow and fast motion both show.

- "se-cff": plane s holds the last polarity of each pixel among the newest N, N/2, N/4, ... of N events (Nam,
  Mostafavi, Yoon, Choi, "Stereo Depth from Events Cameras: Concentrate and Focus on the Future", CVPR 2022,
  and the authors' code).
- "rvt": plane s of S holds ON minus OFF in the first 1 / 2^(S - 1 - s) of the interval, so that the last one
  holds all of it (the code of Gehrig, Scaramuzza, "Recurrent Vision Transformers", CVPR 2023, which wraps
  where this stops).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError, unknown_name
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import (
    Representation,
    interval,
    places_torch,
    refusal,
    target,
)

if TYPE_CHECKING:
    from torch import Tensor

Convention = Literal["se-cff", "rvt"]
"""Whose stack: see the head of the module."""

# Beyond 2**30 halvings nothing is left to halve, and shifts of 64 bits would begin to wrap.
_MOST_STACKS = 30


def mixed_density(
    events: Events,
    stacks: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    convention: Convention = "se-cff",
    count_cutoff: int = 127,
    out: NDArray[np.int8] | None = None,
) -> NDArray[np.int8]:
    """Polarities of nested windows, each half as long as another.

    Args:
        events: in time order.
        stacks: number of planes S.
        start_us: begin of the interval, µs; the first event where None. "se-cff" counts events instead.
        end_us: end of the interval, µs; the last event where None.
        convention: whose stack.
        count_cutoff: where the sums of "rvt" stop on both sides of 0, 1 to 127.
        out: array to write to, overwritten.
    Returns: (S, H, W) int8; se-cff: -1, 0 or 1, all events in plane 0; rvt: all events in the last plane.

    Raises:
        ConfigError: fewer than one or too many planes, an unknown convention, an impossible cutoff.
        ShapeError: an event off the sensor, outside the interval of "rvt" or out of time order; an `out`
            that does not fit. `out` is then half filled.
    """
    from eventsnn.kernels.mixed_density import show_newest, sum_until

    _check(stacks, convention, count_cutoff)
    out = target((stacks, events.sensor.height, events.sensor.width), out, np.int8)
    if not len(events):
        out.fill(0)
        return out
    columns = events.x, events.y, events.p
    if convention == "se-cff":
        refused = show_newest(*columns, np.array(_firsts(len(events), stacks)), out)
    else:
        start_us, end_us = interval(events, start_us, end_us, 1)
        for index in (0, len(events) - 1):
            if not start_us <= events.t[index] <= end_us:
                raise refusal(events, index, (start_us, end_us))
        lasts = np.searchsorted(events.t, _edges_us(start_us, end_us, stacks))
        refused = sum_until(*columns, np.append(lasts, len(events)), count_cutoff, out)
    if refused >= 0:
        raise refusal(events, refused)
    return out


@dataclass(frozen=True)
class MixedDensity(Representation):
    """`mixed_density` with its arguments held; the defaults are the 10 stacks of se-cff.

    Args:
        stacks: number of planes S.
        convention: "se-cff" or "rvt".
        count_cutoff: where the sums of "rvt" stop, 1 to 127.
    Raises: ConfigError: fewer than one or too many planes, an unknown convention, an impossible cutoff.
    """

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.int8)

    stacks: int = 10
    convention: Convention = "se-cff"
    count_cutoff: int = 127

    def __post_init__(self) -> None:
        _check(self.stacks, self.convention, self.count_cutoff)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return self.stacks

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.int8] | None = None,
    ) -> NDArray[np.int8]:
        """`mixed_density(events, stacks, start_us, end_us, ..., out=out)`."""
        return mixed_density(
            events,
            self.stacks,
            start_us,
            end_us,
            convention=self.convention,
            count_cutoff=self.count_cutoff,
            out=out,
        )


def mixed_density_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    stacks: int,
    start_us: int,
    end_us: int,
    *,
    convention: Convention = "se-cff",
    count_cutoff: int = 127,
) -> Tensor:
    """The same stack from tensors on any device.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        stacks: number of planes S.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
        convention: whose stack.
        count_cutoff: where the sums of "rvt" stop on both sides of 0, 1 to 127.
    Returns: (S, H, W) int8 on the device of `t`.

    Raises:
        ConfigError: fewer than one or too many planes, an unknown convention, an impossible cutoff.
        ShapeError: an event off the sensor, or outside the interval of "rvt".
    """
    import torch

    _check(stacks, convention, count_cutoff)
    pixels = sensor.height * sensor.width
    place, sign = places_torch(x, y, sensor), torch.where(p, 1, -1)
    if convention == "se-cff":
        order = torch.arange(len(t), device=t.device)
        newest = torch.full((pixels,), -1, dtype=torch.int64, device=t.device)
        newest.scatter_reduce_(0, place, order, "amax")
        firsts = torch.tensor(_firsts(len(t), stacks), device=t.device)
        padded = torch.cat([sign, sign.new_zeros(1)])
        planes = padded[newest] * ((newest >= firsts[:, None]) & (newest >= 0))
    else:
        outside = (t < start_us) | (t > end_us)
        if bool(outside.any()):
            raise ShapeError(f"{int(outside.sum())} events lie outside [{start_us}, {end_us}] µs")
        edges_us = torch.tensor(_edges_us(start_us, end_us, stacks), dtype=torch.int64, device=t.device)
        first = torch.searchsorted(edges_us, t, right=True)
        planes = torch.zeros(stacks * pixels, dtype=torch.int64, device=t.device)
        planes.index_add_(0, first * pixels + place, sign)
        planes = planes.view(stacks, pixels).cumsum(0).clamp(-count_cutoff, count_cutoff)
    return planes.to(torch.int8).view(stacks, sensor.height, sensor.width)


def _firsts(events: int, stacks: int) -> list[int]:
    """The first event of each plane: half of the number, a quarter, an eighth, ... are left out in turn."""
    firsts = [0]
    for s in range(1, stacks):
        firsts.append(firsts[-1] + (events >> s))
    return firsts


def _edges_us(start_us: int, end_us: int, stacks: int) -> list[int]:
    """The first instants that are too late for the planes but the last: 1/2^(S-1), ..., 1/4, 1/2 on."""
    # Times are whole: an interval of no length gives one that is too late for nothing.
    duration = max(end_us - start_us, 1)
    return [start_us - (-duration >> k) for k in range(stacks - 1, 0, -1)]


def _check(stacks: int, convention: str, count_cutoff: int) -> None:
    if not 1 <= stacks <= _MOST_STACKS:
        raise ConfigError(f"a mixed-density stack has 1 to {_MOST_STACKS} planes, not {stacks}")
    if convention not in get_args(Convention):
        raise unknown_name("convention of a mixed-density stack", convention, get_args(Convention))
    if not 1 <= count_cutoff <= 127:
        raise ConfigError(f"sums of signed 8 bits stop at 1 to 127, not at {count_cutoff}")


REPRESENTATION = MixedDensity
