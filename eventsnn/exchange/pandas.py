"""Events to and from pandas data frames."""

from __future__ import annotations

from typing import Any

from eventsnn.events import Events, Sensor
from eventsnn.exchange.columns import column_names, in_microseconds
from eventsnn.exchange.packages import optional


def from_pandas(frame: Any, sensor: Sensor) -> Events:
    """Events from a pandas data frame; columns of our own types are shared, not copied.

    >>> import pandas
    >>> frame = pandas.DataFrame({"x": [3, 5], "y": [1, 2], "polarity": [1, -1], "timestamp": [40, 70]})
    >>> from_pandas(frame, Sensor(640, 480))
    Events(2 on 640x480, 40..70 µs)

    Args:
        frame: pandas.DataFrame with columns for t (or ts, timestamp), x, y and p (or pol, polarity, on):
            t in µs or as a timedelta, p bool, 0/1 or -1/1; other columns are left out.
        sensor: the pixel array.
    Returns: events whose arrays may be read-only.
    Raises: ShapeError: a column is missing, or its values are not events (see `Events.checked`).
    """
    names = column_names(frame.columns, "the data frame")
    t, x, y, p = (frame[names[name]].to_numpy() for name in "txyp")
    return Events.checked(in_microseconds(t), x, y, p, sensor)


def to_pandas(events: Events) -> Any:
    """Events as a pandas data frame that shares their memory: copy it before you change it.

    >>> to_pandas(Events.checked([40, 70], [3, 5], [1, 2], [1, 0], Sensor(640, 480)))
        t  x  y      p
    0  40  3  1   True
    1  70  5  2  False

    Args:
        events: any.
    Returns: pandas.DataFrame with columns t (int64, µs), x, y (uint16, px) and p (bool).
    Raises: ConfigError: pandas is not installed.
    """
    pandas = optional("pandas", "pandas")
    return pandas.DataFrame({"t": events.t, "x": events.x, "y": events.y, "p": events.p}, copy=False)
