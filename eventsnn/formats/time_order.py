"""Events whose time steps back: moved to their place, kept as they are, or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import numpy as np

from eventsnn.errors import FormatError
from eventsnn.events import Events

HORIZON_US = 10_000
"""How late an event may come and still be moved to its place, µs."""

MOVED = "events that came late and were moved to their place in time"
STEPPED = "steps back in time, left as they are"


class TimeOrder:
    """Takes stretches of events as a file holds them, gives stretches in time order.

    Stretches are held until no late event can belong into them any more, so the result does not
    depend on how the events were cut into stretches.

    Args:
        policy: as `Reading.order`.
        remarks: where moved events and kept steps are counted.
    """

    def __init__(self, policy: Literal["sort", "keep", "refuse"], remarks: Counter[str]) -> None:
        self._policy = policy
        self._remarks = remarks
        self._held: list[Events] = []
        self._latest_us: int | None = None

    def push(self, events: Events, where: str) -> Iterator[Events]:
        """Take the next stretch; gives what is sure to be in order.

        Args:
            events: the next stretch, in any order.
            where: file and place, for the message.
        Raises: FormatError: time steps back further than the policy allows, after `flush`.
        """
        if not len(events):
            return
        ordered = bool((events.t[1:] >= events.t[:-1]).all())
        if self._policy == "keep":
            yield from self._kept(events, ordered)
            return
        before = self._latest_us
        if ordered and (before is None or events.t[0] >= before):
            self._latest_us = int(events.t[-1])
            self._held.append(events)
        else:
            self._sort_in(events, where)
        yield from self._settled()

    def _sort_in(self, events: Events, where: str) -> None:
        latest = np.maximum.accumulate(events.t)
        if self._latest_us is not None:
            np.maximum(latest, self._latest_us, out=latest)
        late_us = latest - events.t
        most_us = HORIZON_US if self._policy == "sort" else 0
        if late_us.max() > most_us:
            first = int(np.argmax(late_us > most_us))
            hint = "" if self._policy == "refuse" else "; only 10 ms are sorted, --order keep reads on"
            step = f"{events.t[first]} µs follows {latest[first]} µs"
            raise FormatError(f"{where}: events are not in time order: {step}{hint}")
        self._remarks[MOVED] += int((late_us > 0).sum())
        self._latest_us = int(latest[-1])
        t, x, y, p = (
            np.concatenate([getattr(part, name) for part in (*self._held, events)])
            for name in ("t", "x", "y", "p")
        )
        order = np.argsort(t, kind="stable")
        self._held = [Events(t[order], x[order], y[order], p[order], events.sensor)]

    def _settled(self) -> Iterator[Events]:
        """What no late event can come before any more."""
        assert self._latest_us is not None
        sure_us = self._latest_us - (HORIZON_US if self._policy == "sort" else 0)
        while self._held and self._held[0].t[-1] <= sure_us:
            yield self._held.pop(0)

    def flush(self) -> Iterator[Events]:
        """What is still held, at the end of the file."""
        held, self._held = self._held, []
        yield from held

    def _kept(self, events: Events, ordered: bool) -> Iterator[Events]:
        steps = [] if ordered else (np.flatnonzero(events.t[1:] < events.t[:-1]) + 1).tolist()
        behind = self._latest_us is not None and bool(events.t[0] < self._latest_us)
        if steps or behind:
            self._remarks[STEPPED] += len(steps) + behind
        self._latest_us = int(events.t[-1])
        for first, last in zip([0, *steps], [*steps, len(events)], strict=True):
            yield events[first:last]
