"""Filters: events to events, as they come. One file for each; the folder is the registry.

A module here that exports `FILTER` is a filter, known by its name with hyphens (`background_activity.py`
is "background-activity"); nothing else names it.

    for events in filtered(recording.events(), BackgroundActivity(time_us=2000), Refractory(period_us=500)):
        ...
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from eventsnn.configuration import from_text
from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter

__all__ = ["Filter", "filter_from_text", "filtered", "filtered_sensor", "filters"]


def filters() -> dict[str, type[Filter]]:
    """Every filter, by the name that a command line takes."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        contents = import_module(f"{__name__}.{module.name}")
        if hasattr(contents, "FILTER"):
            found[module.name.replace("_", "-")] = contents.FILTER
    return found


def filter_from_text(text: str) -> Filter:
    """A filter as a command line writes it.

    Args:
        text: its name, then options after a colon: "background-activity:time_us=2000,neighbours=2".
    Raises: ConfigError: no such filter or option (near matches are listed), or a value that does not fit.
    """
    return from_text(text, filters(), "filter")


def filtered(stream: Iterable[Events], *filters: Filter) -> Iterator[Events]:
    """A stream through one filter after the other; the states are kept inside.

    Args:
        stream: stretches of events in time order, such as `Recording.events()`.
        filters: the first one sees the stream first.
    Returns: one stretch for each that came, which may be empty.
    Raises: ShapeError: events out of time order or off their sensor.
    """
    states: list[Any] = [None] * len(filters)
    for events in stream:
        for index, step in enumerate(filters):
            events, states[index] = step(events, states[index])
        yield events


def filtered_sensor(sensor: Sensor, *filters: Filter) -> Sensor:
    """The pixel array that `filtered` gives, known before the first event.

    Args:
        sensor: the pixel array of the stream.
        filters: those of `filtered`.
    Raises: ShapeError: a filter does not fit the pixel array that it is given.
    """
    for step in filters:
        sensor = step.sensor(sensor)
    return sensor
