"""Events to and from polars data frames."""

from __future__ import annotations

from typing import Any

from eventsnn.events import Events, Sensor
from eventsnn.exchange.columns import column_names, in_microseconds
from eventsnn.exchange.packages import optional


def from_polars(frame: Any, sensor: Sensor) -> Events:
    """Events from a polars data frame; numbers of our own types in one chunk are shared, not copied.

    >>> import polars
    >>> frame = polars.DataFrame({"x": [3, 5], "y": [1, 2], "polarity": [1, -1], "t": [40, 70]})
    >>> from_polars(frame, Sensor(640, 480))
    Events(2 on 640x480, 40..70 µs)

    Args:
        frame: polars.DataFrame with columns for t (or ts, timestamp), x, y and p (or pol, polarity, on):
            t in µs or as a Duration (evlib gives one), p bool, 0/1 or -1/1; other columns are left out.
        sensor: the pixel array.
    Returns: events whose arrays may be read-only.
    Raises: ShapeError: a column is missing, or its values are not events (see `Events.checked`).
    """
    names = column_names(frame.columns, "the data frame")
    t, x, y, p = (frame[names[name]].to_numpy() for name in "txyp")
    return Events.checked(in_microseconds(t), x, y, p, sensor)


def to_polars(events: Events) -> Any:
    """Events as a polars data frame that shares their memory, but for p, which polars packs into bits.

    >>> to_polars(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480))).rows()
    [(40, 3, 1, True), (70, 5, 2, False)]

    Args:
        events: any.
    Returns: polars.DataFrame with columns t (Int64, µs), x, y (UInt16, px) and p (Boolean).
    Raises: ConfigError: polars is not installed.
    """
    polars = optional("polars", "polars")
    return polars.DataFrame({"t": events.t, "x": events.x, "y": events.y, "p": events.p})
