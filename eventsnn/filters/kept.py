"""The events that a filter keeps, from what its kernel wrote, and the error for those it refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor

NO_TIME = np.iinfo(np.int64).min
"""The time of the last event where there was none."""

Columns = tuple[NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16], NDArray[np.bool_]]


def room(number: int) -> Columns:
    """Empty columns for a kernel to write to.

    Args:
        number: how many events there may be.
    Returns: t, x, y and p.
    """
    return (
        np.empty(number, np.int64),
        np.empty(number, np.uint16),
        np.empty(number, np.uint16),
        np.empty(number, np.bool_),
    )


def first_of(columns: Columns, number: int, sensor: Sensor) -> Events:
    """The events that a kernel wrote; the room behind them goes back to the system.

    Args:
        columns: from `room`, held by nobody else.
        number: how many events it wrote.
        sensor: their pixel array.
    """
    column: NDArray[Any]
    for column in columns:
        column.resize(number, refcheck=False)
    return Events(*columns, sensor)


def where(keep: NDArray[np.bool_], events: Events) -> Events:
    """The events that a mask keeps; the same object where that is all of them.

    Args:
        keep: (N,) bool.
        events: N of them.
    """
    from eventsnn.kernels.compact import compact

    if keep.all():
        return events
    columns = room(len(events))
    number = compact(events.t, events.x, events.y, events.p, keep, *columns)
    return first_of(columns, number, events.sensor)


def pixel_times(sensor: Sensor, planes: int, border: int) -> NDArray[np.uint32]:
    """A time for every pixel, 0 for never.

    Args:
        sensor: the pixel array.
        planes: 1, or 2 for one of each polarity.
        border: pixels more on each side.
    Returns: (planes, H + 2 * border, W + 2 * border) uint32.
    Raises: ShapeError: more pixels than their 32-bit places in memory can tell apart.
    """
    shape = planes, sensor.height + 2 * border, sensor.width + 2 * border
    if math.prod(shape) > 2**32:
        raise ShapeError(f"a {sensor} sensor is too large for this filter: downsample it, or take a region")
    return np.zeros(shape, np.uint32)


def check_sensor(expected: Sensor, events: Events) -> None:
    """Refuse events of another pixel array than the stream had so far.

    Args:
        expected: the pixel array.
        events: the next stretch.
    Raises: ShapeError: another sensor.
    """
    if events.sensor != expected:
        raise ShapeError(f"the stream changed from a {expected} to a {events.sensor} sensor")


def refusal(events: Events, index: int) -> ShapeError:
    """The error for an event that a kernel stopped at.

    Args:
        events: what the kernel was given.
        index: the event that it refused.
    """
    t, x, y = int(events.t[index]), int(events.x[index]), int(events.y[index])
    if x >= events.sensor.width or y >= events.sensor.height:
        return ShapeError(
            f"event {index} at ({x}, {y}) is off the {events.sensor} sensor; give its true size"
        )
    return ShapeError(
        f"event {index} at {t} µs is earlier than the one before it; filters need time order: sort "
        "the events, or begin with a new state where a clock was set back"
    )
