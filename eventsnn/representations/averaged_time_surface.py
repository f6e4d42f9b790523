"""Histograms of averaged time surfaces (HATS): the mean recent past around the events of each cell.

Source: Sironi, Brambilla, Bourdis, Lagorce, Benosman, "HATS: Histograms of Averaged Time Surfaces for Robust
Event-based Object Classification", CVPR 2018, section 4. The sensor is cut into cells. The time surface of
an event holds, for each pixel around it, the sum of exp(-(t - t_j) / tau) over the earlier events j of that
pixel with the same polarity, not older than a window and in the same cell; the surfaces of a cell are summed
and divided by the number of its events.

tonic divides by the events of the cell and polarity instead, counts an event among its own past, and so
those before it at the same instant: `convention="tonic"`. Its array of shape (cells, 2, S, S) with OFF
first is `planes.reshape(2, S, S, rows, columns)[::-1].transpose(3, 4, 0, 1, 2).reshape(-1, 2, S, S)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError, unknown_name
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation, places_torch, refusal, target

if TYPE_CHECKING:
    from torch import Tensor

Convention = Literal["hats", "tonic"]
"""Whose average: see the head of the module."""


def averaged_time_surface(
    events: Events,
    cell_px: int,
    radius_px: int,
    tau_us: float,
    window_us: int,
    *,
    convention: Convention = "hats",
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Mean time surface of each cell and polarity, a cell being a pixel of the result.

    Args:
        events: in time order.
        cell_px: side of a cell, px; those at the right and lower edge may be cut.
        radius_px: how far a surface reaches around its event, px; its side is S = 2 * radius + 1.
        tau_us: time constant, µs.
        window_us: how long an event is remembered, µs.
        convention: whose average.
        out: array to write to, overwritten.
    Returns: (2 S S, rows, columns) float32: the S x S places around an event line by line, for ON and then
        for OFF; 0 where a cell had no events.

    Raises:
        ConfigError: a cell, time constant or window that is not positive, a negative radius, an unknown
            convention.
        ShapeError: an event off the sensor or out of time order; an `out` that does not fit.
    """
    from eventsnn.kernels.averaged_time_surface import add_surfaces

    _check(cell_px, radius_px, tau_us, window_us, convention)
    shape = _shape(events.sensor, cell_px, radius_px)
    out = target(shape, out)
    side, rows, columns = 2 * radius_px + 1, shape[1], shape[2]
    sums = np.zeros((rows, columns, 2, side, side))
    counts = np.zeros((rows, columns, 2), np.int64)
    refused = add_surfaces(
        events.t,
        events.x,
        events.y,
        events.p,
        events.sensor.width,
        events.sensor.height,
        cell_px,
        float(tau_us),
        window_us,
        convention == "tonic",
        sums,
        counts,
    )
    if refused >= 0:
        raise refusal(events, refused)
    if convention == "hats":
        counts = counts.sum(axis=2, keepdims=True)
    sums /= np.maximum(counts, 1)[..., None, None]
    out[:] = sums.reshape(rows, columns, -1).transpose(2, 0, 1)
    return out


