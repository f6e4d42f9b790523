"""Event rate: keep a stream below a number of events a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import NO_TIME, refusal, where
from eventsnn.filters.options import LONGEST_US, check_whole


@dataclass(slots=True)
class EventRateState:
    """What the filter remembers.

    Args:
        clock: (5,) int64, as the kernel describes it.
    """

    clock: NDArray[np.int64]


@dataclass(frozen=True)
class EventRate(Filter):
    """Keep at most `events_per_s` in every window of `window_us`, counted from the first event on.

    A window may keep `events_per_s * window_us / 10**6` events, rounded down. Where the window before had
    more than that, its count is what this window is expected to have, and that share of the events is
    kept, evenly spread; otherwise the first ones are. Where more events come than expected, the rest of
    their window is dropped: a stream whose rate jumps up loses the end of one window, and is thinned
    evenly from the next on.

    Args:
        events_per_s: highest rate, events a second.
        window_us: length of a window, µs.
    Raises: ConfigError: an option out of its range, or a window too short for a single event.
    """

    events_per_s: int
    window_us: int = 10_000

    def __post_init__(self) -> None:
        check_whole("events_per_s", self.events_per_s, 1, 10**12)
        check_whole("window_us", self.window_us, 1, LONGEST_US)
        if not self.budget:
            raise ConfigError(
                f"{self.events_per_s} events a second leave none for a window of {self.window_us} µs; "
                "take longer windows"
            )

    @property
    def budget(self) -> int:
        """How many events a window may keep."""
        return self.events_per_s * self.window_us // 10**6

    def __call__(
        self, events: Events, state: EventRateState | None = None
    ) -> tuple[Events, EventRateState | None]:
        """The events that fit the rate; see `Filter`."""
        from eventsnn.kernels.event_rate import keep_some

        if not len(events):
            return events, state
        if state is None:
            state = EventRateState(np.array([NO_TIME, events.t[0], 0, self.budget, 0]))
        keep = np.empty(len(events), bool)
        refused = keep_some(events.t, self.window_us, self.budget, state.clock, keep)
        if refused >= 0:
            raise refusal(events, refused)
        return where(keep, events), state


FILTER = EventRate
