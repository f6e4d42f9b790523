"""Filters: events to events, as they come. One file for each; the folder is the registry.

A module here that exports `FILTER` is a filter, known by its name with hyphens (`background_activity.py`
is "background-activity"). The imports here only spare callers the name of the module; importing a filter
must not import Numba.

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
from eventsnn.filters.anti_flicker import AntiFlicker
from eventsnn.filters.background_activity import BackgroundActivity
from eventsnn.filters.decimate import Decimate
from eventsnn.filters.downsample import Downsample
from eventsnn.filters.event_rate import EventRate
from eventsnn.filters.fast_decay import FastDecay
from eventsnn.filters.filter import Filter
from eventsnn.filters.flip import Flip
from eventsnn.filters.hot_pixels import HotPixels, find_hot_pixels
from eventsnn.filters.k_noise import KNoise
from eventsnn.filters.pixel_map import read_map, rectified_positions, undistortion_map
from eventsnn.filters.polarity import Polarity
from eventsnn.filters.rectify import Rectify
from eventsnn.filters.refractory import Refractory
from eventsnn.filters.region import Region
from eventsnn.filters.rotate import Rotate
from eventsnn.filters.time_scale import TimeScale
from eventsnn.filters.time_shift import TimeShift
from eventsnn.filters.transpose import Transpose
from eventsnn.filters.undistort import Undistort

__all__ = [
    "AntiFlicker",
    "BackgroundActivity",
    "Decimate",
    "Downsample",
    "EventRate",
    "FastDecay",
    "Filter",
    "Flip",
    "HotPixels",
    "KNoise",
    "Polarity",
    "Rectify",
    "Refractory",
    "Region",
    "Rotate",
    "TimeScale",
    "TimeShift",
    "Transpose",
    "Undistort",
    "filter_from_text",
    "filtered",
    "filtered_sensor",
    "filters",
    "find_hot_pixels",
    "read_map",
    "rectified_positions",
    "undistortion_map",
]


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


def filtered(stream: Iterable[Events], *steps: Filter) -> Iterator[Events]:
    """A stream through one filter after the other; the states are kept inside.

    Args:
        stream: stretches of events in time order, such as `Recording.events()`.
        steps: the filters; the first one sees the stream first.
    Returns: one stretch for each that came, which may be empty.
    Raises: ShapeError: events out of time order or off their sensor.
    """
    states: list[Any] = [None] * len(steps)
    for events in stream:
        for index, step in enumerate(steps):
            events, states[index] = step(events, states[index])
        yield events


def filtered_sensor(sensor: Sensor, *steps: Filter) -> Sensor:
    """The pixel array that `filtered` gives, known before the first event.

    Args:
        sensor: the pixel array of the stream.
        steps: those of `filtered`.
    Raises: ShapeError: a filter does not fit the pixel array that it is given.
    """
    for step in steps:
        sensor = step.sensor(sensor)
    return sensor
