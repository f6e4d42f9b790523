"""Voxel grid: events shared bilinearly in time by B bins.

Source: Zhu, Yuan, Chaney, Daniilidis, "Unsupervised Event-Based Learning of Optical Flow, Depth, and
Egomotion", CVPR 2019, section 3.1: tau = (t - start) / (end - start) * (B - 1), and bin b receives
max(0, 1 - |b - tau|) of every event, so the weights of an event sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import (
    Polarity,
    Representation,
    polarity_planes,
    prepared,
    refusal,
)

if TYPE_CHECKING:
    from torch import Tensor

# 285 years over the number of bins: a longer interval would overflow the kernel's integers.
_LONGEST_US = 2**53


def voxel_grid(
    events: Events,
    bins: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    polarity: Polarity = "sign",
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Events of an interval as a voxel grid, bilinear in time.

    Bin 0 lies at `start_us` and bin B-1 at `end_us`; an interval of no length, or one bin, puts
    every event into bin 0. No events give zeros.

    Args:
        events: in time order.
        bins: number of bins B.
        start_us: instant of the first bin, µs; the first event where None.
        end_us: instant of the last bin, µs; the last event where None (as published).
        polarity: "sign" adds ON as +1 and OFF as -1; "channels" counts ON in the first B planes and
            OFF in the next B.
        out: array to write to, overwritten; reuse it, for a fresh one can cost more than the events.
    Returns: (B, H, W) or (2B, H, W) float32.

    Raises:
        ConfigError: fewer than one bin, an unknown polarity.
        ShapeError: an event off the sensor, outside the interval or out of time order; an `out` that
            does not fit. `out` is then half filled.
    """
    from eventsnn.kernels.voxel import voxel_channels, voxel_signed

    planes = _planes(bins, polarity)
    out = prepared((planes, events.sensor.height, events.sensor.width), out)
    if not len(events):
        return out
    start_us = int(events.t[0]) if start_us is None else start_us
    end_us = int(events.t[-1]) if end_us is None else end_us
    if not start_us <= end_us <= start_us + _LONGEST_US // bins:
        raise ShapeError(
            f"a voxel grid cannot span [{start_us}, {end_us}] µs: the end must follow the start, "
            "and the events must be in time order"
        )
    kernel = voxel_signed if polarity == "sign" else voxel_channels
    refused = kernel(events.t, events.x, events.y, events.p, start_us, end_us, out)
    if refused >= 0:
        raise refusal(events, refused, (start_us, end_us))
    return out


@dataclass(frozen=True)
class VoxelGrid(Representation):
    """`voxel_grid` with its arguments held.

    Args:
        bins: number of bins B.
        polarity: "sign" or "channels".
    Raises: ConfigError: fewer than one bin, an unknown polarity.
    """

    bins: int = 5
    polarity: Polarity = "sign"

    def __post_init__(self) -> None:
        _planes(self.bins, self.polarity)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return _planes(self.bins, self.polarity)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`voxel_grid(events, bins, start_us, end_us, polarity=polarity, out=out)`."""
        return voxel_grid(events, self.bins, start_us, end_us, polarity=self.polarity, out=out)


def voxel_grid_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    bins: int,
    start_us: int,
    end_us: int,
    *,
    polarity: Polarity = "sign",
) -> Tensor:
    """The same grid from tensors on any device, for data that already lives on a GPU.

    Args:
        t: (N,) int64, µs.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        bins: number of bins B.
        start_us: instant of the first bin, µs.
        end_us: instant of the last bin, µs.
        polarity: "sign" or "channels".
    Returns: (B, H, W) or (2B, H, W) float32 on the device of `t`.

    Raises:
        ConfigError: fewer than one bin, an unknown polarity.
        ShapeError: an event off the sensor or outside the interval.
    """
    import torch

    planes = _planes(bins, polarity)
    x, y = x.long(), y.long()
    inside = (t >= start_us) & (t <= end_us) & (x >= 0) & (x < sensor.width) & (y >= 0) & (y < sensor.height)
    if not bool(inside.all()):
        raise ShapeError(
            f"{int((~inside).sum())} events lie off the {sensor} sensor or outside [{start_us}, {end_us}] µs"
        )
    tau = (t - start_us).double() * ((bins - 1) / max(end_us - start_us, 1))
    k = tau.long().clamp(max=max(bins - 2, 0))
    share = (tau - k).float()
    sign = torch.ones_like(share)
    if polarity == "sign":
        sign = torch.where(p, sign, -sign)
    plane = k if polarity == "sign" else torch.where(p, k, k + bins)
    place = (plane * sensor.height + y) * sensor.width + x
    grid = torch.zeros(planes * sensor.height * sensor.width, device=t.device)
    grid.index_add_(0, place, sign * (1 - share))
    if bins > 1:
        grid.index_add_(0, place + sensor.height * sensor.width, sign * share)
    return grid.view(planes, sensor.height, sensor.width)


def _planes(bins: int, polarity: str) -> int:
    if bins < 1:
        raise ConfigError(f"a voxel grid needs at least 1 bin, not {bins}")
    return bins * polarity_planes(polarity)


REPRESENTATION = VoxelGrid
