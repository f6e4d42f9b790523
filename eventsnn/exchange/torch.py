"""Events to and from torch tensors: one (N, 4) tensor, or a dict of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.exchange.arrays import from_rows, to_rows
from eventsnn.exchange.columns import column_names

if TYPE_CHECKING:
    from torch import Tensor


def from_torch(rows: Tensor, sensor: Sensor, order: str = "xytp") -> Events:
    """Events from a tensor of one row each, on any device.

    >>> import torch
    >>> from_torch(torch.tensor([[3, 1, 40, 1], [5, 2, 70, 0]]), Sensor(640, 480))
    Events(2 on 640x480, 40..70 µs)

    Args:
        rows: (N, 4) of any number type; t in µs (float32 cannot hold it beyond 16 s), p 0/1 or -1/1.
        sensor: the pixel array.
        order: which column is which.

    Raises:
        ConfigError: an impossible order.
        ShapeError: another shape, or values that are not events (see `Events.checked`).
    """
    return from_rows(rows.detach().cpu().numpy(), sensor, order)


def to_torch(events: Events, order: str = "xytp") -> Tensor:
    """Events as a tensor of one row each.

    >>> to_torch(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480)))
    tensor([[ 3,  1, 40,  1],
            [ 5,  2, 70,  0]])

    Args:
        events: any.
        order: of the columns.
    Returns: (N, 4) int64; t in µs, p 0 or 1.
    Raises: ConfigError: an impossible order.
    """
    import torch

    return torch.from_numpy(to_rows(events, order))


def from_torch_columns(columns: Mapping[str, Tensor], sensor: Sensor) -> Events:
    """Events from one tensor a column, on any device.

    >>> events = Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480))
    >>> from_torch_columns(to_torch_columns(events), Sensor(640, 480))
    Events(2 on 640x480, 40..70 µs)

    Args:
        columns: (N,) tensors t (or ts, timestamp), x, y and p (or pol, polarity, on); t in µs, p bool,
            0/1 or -1/1; other columns are left out.
        sensor: the pixel array.
    Raises: ShapeError: a column is missing, or its values are not events (see `Events.checked`).
    """
    names = column_names(columns, "the dict of tensors")
    t, x, y, p = (columns[names[name]].detach().cpu().numpy() for name in "txyp")
    return Events.checked(t, x, y, p, sensor)


def to_torch_columns(events: Events) -> dict[str, Tensor]:
    """Events as one tensor a column; t and p share the events' memory: clone them before you change them.

    >>> to_torch_columns(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480)))["x"]
    tensor([3, 5], dtype=torch.int32)

    Args:
        events: any.
    Returns: t (N,) int64, µs; x and y (N,) int32, px, since torch can do little with uint16; p (N,) bool.
    """
    import torch

    return {
        "t": torch.from_numpy(_writeable(events.t)),
        "x": torch.from_numpy(events.x.astype(np.int32)),
        "y": torch.from_numpy(events.y.astype(np.int32)),
        "p": torch.from_numpy(_writeable(events.p)),
    }


def _writeable(column: NDArray[Any]) -> NDArray[Any]:
    """The column itself where torch may have it: it knows no read-only memory."""
    return column if column.flags.writeable else column.copy()
