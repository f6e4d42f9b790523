"""Polarity: keep the ON or the OFF events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from eventsnn.events import Events
from eventsnn.filters.filter import Filter
from eventsnn.filters.kept import where
from eventsnn.filters.options import check_choice


@dataclass(frozen=True)
class Polarity(Filter):
    """Keep the events of one polarity.

    Args:
        keep: "on" for brighter, "off" for darker.
    Raises: ConfigError: another polarity.
    """

    keep: Literal["on", "off"]

    def __post_init__(self) -> None:
        check_choice("keep", self.keep, ("on", "off"))

    def __call__(self, events: Events, state: Any = None) -> tuple[Events, Any]:
        """The events of the polarity; see `Filter`."""
        return where(events.p if self.keep == "on" else ~events.p, events), state


FILTER = Polarity
