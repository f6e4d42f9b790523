"""Decimate: keep every n-th event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import check_sensor, refusal, where
from eventsnn.filters.options import check_choice, check_whole


@dataclass(slots=True)
class DecimateState:
    """What the filter remembers.

    Args:
        sensor: the pixel array of the stream.
        skip: (1,) or (H·W,) int64, how many more events the stream or the pixel drops.
    """

    sensor: Sensor
    skip: NDArray[np.int64]


@dataclass(frozen=True)
class Decimate(Filter):
    """Keep the first event and then every n-th.

    Args:
        every: n; 1 keeps all.
        count_by: "stream" counts all events together, "pixel" those of each pixel.
    Raises: ConfigError: an option out of its range.
    """

    every: int = 2
    count_by: Literal["stream", "pixel"] = "stream"

    def __post_init__(self) -> None:
        check_whole("every", self.every, 1, 2**31)
        check_choice("count_by", self.count_by, ("stream", "pixel"))

    def __call__(
        self, events: Events, state: DecimateState | None = None
    ) -> tuple[Events, DecimateState | None]:
        """Every n-th event; see `Filter`."""
        from eventsnn.kernels.decimate import keep_every

        sensor = events.sensor
        if state is None:
            counters = 1 if self.count_by == "stream" else sensor.width * sensor.height
            state = DecimateState(sensor, np.zeros(counters, np.int64))
        check_sensor(state.sensor, events)
        if self.count_by == "stream":
            first = int(state.skip[0])
            state.skip[0] = (first - len(events)) % self.every
            return (events if self.every == 1 else events[np.arange(first, len(events), self.every)]), state
        keep = np.empty(len(events), bool)
        refused = keep_every(events.x, events.y, sensor.width, sensor.height, self.every, state.skip, keep)
        if refused >= 0:
            raise refusal(events, refused)
        return where(keep, events), state


FILTER = Decimate
