"""Fast decay: drop events of cells that have not been busy lately."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import NO_TIME, check_sensor, refusal, where
from eventsnn.filters.options import LONGEST_US, check_whole


@dataclass(slots=True)
class FastDecayState:
    """What the filter remembers.

    Args:
        sensor: the pixel array of the stream.
        clock: (1,) int64, µs, time of the last event.
        times: (rows, columns) int64, µs, when the cell last fired.
        counts: (rows, columns) float64, its decayed count of events at that time.
    """

    sensor: Sensor
    clock: NDArray[np.int64]
    times: NDArray[np.int64]
    counts: NDArray[np.float64]


@dataclass(frozen=True)
class FastDecay(Filter):
    """Count the events of cells of several pixels with exponential decay, and keep those of busy cells.

    The rule is that of `dv_processing.noise.FastDecayNoiseFilter`, in float64.

    Args:
        half_life_us: after this an event counts half, µs.
        cell_px: side of a cell, px.
        threshold: what the decayed count of the cell, this event included, must exceed.
    Raises: ConfigError: an option out of its range.
    """

    half_life_us: int = 10_000
    cell_px: int = 4
    threshold: float = 6.0

    def __post_init__(self) -> None:
        check_whole("half_life_us", self.half_life_us, 1, LONGEST_US)
        check_whole("cell_px", self.cell_px, 1, 65536)
        if not 0 <= self.threshold < math.inf:
            raise ConfigError(f"threshold is a number from 0 on, not {self.threshold!r}")

    def __call__(
        self, events: Events, state: FastDecayState | None = None
    ) -> tuple[Events, FastDecayState | None]:
        """The events of busy cells; see `Filter`."""
        from eventsnn.kernels.fast_decay import keep_busy

        sensor = events.sensor
        if state is None:
            shape = -(-sensor.height // self.cell_px), -(-sensor.width // self.cell_px)
            state = FastDecayState(sensor, np.array([NO_TIME]), np.zeros(shape, np.int64), np.zeros(shape))
        check_sensor(state.sensor, events)
        keep = np.empty(len(events), bool)
        refused = keep_busy(
            events.t,
            events.x,
            events.y,
            sensor.width,
            sensor.height,
            self.half_life_us,
            self.cell_px,
            float(self.threshold),
            state.clock,
            state.times,
            state.counts,
            keep,
        )
        if refused >= 0:
            raise refusal(events, refused)
        return where(keep, events), state


FILTER = FastDecay
