"""Voxel grid: events shared by B bins of time, in every convention in use.

Source: Zhu, Yuan, Chaney, Daniilidis, "Unsupervised Event-Based Learning of Optical Flow, Depth, and
Egomotion", CVPR 2019, section 3.1: tau = (t - start) / (end - start) * (B - 1), and bin b receives
max(0, 1 - |b - tau|) of every event, so the weights of an event sum to 1. What others do instead:

| grid of | arguments |
|---|---|
| Zhu et al. 2019, event_flow | the defaults: first to last event |
| rpg_e2vid | `normalise="e2vid"` |
| DSEC, E-RAFT | `normalise="dsec"`, and `positions` of rectified events |
| tonic | `scaling="B"` |
| Prophesee's event cube | `scaling="centred"`, `polarity="channels"`, `start_us` and `end_us` of the window |
| event_flow, rounded times | `interpolation="nearest"` |
| a histogram per time slice | `scaling="B"`, `interpolation="nearest"` |
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import (
    Polarity,
    Representation,
    polarity_planes,
    refusal,
    target,
)

if TYPE_CHECKING:
    from torch import Tensor

Scaling = Literal["B-1", "B", "centred"]
"""Where bins lie in the interval: the first at its start and the last at its end; at the starts of B equal
slices; or in the middles of B equal slices. Shares for bins beyond the first and last are lost."""

Interpolation = Literal["bilinear", "nearest"]
"""An event is shared by the two bins around its time, or the nearest one gets it; with "B" the bin of its
slice. Halfway the later one is nearest."""

Normalise = Literal["e2vid", "dsec"]
"""Voxels that are not 0 get mean 0 and deviation 1; the variance is divided by N (rpg_e2vid) or N - 1 (DSEC,
E-RAFT). Where all are equal they are only shifted, as in DSEC's code; rpg_e2vid's divides by 0 there."""

Positions = tuple[NDArray[np.float32], NDArray[np.float32]]
"""x and y of every event, (N,) float32, px."""

# 285 years over the number of bins: a longer interval would overflow the kernel's integers.
_LONGEST_US = 2**53

# Below this many events per pixel, stretch and side the adding loop of `share_by_corners` is faster.
_DENSE_CORNERS = 0.05


def voxel_grid(
    events: Events,
    bins: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    polarity: Polarity = "sign",
    scaling: Scaling = "B-1",
    interpolation: Interpolation = "bilinear",
    normalise: Normalise | None = None,
    positions: Positions | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Events of an interval as a voxel grid.

    An interval of no length puts every event into bin 0. No events give zeros.

    Args:
        events: in time order.
        bins: number of bins B.
        start_us: begin of the interval, µs; the first event where None.
        end_us: end of the interval, µs; the last event where None (as published).
        polarity: "sign" adds ON as +1 and OFF as -1; "channels" counts ON in the first B planes and
            OFF in the next B.
        scaling: where the bins lie in the interval.
        interpolation: how an event between two bins is shared.
        normalise: what is done to the finished grid.
        positions: where the events are instead of their pixels, for those rectified or warped: each is
            shared bilinearly by the four pixels around it. Parts that fall off the sensor are lost, and
            so are positions that are not numbers.
        out: array to write to, overwritten; reuse it, for a fresh one can cost more than the events.
    Returns: (B, H, W) or (2B, H, W) float32.

    Raises:
        ConfigError: fewer than one bin, an unknown word for a convention.
        ShapeError: an event off the sensor, outside the interval or out of time order; positions or an
            `out` that do not fit. `out` is then half filled.
    """
    planes = _planes(bins, polarity, scaling, interpolation, normalise)
    height, width = events.sensor.height, events.sensor.width
    out = target((planes, height, width), out)
    if not len(events):
        out.fill(0)
        return out
    start_us = int(events.t[0]) if start_us is None else start_us
    end_us = int(events.t[-1]) if end_us is None else end_us
    if not start_us <= end_us <= start_us + _LONGEST_US // bins:
        raise ShapeError(
            f"a voxel grid cannot span [{start_us}, {end_us}] µs: the end must follow the start, "
            "and the events must be in time order"
        )
    stretches = _stretches(bins, start_us, end_us, scaling, interpolation)
    grid = out.reshape(planes // bins, bins, height, width)
    refused = (
        _fill(events, stretches, grid) if positions is None else _spread(events, positions, stretches, grid)
    )
    if refused >= 0:
        raise refusal(events, refused, (start_us, end_us))
    if normalise is not None:
        from eventsnn.kernels.normalise import normalise_nonzero

        normalise_nonzero(out.reshape(-1), normalise == "dsec")
    return out


@dataclass(frozen=True)
class VoxelGrid(Representation):
    """`voxel_grid` with its arguments held.

    Args:
        bins: number of bins B.
        polarity: "sign" or "channels".
        scaling: "B-1", "B" or "centred".
        interpolation: "bilinear" or "nearest".
        normalise: None, "e2vid" or "dsec".
    Raises: ConfigError: fewer than one bin, an unknown word for a convention.
    """

    bins: int = 5
    polarity: Polarity = "sign"
    scaling: Scaling = "B-1"
    interpolation: Interpolation = "bilinear"
    normalise: Normalise | None = None

    def __post_init__(self) -> None:
        _planes(self.bins, self.polarity, self.scaling, self.interpolation, self.normalise)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return self.bins * polarity_planes(self.polarity)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        positions: Positions | None = None,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`voxel_grid(events, bins, start_us, end_us, ..., positions=positions, out=out)`."""
        return voxel_grid(
            events,
            self.bins,
            start_us,
            end_us,
            polarity=self.polarity,
            scaling=self.scaling,
            interpolation=self.interpolation,
            normalise=self.normalise,
            positions=positions,
            out=out,
        )


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
    scaling: Scaling = "B-1",
    interpolation: Interpolation = "bilinear",
    normalise: Normalise | None = None,
) -> Tensor:
    """The same grid from tensors on any device, for data that already lives on a GPU.

    Args:
        t: (N,) int64, µs.
        x: (N,) px: integer pixels, or floating positions that are shared by the pixels around them.
        y: (N,) px, of the same kind.
        p: (N,) bool.
        sensor: the pixel array.
        bins: number of bins B.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
        polarity: as in `voxel_grid`, and so are the rest.
        scaling: where the bins lie in the interval.
        interpolation: how an event between two bins is shared.
        normalise: what is done to the finished grid.
    Returns: (B, H, W) or (2B, H, W) float32 on the device of `t`.

    Raises:
        ConfigError: fewer than one bin, an unknown word for a convention.
        ShapeError: an event outside the interval, or at a pixel off the sensor.
    """
    import torch

    planes = _planes(bins, polarity, scaling, interpolation, normalise)
    fractional = x.is_floating_point()
    inside = (t >= start_us) & (t <= end_us)
    if not fractional:
        inside &= (x >= 0) & (x < sensor.width) & (y >= 0) & (y < sensor.height)
    if not bool(inside.all()):
        raise ShapeError(
            f"{int((~inside).sum())} events lie off the {sensor} sensor or outside [{start_us}, {end_us}] µs"
        )
    steps = bins - 1 if scaling == "B-1" else bins
    tau = (t - start_us).double() * (steps / max(end_us - start_us, 1))
    if interpolation == "nearest":
        tau = (tau + 0.5 if scaling == "B-1" else tau).floor().clamp(max=bins - 1)
    elif scaling == "centred" and end_us > start_us:
        tau = tau - 0.5
    left, top, k = x.floor() if fractional else x, y.floor() if fractional else y, tau.floor()
    sign = torch.where(p, 1.0, -1.0 if polarity == "sign" else 1.0)
    side = torch.where(p, 0, planes // bins - 1)
    grid = torch.zeros(planes * sensor.height * sensor.width, device=t.device)
    corners = (0, 1) if fractional else (0,)
    for later, below, beside in product((0, 1), corners, corners):
        plane, line, column = k + later, top + below, left + beside
        weight = sign * (1 - (plane - tau).abs()).float()
        if fractional:
            weight = weight * (1 - (column - x).abs()) * (1 - (line - y).abs())
        real = (plane >= 0) & (plane < bins) & (line >= 0) & (line < sensor.height)
        real &= (column >= 0) & (column < sensor.width)
        place = ((side * bins + plane.long()) * sensor.height + line.long()) * sensor.width + column.long()
        grid.index_add_(0, place[real], weight[real].float())
    if normalise is not None:
        _normalise(grid, sample=normalise == "dsec")
    return grid.view(planes, sensor.height, sensor.width)


def _normalise(grid: Tensor, sample: bool) -> None:
    some = grid != 0
    values = grid[some].double()
    if not values.numel():
        return
    mean = values.mean()
    deviation = (((values - mean) ** 2).sum() / max(values.numel() - sample, 1)).sqrt()
    # Rounding leaves equal values a deviation of this order.
    scale = deviation if bool(deviation > 1e-6 * mean.abs()) else 1.0
    grid[some] = ((values - mean) / scale).float()


@dataclass(frozen=True, slots=True, eq=False)
class _Stretches:
    """Parts of the interval in which every event is shared by the same two bins.

    Args:
        edges_us: (S + 1,) int64, µs; the last part includes its end.
        lower: (S,) int64, the earlier of the two bins; -1 where it does not exist.
        offsets: (S,) float64, share of the later bin at the begin of the part.
        per_us: how this share grows; 0 where the earlier bin gets all.
    """

    edges_us: NDArray[np.int64]
    lower: NDArray[np.int64]
    offsets: NDArray[np.float64]
    per_us: float


def _stretches(
    bins: int, start_us: int, end_us: int, scaling: Scaling, interpolation: Interpolation
) -> _Stretches:
    duration = end_us - start_us
    steps = bins - 1 if scaling == "B-1" else bins
    if duration == 0 or steps == 0:
        return _Stretches(np.array([start_us, end_us]), np.zeros(1, np.int64), np.zeros(1), 0.0)
    # In halves of a bin: tau = steps * (t - start) / duration - half / 2, and edges lie at whole tau.
    if interpolation == "nearest":
        # The edges lie where a bin begins to be the nearest; those of a slice at its begin.
        half = -1 if scaling == "B-1" else 0
        first, number = 0, bins
    else:
        half = 1 if scaling == "centred" else 0
        first, number = -half, steps + half
    lower = np.arange(first, first + number)
    inner = [start_us - (-(2 * k + half) * duration // (2 * steps)) for k in lower.tolist()[1:]]
    edges_us = np.array([start_us, *inner, end_us])
    if interpolation == "nearest":
        return _Stretches(edges_us, lower, np.zeros(number), 0.0)
    offsets = [
        (2 * steps * (int(edge) - start_us) - (half + 2 * k) * duration) / (2 * duration)
        for edge, k in zip(edges_us, lower.tolist(), strict=False)
    ]
    return _Stretches(edges_us, lower, np.array(offsets), steps / duration)


def _fill(events: Events, stretches: _Stretches, grid: NDArray[np.float32]) -> int:
    from eventsnn.kernels.voxel import fill_voxels

    sides, bins = grid.shape[:2]
    return fill_voxels(
        events.t,
        events.x,
        events.y,
        events.p,
        stretches.edges_us,
        stretches.offsets,
        stretches.lower,
        stretches.per_us,
        bins,
        grid,
        np.empty((sides, 0, 0), np.float32),
    )


def _spread(events: Events, positions: Positions, stretches: _Stretches, grid: NDArray[np.float32]) -> int:
    from eventsnn.kernels.voxel_corners import hold_corners, release_corners, share_by_corners

    x, y = positions
    for name, column in (("x", x), ("y", y)):
        if column.shape != events.t.shape or column.dtype != np.float32:
            raise ShapeError(
                f"positions need {name} as {events.t.shape} float32, not {column.shape} {column.dtype}"
            )
    sides, bins, height, width = grid.shape
    held = np.empty((sides, 0, 0, 2), np.float32)
    firsts = np.searchsorted(events.t, stretches.edges_us)
    firsts[0], firsts[-1] = 0, len(events)
    ready = 0
    for s, below in enumerate(stretches.lower.tolist()):
        part = slice(int(firsts[s]), int(firsts[s + 1]))
        columns = events.t[part], x[part], y[part], events.p[part]
        interval_us = int(stretches.edges_us[s]), int(stretches.edges_us[s + 1])
        shares = stretches.per_us, float(stretches.offsets[s])
        above = below + 1 if stretches.per_us else bins
        # Cleared just before they are used, planes are still near the core.
        begin, ready = ready, min(max(below, above if above < bins else 0) + 1, bins)
        grid[:, begin:ready] = 0
        if columns[0].size < _DENSE_CORNERS * sides * height * width:
            refused = share_by_corners(*columns, *interval_us, *shares, below, above, grid)
        else:
            if not held.size:
                held = np.zeros((sides, height + 2, width + 2, 2), np.float32)
            refused = hold_corners(*columns, *interval_us, *shares, held)
            release_corners(held, below, above, grid)
        if refused >= 0:
            return part.start + int(refused)
    grid[:, ready:] = 0
    return -1


def _planes(bins: int, polarity: str, scaling: str, interpolation: str, normalise: str | None) -> int:
    if bins < 1:
        raise ConfigError(f"a voxel grid needs at least 1 bin, not {bins}")
    for what, word, known in (
        ("scaling", scaling, get_args(Scaling)),
        ("interpolation", interpolation, get_args(Interpolation)),
        ("normalise", normalise, (None, *get_args(Normalise))),
    ):
        if word not in known:
            raise ConfigError(f"{what} is {' or '.join(map(repr, known))}, not {word!r}")
    return bins * polarity_planes(polarity)


REPRESENTATION = VoxelGrid
