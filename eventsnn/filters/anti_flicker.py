"""Anti-flicker: drop the events of pixels that blink with a lamp or a screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import NO_TIME, check_sensor, refusal, where
from eventsnn.filters.options import check_whole


@dataclass(slots=True)
class AntiFlickerState:
    """What the filter remembers, as its kernel describes it.

    Args:
        sensor: the pixel array of the stream.
        clock: (1,) int64, µs, time of the last event.
        polarities: (H, W) int8.
        rises: (H, W) int64, µs.
        counts: (H, W) int64.
    """

    sensor: Sensor
    clock: NDArray[np.int64]
    polarities: NDArray[np.int8]
    rises: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class AntiFlicker(Filter):
    """Drop the events of a pixel while it turns from dark to bright at a steady rate within a band.

    A rise is an ON event whose pixel had an OFF event before it, so that several events of one polarity
    count once; the period is the time from rise to rise. A pixel whose last `periods` periods all lie in
    the band blinks: its events are dropped, from the rise that completes them on, until a period leaves
    the band or no rise came for the longest period. A moving edge makes single rises and is kept; a
    fine pattern that passes at such a rate cannot be told from a lamp. Lamps at 50 and 60 Hz mains blink
    100 and 120 times a second, half-wave ones and many screens 50 and 60 times; the defaults cover both.

    Args:
        min_hz: lowest rate of blinking, Hz.
        max_hz: highest rate of blinking, Hz.
        periods: how many periods in a row it takes.
    Raises: ConfigError: a band without width, or an option out of its range.
    """

    min_hz: float = 45.0
    max_hz: float = 130.0
    periods: int = 4

    def __post_init__(self) -> None:
        check_whole("periods", self.periods, 1, 2**31)
        if not 0.001 <= self.min_hz < self.max_hz < math.inf:
            raise ConfigError(
                f"the band of anti-flicker goes up from at least 0.001 Hz, not from {self.min_hz} to "
                f"{self.max_hz} Hz"
            )

    def __call__(
        self, events: Events, state: AntiFlickerState | None = None
    ) -> tuple[Events, AntiFlickerState | None]:
        """The events of pixels that do not blink; see `Filter`."""
        from eventsnn.kernels.anti_flicker import keep_steady

        if state is None:
            shape = events.sensor.height, events.sensor.width
            state = AntiFlickerState(
                events.sensor,
                np.array([NO_TIME]),
                np.full(shape, -1, np.int8),
                np.zeros(shape, np.int64),
                np.full(shape, -1, np.int64),
            )
        check_sensor(state.sensor, events)
        keep = np.empty(len(events), bool)
        refused = keep_steady(
            events.t,
            events.x,
            events.y,
            events.p,
            math.ceil(1e6 / self.max_hz),
            math.floor(1e6 / self.min_hz),
            self.periods,
            state.clock,
            state.polarities,
            state.rises,
            state.counts,
            keep,
        )
        if refused >= 0:
            raise refusal(events, refused)
        return where(keep, events), state


FILTER = AntiFlicker
