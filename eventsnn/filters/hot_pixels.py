"""Hot pixels: drop the events of pixels that fire without cause."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import check_sensor, refusal, where
from eventsnn.filters.options import LONGEST_US, check_whole

_MIN_HZ = 20.0
_FACTOR = 10.0


@dataclass(slots=True)
class HotPixelsState:
    """What the filter remembers.

    Args:
        sensor: the pixel array of the stream.
        until_us: the instant at which learning ends, µs; None where there is nothing (more) to learn.
        counts: (H·W,) int64, events of each pixel so far.
        hot: (H·W,) bool, the pixels whose events are dropped.
    """

    sensor: Sensor
    until_us: int | None
    counts: NDArray[np.int64]
    hot: NDArray[np.bool_]


@dataclass(frozen=True)
class HotPixels(Filter):
    """Drop the events of hot pixels, which are given, or learned from the begin of the stream.

    Learning: the events of the first `learn_us` after the first event are counted and all kept. From then
    on the pixels are dropped that fired at least `min_hz` times a second, and at least `factor` times as
    often as the fifth busiest of the 5x5 pixels around them, themselves included, and at least `factor`
    times; beyond its border the picture is mirrored. Up to four hot pixels may therefore touch, fewer at
    the border, while a line and a textured or flickering area are left alone. What is learned is not
    revised. To clean the begin of a file too, read it twice:
    `HotPixels.of(find_hot_pixels(recording.events()))`.

    Args:
        pixels: (x, y) of each hot pixel, px; None to learn them.
        learn_us: how long to learn, µs.
        min_hz: lowest rate of a hot pixel, Hz.
        factor: how much busier than its surroundings a hot pixel is, at least.
    Raises: ConfigError: an option out of its range.
    """

    pixels: tuple[tuple[int, int], ...] | None = None
    learn_us: int = 1_000_000
    min_hz: float = _MIN_HZ
    factor: float = _FACTOR

    def __post_init__(self) -> None:
        check_whole("learn_us", self.learn_us, 1, LONGEST_US)
        _check_rule(self.min_hz, self.factor)
        for pixel in self.pixels or ():
            check_whole("x of a hot pixel", pixel[0], 0, 65535)
            check_whole("y of a hot pixel", pixel[1], 0, 65535)

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Self:
        """The filter for the pixels of a mask.

        Args:
            mask: (H, W) bool, True = hot.
        """
        lines, columns = np.nonzero(mask)
        return cls(pixels=tuple(zip(columns.tolist(), lines.tolist(), strict=True)))

    def sensor(self, sensor: Sensor) -> Sensor:
        """The same; see `Filter`."""
        for x, y in self.pixels or ():
            if x >= sensor.width or y >= sensor.height:
                raise ShapeError(f"the hot pixel ({x}, {y}) is off the {sensor} sensor")
        return sensor

    def __call__(
        self, events: Events, state: HotPixelsState | None = None
    ) -> tuple[Events, HotPixelsState | None]:
        """The events of other pixels; see `Filter`."""
        if not len(events):
            return events, state
        if state is None:
            state = self._begin(events)
        check_sensor(state.sensor, events)
        if state.until_us is None:
            return _cold(events, state.hot), state
        first = int(np.searchsorted(events.t, state.until_us))
        _count(events[:first], state.counts)
        if first == len(events):
            return events, state
        state.hot = _hot(state.counts, self.learn_us, events.sensor, self.min_hz, self.factor)
        state.until_us = None
        later = _cold(events[first:], state.hot)
        return Events.concat([events[:first], later]) if first else later, state

    def _begin(self, events: Events) -> HotPixelsState:
        sensor = self.sensor(events.sensor)
        counts = np.zeros(sensor.width * sensor.height, np.int64)
        hot = np.zeros(counts.size, bool)
        if self.pixels is None:
            return HotPixelsState(sensor, int(events.t[0]) + self.learn_us, counts, hot)
        for x, y in self.pixels:
            hot[y * sensor.width + x] = True
        return HotPixelsState(sensor, None, counts, hot)


def find_hot_pixels(
    stream: Iterable[Events], *, min_hz: float = _MIN_HZ, factor: float = _FACTOR
) -> NDArray[np.bool_]:
    """The hot pixels of a whole recording, by the rule of `HotPixels`.

    Args:
        stream: stretches of events of one sensor, such as `Recording.events()`.
        min_hz: lowest rate of a hot pixel, Hz.
        factor: how much busier than its surroundings a hot pixel is, at least.
    Returns: (H, W) bool, True = hot.

    Raises:
        ConfigError: an option out of its range.
        ShapeError: no stretch at all, sensors that differ, or an event off its sensor.
    """
    _check_rule(min_hz, factor)
    sensor = counts = first_us = None
    last_us = 0
    for events in stream:
        if sensor is None or counts is None:
            sensor = events.sensor
            counts = np.zeros(sensor.width * sensor.height, np.int64)
        check_sensor(sensor, events)
        _count(events, counts)
        if len(events):
            first_us = int(events.t[0]) if first_us is None else first_us
            last_us = int(events.t[-1])
    if sensor is None or counts is None:
        raise ShapeError("a stream without a single stretch has no sensor to find hot pixels on")
    duration_us = 0 if first_us is None else max(last_us - first_us, 0)
    return _hot(counts, duration_us, sensor, min_hz, factor).reshape(sensor.height, sensor.width)


def _check_rule(min_hz: float, factor: float) -> None:
    if not (0 < min_hz < math.inf and 1 < factor < math.inf):
        raise ConfigError(f"min_hz is above 0 and factor above 1, not {min_hz} and {factor}")


def _count(events: Events, counts: NDArray[np.int64]) -> None:
    from eventsnn.kernels.hot_pixels import count_pixels

    refused = count_pixels(events.x, events.y, events.sensor.width, events.sensor.height, counts)
    if refused >= 0:
        raise refusal(events, refused)


def _cold(events: Events, hot: NDArray[np.bool_]) -> Events:
    from eventsnn.kernels.hot_pixels import keep_cold

    keep = np.empty(len(events), bool)
    refused = keep_cold(events.x, events.y, events.sensor.width, events.sensor.height, hot, keep)
    if refused >= 0:
        raise refusal(events, refused)
    return where(keep, events)


def _hot(
    counts: NDArray[np.int64], duration_us: int, sensor: Sensor, min_hz: float, factor: float
) -> NDArray[np.bool_]:
    from scipy.ndimage import rank_filter

    picture = counts.reshape(sensor.height, sensor.width)
    busy = rank_filter(picture, rank=-5, size=5, mode="mirror").ravel()
    least = np.maximum(min_hz * duration_us / 1e6, factor * np.maximum(busy, 1))
    hot: NDArray[np.bool_] = counts >= least
    return hot


FILTER = HotPixels
