"""One pass over a recording that finds out what `eventsnn info` tells, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from eventsnn.commands.progress import Meter
from eventsnn.commands.selection import packet_size, stream_name
from eventsnn.errors import FormatError
from eventsnn.events import Events
from eventsnn.formats import EventFile

GAP_US = 100_000
"""The shortest silence between two events that is told, µs."""

_MOST_BINS = 4096
_MOST_TOLD = 20
_BARS = 40


class EventRate:
    """Events per interval of a stream whose begin, end and order are not known beforehand.

    The intervals are the shortest powers of two of a µs of which at most 4096 are in use.
    """

    def __init__(self) -> None:
        self._shift = 0
        self._counts: Counter[int] = Counter()

    def add(self, events: Events) -> None:
        """Count the next stretch.

        Args:
            events: in time order, at least one.
        """
        while (int(events.t[-1]) - int(events.t[0])) >> self._shift > _MOST_BINS:
            self._coarsen()
        bins = events.t >> self._shift
        begins = np.concatenate(([0], np.flatnonzero(bins[1:] != bins[:-1]) + 1, [len(bins)]))
        for bin, count in zip(bins[begins[:-1]].tolist(), np.diff(begins).tolist(), strict=True):
            self._counts[bin] += count
        while len(self._counts) > _MOST_BINS:
            self._coarsen()

    def bars(self, start_us: int, end_us: int, most: int = _BARS) -> tuple[float, list[int]]:
        """The counts between two instants in equal bars.

        Args:
            start_us: first event, µs.
            end_us: last event, µs.
            most: how many bars, where there is time enough for them.
        Returns: seconds of a bar, and the events in each. An event may be counted one bar beside its own
            where a bar is shorter than some hundred intervals.
        """
        length = end_us - start_us + 1
        bars = min(most, length)
        counts = [0] * bars
        for bin, count in self._counts.items():
            middle = ((2 * bin + 1) << self._shift) >> 1
            counts[min(max((middle - start_us) * bars // length, 0), bars - 1)] += count
        return length / bars / 1e6, counts

    def _coarsen(self) -> None:
        self._shift += 1
        coarser: Counter[int] = Counter()
        for bin, count in self._counts.items():
            coarser[bin >> 1] += count
        self._counts = coarser


class Survey:
    """What one reading of a whole recording shows.

    Args:
        recording: the open file.
        meter: told how far the reading is.
    """

    def __init__(self, recording: EventFile, meter: Meter) -> None:
        self.damage: FormatError | None = None
        self.counts: Counter[str] = Counter()
        self.on = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.gaps = self.steps_back = 0
        self.gaps_told: list[dict[str, float]] = []
        self.steps_told: list[dict[str, float]] = []
        self._rate = EventRate()
        self._at_us: int | None = None
        from eventsnn.filters.hot_pixels import find_hot_pixels

        # it reads the stream on its own; everything else is counted as the events pass by
        self.hot = find_hot_pixels(self._passing(recording, meter))

    def summary(self) -> dict[str, Any]:
        """The findings with plain keys; those that need events are None without any."""
        events = self.counts["events"]
        found: dict[str, Any] = {
            "events": events,
            "frames": self.counts["frames"],
            "imu_samples": self.counts["IMU samples"],
            "triggers": self.counts["triggers"],
            "first_us": self.first_us,
            "last_us": self.last_us,
            "duration_s": None,
            "events_per_s": None,
            "on_share": None,
            "rate": None,
            "hot_pixels": self._hot_pixels(),
            "gaps": {"count": self.gaps, "longest_first": self.gaps_told},
            "steps_back": {"count": self.steps_back, "largest_first": self.steps_told},
        }
        if self.first_us is not None and self.last_us is not None:
            seconds = (self.last_us - self.first_us) / 1e6
            bar_s, bars = self._rate.bars(self.first_us, self.last_us)
            found["duration_s"] = seconds
            found["events_per_s"] = events / seconds if seconds else None
            found["on_share"] = self.on / events
            found["rate"] = {"bar_s": bar_s, "events_per_s": [count / bar_s for count in bars]}
        return found

    def _hot_pixels(self) -> dict[str, Any]:
        lines, columns = np.nonzero(self.hot)
        return {"count": len(lines), "x_y": np.stack([columns, lines], 1)[:_MOST_TOLD].tolist()}

    def _passing(self, recording: EventFile, meter: Meter) -> Iterator[Events]:
        yield Events.empty(recording.sensor)
        try:
            for packet in recording.packets():
                self.counts[stream_name(packet)] += packet_size(packet)
                if isinstance(packet, Events) and len(packet):
                    self._look_at(packet)
                    yield packet
                meter(recording.fraction, self.counts["events"])
        except FormatError as error:
            self.damage = error

    def _look_at(self, events: Events) -> None:
        first_us, last_us = int(events.t[0]), int(events.t[-1])
        self.first_us = first_us if self.first_us is None else min(self.first_us, first_us)
        self.last_us = last_us if self.last_us is None else max(self.last_us, last_us)
        self.on += int(np.count_nonzero(events.p))
        self._rate.add(events)
        if self._at_us is not None:
            if first_us < self._at_us:
                self.steps_back += 1
                self._tell(self.steps_told, self._at_us, self._at_us - first_us)
            elif first_us - self._at_us > GAP_US:
                self._gap(self._at_us, first_us - self._at_us)
        self._at_us = last_us
        if last_us - first_us > GAP_US:
            silence = np.diff(events.t)
            for at in np.flatnonzero(silence > GAP_US).tolist():
                self._gap(int(events.t[at]), int(silence[at]))

    def _gap(self, at_us: int, length_us: int) -> None:
        self.gaps += 1
        self._tell(self.gaps_told, at_us, length_us)

    def _tell(self, told: list[dict[str, float]], at_us: int, length_us: int) -> None:
        told.append({"at_us": at_us, "length_s": length_us / 1e6})
        told.sort(key=lambda entry: -entry["length_s"])
        del told[_MOST_TOLD:]
