"""Refractory period: a pixel that fired stays silent for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import NO_TIME, check_sensor, first_of, pixel_times, refusal, room
from eventsnn.filters.options import LONGEST_US, check_choice, check_whole


@dataclass(slots=True)
class RefractoryState:
    """What the filter remembers.

    Args:
        sensor: the pixel array of the stream.
        clock: (2,) int64, µs: origin of `times` and time of the last event.
        times: (1 or 2, H, W) uint32, µs after the origin: when the pixel last kept an event, 0 for never.
    """

    sensor: Sensor
    clock: NDArray[np.int64]
    times: NDArray[np.uint32]


@dataclass(frozen=True)
class Refractory(Filter):
    """Drop the events of a pixel that come less than a period after the last one that was kept.

    A dropped event does not restart the dead time, as in a real pixel; tonic, evlib and evutils restart
    it, so that a pixel which fires fast enough falls silent for good.

    Args:
        period_us: dead time; an event exactly this long after the last is kept, µs.
        polarity: "same" gives each polarity a dead time of its own, "both" one to the pixel.
    Raises: ConfigError: an option out of its range.
    """

    period_us: int = 1000
    polarity: Literal["both", "same"] = "both"

    def __post_init__(self) -> None:
        check_whole("period_us", self.period_us, 0, LONGEST_US)
        check_choice("polarity", self.polarity, ("both", "same"))

    def __call__(
        self, events: Events, state: RefractoryState | None = None
    ) -> tuple[Events, RefractoryState | None]:
        """The events of rested pixels; see `Filter`."""
        from eventsnn.kernels.refractory import keep_rested

        if not len(events):
            return events, state
        if state is None:
            planes = 1 if self.polarity == "both" else 2
            clock = np.array([events.t[0] - self.period_us, NO_TIME])
            state = RefractoryState(events.sensor, clock, pixel_times(events.sensor, planes, 0))
        check_sensor(state.sensor, events)
        columns = room(len(events))
        kept = keep_rested(
            events.t, events.x, events.y, events.p, self.period_us, state.clock, state.times, *columns
        )
        if kept < 0:
            raise refusal(events, -1 - kept)
        return events if kept == len(events) else first_of(columns, kept, events.sensor), state


FILTER = Refractory
