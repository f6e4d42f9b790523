"""Events to and from numpy arrays: structured ones, and (N, 4) ones in any order of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.exchange.columns import checked_order, column_names, in_microseconds

TONIC_DTYPE = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])
"""The layout that tonic's readers give; its datasets have nine others."""


def from_structured(array: NDArray[Any], sensor: Sensor) -> Events:
    """Events from a structured array, whatever the order and types of its fields.

    >>> array = np.array([(3, 1, 40, 1), (5, 2, 70, -1)], [("x", int), ("y", int), ("t", int), ("p", int)])
    >>> events = from_structured(array, Sensor(640, 480))
    >>> events
    Events(2 on 640x480, 40..70 µs)
    >>> events.p.tolist()
    [True, False]

    Args:
        array: (N,) with fields for t (or ts, timestamp), x, y and p (or pol, polarity, on): t in µs or
            as timedelta64, p bool, 0/1 or -1/1; other fields are left out.
        sensor: the pixel array.
    Raises: ShapeError: a field is missing, or its values are not events (see `Events.checked`).
    """
    if array.dtype.names is None or array.ndim != 1:
        raise ShapeError(f"a structured array is (N,) with named fields, not {array.shape} {array.dtype}")
    names = column_names(array.dtype.names, "the structured array")
    # Side by side in memory, because the checks pass over each column several times.
    t, x, y, p = (np.ascontiguousarray(array[names[name]]) for name in "txyp")
    return Events.checked(in_microseconds(t), x, y, p, sensor)


def to_structured(events: Events, dtype: DTypeLike = TONIC_DTYPE) -> NDArray[Any]:
    """Events as a structured array.

    >>> to_structured(Events.checked([40, 70], [3, 5], [1, 2], [True, False], Sensor(640, 480)))
    array([(3, 1, 40,  True), (5, 2, 70, False)],
          dtype=[('x', '<i2'), ('y', '<i2'), ('t', '<i8'), ('p', '?')])

    Args:
        events: any.
        dtype: fields for t, x, y and p under one of the names that `from_structured` knows; where p is
            no bool, it is 0 or 1.
    Returns: (N,) of `dtype`.
    Raises: ShapeError: a field is missing, there is one more, or it is too small for its values.
    """
    array = np.empty(len(events), dtype)
    names = column_names(array.dtype.names or (), "the structured dtype")
    if len(array.dtype.names or ()) > len(names):
        raise ShapeError(f"events have nothing for other fields than t, x, y and p of {array.dtype}")
    for name, field in names.items():
        array[field] = _fitting(getattr(events, name), array.dtype[field], field)
    return array


def from_rows(rows: NDArray[Any], sensor: Sensor, order: str = "xytp") -> Events:
    """Events from an array of one row each.

    >>> from_rows(np.array([[40, 3, 1, 1], [70, 5, 2, 0]]), Sensor(640, 480), order="txyp")
    Events(2 on 640x480, 40..70 µs)

    Args:
        rows: (N, 4) of any number type; t in µs, p 0/1 or -1/1.
        sensor: the pixel array.
        order: which column is which.

    Raises:
        ConfigError: an impossible order.
        ShapeError: another shape, or values that are not events (see `Events.checked`).
    """
    order = checked_order(order)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise ShapeError(f"events as rows are (N, 4), not {rows.shape}")
    t, x, y, p = (np.ascontiguousarray(rows[:, order.index(name)]) for name in "txyp")
    return Events.checked(t, x, y, p, sensor)


def to_rows(events: Events, order: str = "xytp") -> NDArray[np.int64]:
    """Events as an array of one row each.

    >>> to_rows(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480)))
    array([[ 3,  1, 40,  1],
           [ 5,  2, 70,  0]])

    Args:
        events: any.
        order: of the columns.
    Returns: (N, 4) int64; t in µs, p 0 or 1.
    Raises: ConfigError: an impossible order.
    """
    rows = np.empty((len(events), 4), np.int64)
    for index, name in enumerate(checked_order(order)):
        rows[:, index] = getattr(events, name)
    return rows


def _fitting(column: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    if dtype.kind in "iu" and column.size:
        limits = np.iinfo(dtype)
        low, high = int(column.min()), int(column.max())
        if low < limits.min or high > limits.max:
            raise ShapeError(f"field {name} of {dtype} cannot hold {low if low < limits.min else high}")
    return column
