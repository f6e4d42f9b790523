"""One folder per task: head, loss, data, classical baselines, recipes and model card.

The folder is the registry: `task("flow")` is the folder `tasks/flow`, whose face exports `TASK`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from eventsnn.errors import unknown_name
from eventsnn.events import Sensor
from eventsnn.windows import Window


class Predictor(Protocol):
    """A trained task on one sensor, fed window by window."""

    sensor: Sensor

    firing_rate: float
    """Share of the spiking neurons that fired in the last step, 0 to 1; NaN for a network without spikes."""

    def step(self, window: Window, state: Any) -> tuple[Any, Any]:
        """The result for one window, and the state to pass with the next.

        Args:
            window: events of `self.sensor`.
            state: None at the start of a stream, then what the call before gave.
        Raises: ShapeError: events of another sensor.
        """
        ...


@dataclass(frozen=True)
class Task:
    """What a task folder offers to the command lines.

    Args:
        name: the folder's name.
        summary: one line for `--list`.
        predictor: (sensor, weights) -> Predictor; `weights` is a file, or None for the shipped ones.
        window_ms: length of the windows that the shipped weights were trained for, ms.
    """

    name: str
    summary: str
    predictor: Callable[[Sensor, str | None], Predictor]
    window_ms: float


def names() -> list[str]:
    """The names of all tasks, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def task(name: str) -> Task:
    """The task of this name.

    Raises: ConfigError: no such task; near matches are listed.
    """
    if name not in names():
        raise unknown_name("task", name, names())
    found: Task = import_module(f"eventsnn.tasks.{name}").TASK
    return found
