"""Time-Ordered Recent Event volume (TORE): how old the last K events of each pixel are.

Source: Baldwin, Liu, Almatrafi, Asari, Hirakawa, "Time-Ordered Recent Event (TORE) Volumes for Event
Cameras", TPAMI 2023, and the authors' code (tore_volumes): log(age + 1) - log(150 µs + 1) with ages up to
5 s, 0 below 150 µs, the K of ON before the K of OFF, newest first. Their volume takes the events before an
instant; here one at the instant itself counts too, with age 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation, places_torch, refusal, target

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = np.iinfo(np.int64).min


def tore_memory(sensor: Sensor, depth: int) -> NDArray[np.int64]:
    """The memory of a stream that has not begun, for `tore` to carry from window to window.

    Args:
        sensor: the pixel array.
        depth: events K to remember per pixel and polarity.
    Returns: (2, H, W, K) int64, µs: ON and OFF, newest first; the smallest int64 for no event.
    Raises: ConfigError: less than one or more than 255 events.
    """
    _check(depth, 0, 1)
    return np.full((2, sensor.height, sensor.width, depth), _NEVER, np.int64)


def tore(
    events: Events,
    depth: int,
    at_us: int | None = None,
    *,
    shortest_us: float = 150,
    longest_us: float = 5_000_000,
    memory: NDArray[np.int64] | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Logarithmic ages of the last events of each pixel and polarity.

    A live stream hands the same memory to every call: window by window then equals all at once.

    Args:
        events: in time order, none after `at_us`.
        depth: events K to remember per pixel and polarity.
        at_us: instant of the ages, µs; the last event where None.
        shortest_us: up to this age the value is 0, µs.
        longest_us: older events, and those that never were, count as this old, µs.
        memory: of the stream up to here, from `tore_memory`; updated. None starts anew.
        out: array to write to, overwritten.
    Returns: (2K, H, W) float32: K planes of ON, then K of OFF, newest first.

    Raises:
        ConfigError: less than one or more than 255 events, ages that are negative or not in ascending order.
        ShapeError: an event off the sensor, out of time order, before what its pixel remembers or
            after `at_us`; a memory or an `out` that does not fit. `memory` is then as it was.
    """
    from eventsnn.kernels.tore import log_ages, push_times

    _check(depth, shortest_us, longest_us)
    height, width = events.sensor.height, events.sensor.width
    out = target((2 * depth, height, width), out)
    if memory is None:
        memory = tore_memory(events.sensor, depth)
    _check_memory(memory.shape, memory.dtype == np.int64 and memory.flags.c_contiguous, events.sensor, depth)
    if at_us is None:
        at_us = int(events.t[-1]) if len(events) else max(int(memory.max()), 0)
    if len(events) and events.t[-1] > at_us:
        raise refusal(events, len(events) - 1, (int(events.t[0]), at_us))
    refused = push_times(events.t, events.x, events.y, events.p, memory)
    if refused >= 0:
        raise refusal(events, refused)
    log_ages(memory, at_us, float(shortest_us), float(longest_us), out)
    return out


@dataclass(frozen=True)
class Tore(Representation):
    """`tore` with its arguments held.

    Args:
        depth: events K to remember per pixel and polarity.
        shortest_us: up to this age the value is 0, µs.
        longest_us: the age of what is older, µs.
    Raises: ConfigError: as `tore`.
    """

    depth: int = 4
    shortest_us: float = 150
    longest_us: float = 5_000_000

    def __post_init__(self) -> None:
        _check(self.depth, self.shortest_us, self.longest_us)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2 * self.depth

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        memory: NDArray[np.int64] | None = None,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`tore(events, depth, end_us, ..., memory=memory, out=out)`: ages at the end of the interval."""
        return tore(
            events,
            self.depth,
            end_us,
            shortest_us=self.shortest_us,
            longest_us=self.longest_us,
            memory=memory,
            out=out,
        )


def tore_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    depth: int,
    at_us: int,
    *,
    shortest_us: float = 150,
    longest_us: float = 5_000_000,
    memory: Tensor | None = None,
) -> Tensor:
    """The same volume from tensors on any device.

    Args:
        t: (N,) int64, µs, none after `at_us`.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        depth: events K to remember per pixel and polarity.
        at_us: instant of the ages, µs.
        shortest_us: up to this age the value is 0, µs.
        longest_us: the age of what is older, µs.
        memory: (2, H, W, K) int64 of the stream up to here, as `tore_memory` has it; updated.
    Returns: (2K, H, W) float32 on the device of `t`.

    Raises:
        ConfigError: less than one or more than 255 events, ages that are negative or not in ascending order.
        ShapeError: an event off the sensor or after `at_us`; a memory that does not fit.
    """
    import torch

    _check(depth, shortest_us, longest_us)
    if bool((t > at_us).any()):
        raise ShapeError(f"{int((t > at_us).sum())} events lie after {at_us} µs")
    pixels = sensor.height * sensor.width
    place = places_torch(x, y, sensor) + torch.where(p, 0, pixels)
    if memory is None:
        memory = torch.full((2, sensor.height, sensor.width, depth), _NEVER, device=t.device)
    _check_memory(tuple(memory.shape), memory.dtype == torch.int64, sensor, depth)
    held = (memory.view(-1) != _NEVER).nonzero()[:, 0]
    times, places = torch.cat([memory.view(-1)[held], t]), torch.cat([held // depth, place])
    by_time = torch.sort(times, stable=True).indices
    order = by_time[torch.sort(places[by_time], stable=True).indices]
    times, places = times[order], places[order]
    ends = torch.bincount(places, minlength=2 * pixels).cumsum(0)
    rank = ends[places] - 1 - torch.arange(len(times), device=t.device)
    kept = rank < depth
    memory.fill_(_NEVER)
    memory.view(-1)[places[kept] * depth + rank[kept]] = times[kept]
    # Never is too far away for a difference of 64 bits.
    ages = (at_us - memory.clamp(min=at_us - 2**61)).double().clamp(shortest_us, longest_us)
    ages[memory == _NEVER] = longest_us
    planes = torch.log((ages + 1) / (shortest_us + 1)).float()
    return planes.permute(0, 3, 1, 2).reshape(2 * depth, sensor.height, sensor.width)


def _check(depth: int, shortest_us: float, longest_us: float) -> None:
    if not 1 <= depth <= 255:
        raise ConfigError(f"a TORE volume remembers 1 to 255 events, not {depth}")
    if not 0 <= shortest_us < longest_us < float("inf"):
        raise ConfigError(f"ages go from 0 µs or more up to a longer one, not {shortest_us} to {longest_us}")


def _check_memory(shape: tuple[int, ...], usable: bool, sensor: Sensor, depth: int) -> None:
    wanted = (2, sensor.height, sensor.width, depth)
    if shape != wanted or not usable:
        raise ShapeError(f"the memory must be {wanted} int64 from tore_memory, this one is {shape}")


REPRESENTATION = Tore
