"""One file per event-file format; `open_events` finds the format by content."""

from __future__ import annotations

from pathlib import Path

from eventsnn.streams import Recording


def open_events(path: str | Path) -> Recording:
    """Open an event file of any known format."""
    raise NotImplementedError