@dataclass(frozen=True)
class AveragedTimeSurface(Representation):
    """`averaged_time_surface` with its arguments held; the defaults are the paper's for N-CARS.

    Args:
        cell_px: side of a cell, px.
        radius_px: how far a surface reaches around its event, px.
        tau_us: time constant, µs.
        window_us: how long an event is remembered, µs.
        convention: "hats" or "tonic".
    Raises: ConfigError: as `averaged_time_surface`.
    """

    cell_px: int = 10
    radius_px: int = 3
    tau_us: float = 1e9
    window_us: int = 100_000
    convention: Convention = "hats"

    def __post_init__(self) -> None:
        _check(self.cell_px, self.radius_px, self.tau_us, self.window_us, self.convention)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2 * (2 * self.radius_px + 1) ** 2

    def shape(self, sensor: Sensor) -> tuple[int, int, int]:
        """(2 S S, rows, columns) of cells.

        Args:
            sensor: the pixel array of the events.
        """
        return _shape(sensor, self.cell_px, self.radius_px)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`averaged_time_surface(events, cell_px, ..., out=out)`: the interval does not matter."""
        return averaged_time_surface(
            events,
            self.cell_px,
            self.radius_px,
            self.tau_us,
            self.window_us,
            convention=self.convention,
            out=out,
        )


def averaged_time_surface_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    cell_px: int,
    radius_px: int,
    tau_us: float,
    window_us: int,
    *,
    convention: Convention = "hats",
) -> Tensor:
    """The same surfaces from tensors on any device.

    Takes as many steps as the busiest pixel has events in a window, for each of the S x S places.

    Args:
        t: (N,) int64, µs, ascending.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        cell_px: side of a cell, px.
        radius_px: how far a surface reaches around its event, px.
        tau_us: time constant, µs.
        window_us: how long an event is remembered, µs.
        convention: whose average.
    Returns: (2 S S, rows, columns) float32 on the device of `t`.

    Raises:
        ConfigError: as `averaged_time_surface`.
        ShapeError: an event off the sensor or out of time order.
    """
    import torch

    _check(cell_px, radius_px, tau_us, window_us, convention)
    channels, rows, columns = _shape(sensor, cell_px, radius_px)
    side, number, pixels = 2 * radius_px + 1, len(t), sensor.width * sensor.height
    if bool((t[1:] < t[:-1]).any()):
        raise ShapeError("events are out of time order; sort them by t first")
    place, polarity = places_torch(x, y, sensor), (~p).long()
    x, y = x.long(), y.long()
    order = torch.arange(number, device=t.device)
    # Events sorted by pixel and then by time: those of a pixel between two times are neighbours.
    keys, by_pixel = torch.sort((polarity * pixels + place) * number + order)
    until = order if convention == "tonic" else torch.searchsorted(t, t)
    since = torch.searchsorted(t, t - window_us)
    cell = (y // cell_px) * columns + x // cell_px
    groups = cell * 2 + polarity
    counts = torch.bincount(groups, minlength=rows * columns * 2).view(-1, 2)
    sums = torch.zeros(rows * columns * 2 * side * side, dtype=torch.float64, device=t.device)
    for b in range(-radius_px, radius_px + 1):
        for a in range(-radius_px, radius_px + 1):
            column, line = x + a, y + b
            inside = (column >= 0) & (column < sensor.width) & (line >= 0) & (line < sensor.height)
            inside &= (column // cell_px == x // cell_px) & (line // cell_px == y // cell_px)
            mine = order[inside]
            first_key = (polarity * pixels + line * sensor.width + column)[mine] * number
            first = torch.searchsorted(keys, first_key + since[mine])
            last = torch.searchsorted(keys, first_key + until[mine]) - 1
            at = (groups[mine] * side + b + radius_px) * side + a + radius_px
            if convention == "tonic" and a == b == 0:
                sums.index_add_(0, at, torch.ones_like(at, dtype=torch.float64))
            while len(last):
                real = last >= first
                first, last, at, mine = first[real], last[real], at[real], mine[real]
                sums.index_add_(0, at, torch.exp((t[by_pixel[last]] - t[mine]).double() / tau_us))
                last = last - 1
    if convention == "hats":
        counts = counts.sum(1, keepdim=True)
    surfaces = sums.view(-1, 2, side * side) / counts.clamp(min=1)[..., None]
    return surfaces.float().view(rows, columns, channels).permute(2, 0, 1).contiguous()


def _shape(sensor: Sensor, cell_px: int, radius_px: int) -> tuple[int, int, int]:
    return 2 * (2 * radius_px + 1) ** 2, -(-sensor.height // cell_px), -(-sensor.width // cell_px)


def _check(cell_px: int, radius_px: int, tau_us: float, window_us: int, convention: str) -> None:
    if cell_px < 1 or radius_px < 0:
        raise ConfigError(
            f"cells are at least 1 px wide and surfaces reach 0 px or more, not {cell_px} and {radius_px}"
        )
    if not tau_us > 0 or window_us < 1:
        raise ConfigError(f"tau and the window last more than 0 µs, not {tau_us} and {window_us}")
    if convention not in get_args(Convention):
        raise unknown_name("convention of averaged time surfaces", convention, get_args(Convention))


REPRESENTATION = AveragedTimeSurface
