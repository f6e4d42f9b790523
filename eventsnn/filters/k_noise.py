"""KNoise: drop unsupported events with a memory of one event for each column and line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import NO_TIME, check_sensor, refusal, where
from eventsnn.filters.options import LONGEST_US, check_whole

_NOWHERE = -10
"""A place that is near no pixel."""


@dataclass(slots=True)
class KNoiseState:
    """What the filter remembers, as its kernel describes it.

    Args:
        sensor: the pixel array of the stream.
        clock: (1,) int64, µs, time of the last event.
        column_times: (W + 2,) int64, µs.
        column_places: (W + 2,) int64.
        line_times: (H + 2,) int64, µs.
        line_places: (H + 2,) int64.
    """

    sensor: Sensor
    clock: NDArray[np.int64]
    column_times: NDArray[np.int64]
    column_places: NDArray[np.int64]
    line_times: NDArray[np.int64]
    line_places: NDArray[np.int64]


@dataclass(frozen=True)
class KNoise(Filter):
    """Keep an event where a near column or line last fired close by, lately, and with the same polarity.

    Each column remembers one event and each line one, so that the memory is W + H instead of W·H; a later
    event of the column hides an earlier one, and a few supported events are lost to that. The event's own
    pixel counts as support. The rule is that of `dv_processing.noise.KNoiseFilter`.

    Source: Khodamoradi and Kastner, "O(N)-Space Spatiotemporal Filter for Reducing Noise in Neuromorphic
    Vision Sensors", IEEE TETC 2018.

    Args:
        time_us: longest age of support, itself included, µs.
    Raises: ConfigError: an option out of its range.
    """

    time_us: int = 1000

    def __post_init__(self) -> None:
        check_whole("time_us", self.time_us, 0, LONGEST_US)

    def __call__(self, events: Events, state: KNoiseState | None = None) -> tuple[Events, KNoiseState | None]:
        """The supported events; see `Filter`."""
        from eventsnn.kernels.k_noise import keep_near

        if state is None:
            columns, lines = events.sensor.width + 2, events.sensor.height + 2
            state = KNoiseState(
                events.sensor,
                np.array([NO_TIME]),
                np.zeros(columns, np.int64),
                np.full(columns, _NOWHERE, np.int64),
                np.zeros(lines, np.int64),
                np.full(lines, _NOWHERE, np.int64),
            )
        check_sensor(state.sensor, events)
        keep = np.empty(len(events), bool)
        refused = keep_near(
            events.t,
            events.x,
            events.y,
            events.p,
            self.time_us,
            state.clock,
            state.column_times,
            state.column_places,
            state.line_times,
            state.line_places,
            keep,
        )
        if refused >= 0:
            raise refusal(events, refused)
        return where(keep, events), state


FILTER = KNoise
