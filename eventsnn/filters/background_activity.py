"""Background activity: drop events that no neighbour pixel supports."""

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
class BackgroundActivityState:
    """What the filter remembers.

    Args:
        sensor: the pixel array of the stream.
        clock: (2,) int64, µs: origin of `times` and time of the last event.
        times: (1 or 2, H + 2, W + 2) uint32, µs after the origin, 0 for never: when the pixel last fired,
            or a neighbour of it did where one supporter is enough.
    """

    sensor: Sensor
    clock: NDArray[np.int64]
    times: NDArray[np.uint32]


@dataclass(frozen=True)
class BackgroundActivity(Filter):
    """Keep an event where enough of its eight neighbour pixels fired within a time, dropped events included.

    Source: Delbruck, "Frame-free dynamic digital vision", 2008, section III-A. The rule is that of
    eventcv; dv_processing takes an age of exactly `time_us` for too old, and 0 for a time when every
    pixel fired.

    Args:
        time_us: longest age of support, itself included, µs.
        neighbours: how many different pixels must support an event.
        own_pixel: whether the event's own pixel is one of them.
        polarity: "same" counts support of the event's own polarity only, "both" of either.
    Raises: ConfigError: an option out of its range.
    """

    time_us: int = 2000
    neighbours: int = 1
    own_pixel: bool = False
    polarity: Literal["both", "same"] = "both"

    def __post_init__(self) -> None:
        check_whole("time_us", self.time_us, 0, LONGEST_US)
        check_whole("neighbours", self.neighbours, 1, 9 if self.own_pixel else 8)
        check_choice("polarity", self.polarity, ("both", "same"))

    def __call__(
        self, events: Events, state: BackgroundActivityState | None = None
    ) -> tuple[Events, BackgroundActivityState | None]:
        """The supported events; see `Filter`."""
        from eventsnn.kernels.background_activity import keep_supported, keep_well_supported

        if not len(events):
            return events, state
        if state is None:
            planes = 1 if self.polarity == "both" else 2
            clock = np.array([events.t[0] - self.time_us - 1, NO_TIME])
            state = BackgroundActivityState(events.sensor, clock, pixel_times(events.sensor, planes, 1))
        check_sensor(state.sensor, events)
        columns = room(len(events))
        given = events.t, events.x, events.y, events.p, self.time_us, self.own_pixel
        if self.neighbours == 1:
            kept = keep_supported(*given, state.clock, state.times, *columns)
        else:
            kept = keep_well_supported(*given, self.neighbours, state.clock, state.times, *columns)
        if kept < 0:
            raise refusal(events, -1 - kept)
        return events if kept == len(events) else first_of(columns, kept, events.sensor), state


FILTER = BackgroundActivity
