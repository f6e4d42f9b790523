"""Live figures and the closing summary of a demonstration, in bounded memory."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

_SETTLED_S = 5.0


class Rate:
    """How fast a count grows, over about the last second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=2000)

    def at(self, now_s: float, total: int) -> float:
        """Counts per second.

        Args:
            now_s: the time of this reading, s; never before the last one.
            total: the count so far.
        """
        self._seen.append((now_s, total))
        while len(self._seen) > 2 and now_s - self._seen[1][0] >= 1.0:
            self._seen.popleft()
        then_s, before = self._seen[0]
        return (total - before) / (now_s - then_s) if now_s > then_s else 0.0


class Latencies:
    """Percentiles of any number of durations in fixed memory, exact to 0.1 ms up to 10 s."""

    _STEPS_A_MS = 10

    def __init__(self) -> None:
        self._counts = np.zeros(10_000 * self._STEPS_A_MS, np.int64)

    def add(self, seconds: float) -> None:
        """Take one duration, s."""
        place = int(seconds * 1000 * self._STEPS_A_MS)
        self._counts[min(max(place, 0), self._counts.size - 1)] += 1

    def percentile_ms(self, percent: float) -> float:
        """The duration that `percent` of all do not exceed, ms; NaN where there are none."""
        total = int(self._counts.sum())
        if not total:
            return math.nan
        rank = max(1, math.ceil(total * percent / 100))
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return (place + 1) / self._STEPS_A_MS


class Figures:
    """What a run has done so far.

    Args:
        live: whether events come in real time, so that latency and dropped windows mean something.
    """

    def __init__(self, live: bool) -> None:
        self.live = live
        self.windows = 0
        self.pictures = 0
        self.events = 0
        self.dropped = 0
        self.stream_us = 0
        self.latencies = Latencies()
        self._started_s = time.perf_counter()
        self._window_rate, self._event_rate, self._stream_rate = Rate(), Rate(), Rate()
        self._latency_s = 0.0
        self._firing = 0.0
        self._firing_now = math.nan
        self._settled_mb: float | None = None

    def start(self) -> None:
        """Count the time from now on."""
        self._started_s = time.perf_counter()

    def window(self, length_us: int, events: int, dropped: int, firing_rate: float) -> None:
        """One more window went through the network.

        Args:
            length_us: its length, µs.
            events: events of the stream so far, those of dropped windows included.
            dropped: windows dropped so far.
            firing_rate: share of neurons that fired, 0 to 1; NaN for a network without spikes.
        """
        self.windows += 1
        self.stream_us += length_us
        self.events, self.dropped = events, dropped
        self._firing_now = firing_rate
        self._firing += firing_rate
        if self._settled_mb is None and self.seconds > _SETTLED_S:
            self._settled_mb = resident_mb()

    def picture(self, latency_s: float | None) -> None:
        """One more picture was drawn, so long after the last event of its window."""
        self.pictures += 1
        if latency_s is not None:
            self.latencies.add(latency_s)
            # Smoothed for the eye: single values cannot be read at 30 pictures a second.
            weight = 0.1 if self._latency_s else 1.0
            self._latency_s += weight * (latency_s - self._latency_s)

    @property
    def seconds(self) -> float:
        """Wall time since the start, s."""
        return time.perf_counter() - self._started_s

    def shown(self) -> tuple[tuple[str, str], ...]:
        """The figures of this moment as (name, value), always the same names."""
        now = time.perf_counter()
        stream_s = self._stream_rate.at(now, self.stream_us) / 1e6
        rate = self._event_rate.at(now, self.events)
        if not self.live and stream_s:
            rate /= stream_s
        firing = "-" if math.isnan(self._firing_now) else f"{100 * self._firing_now:.1f} %"
        shown = [
            ("events/s", _short(rate)),
            ("windows/s", f"{self._window_rate.at(now, self.windows):.0f}"),
            ("firing rate", firing),
        ]
        if self.live:
            shown.insert(2, ("latency", f"{1000 * self._latency_s:.0f} ms"))
            shown.append(("dropped windows", str(self.dropped)))
        else:
            shown.append(("speed", f"{stream_s:.1f} x real time"))
        return tuple(shown)

    def summary(self) -> dict[str, Any]:
        """Everything counted, with plain keys; None where a figure does not apply."""
        seconds = self.seconds
        through = self.seconds if self.live else self.stream_us / 1e6
        latency = None
        if self.live and self.pictures:
            latency = {f"p{p}": round(self.latencies.percentile_ms(p), 1) for p in (50, 95, 99)}
        firing = self._firing / self.windows if self.windows else math.nan
        settled, now = self._settled_mb, resident_mb()
        return {
            "seconds": round(seconds, 3),
            "windows": self.windows,
            "windows_per_s": round(self.windows / seconds, 2),
            "dropped_windows": self.dropped if self.live else None,
            "pictures": self.pictures,
            "events": self.events,
            "events_per_s": round(self.events / through) if through else 0,
            "latency_ms": latency,
            "firing_rate": None if math.isnan(firing) else round(firing, 4),
            "memory_peak_mb": _peak_mb(),
            "memory_growth_mb": None if settled is None or now is None else round(now - settled, 1),
        }


def resident_mb() -> float | None:
    """Memory of this process now, MB; None where the system does not say."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None
    import resource

    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6


def _peak_mb() -> float | None:
    """Largest memory of this process so far, MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


def _short(number: float) -> str:
    """Three digits and a unit: 950, 12.3 k, 1.23 M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"
