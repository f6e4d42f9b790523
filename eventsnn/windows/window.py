"""A window: the events of an interval."""

from __future__ import annotations

from dataclasses import dataclass

from eventsnn.events import Events


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The events of the half-open interval [start_us, end_us).

    `partial` marks a window that the end of the stream or a jump of its clock cut short, so that it may
    hold less than it could.
    """

    events: Events
    start_us: int
    end_us: int
    partial: bool = False
