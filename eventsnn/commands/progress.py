"""How far a long command is: a bar on stderr where that is a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Meter = Callable[[float, int], None]
"""Called with the share that is done, 0 to 1, and the events so far."""


def silent(share: float, events: int) -> None:
    """A meter that nobody sees."""


@contextmanager
def shown(label: str) -> Iterator[Meter]:
    """A bar with share, rate and time left, while the block runs.

    Args:
        label: what is being worked on.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=1.0, rate="")

        def update(share: float, events: int) -> None:
            seconds = bar.tasks[0].elapsed or 0.0
            rate = f"{events / seconds / 1e6:.1f} Mev/s" if seconds > 0.2 and events else ""
            bar.update(task, completed=share, rate=rate)

        yield update
