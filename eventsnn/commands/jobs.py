"""What a command does with one recording, as a value that can travel to another process or machine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Protocol

from eventsnn import __version__
from eventsnn.commands.progress import Meter


class Job(Protocol):
    """A frozen dataclass whose fields are all that decides what the output holds."""

    def __call__(self, source: Path, target: Path, meter: Meter) -> str:
        """Make `target` of `source`; it appears under its name only when it is whole.

        Args:
            source: the recording.
            target: the file to make.
            meter: told how far it is.
        Returns: what was made and what was lost, in some short lines.
        Raises: EventsnnError: it cannot be made; nothing is left behind.
        """
        ...


def settings(job: Job) -> dict[str, Any]:
    """Everything that decides what the output of a job holds, ready for JSON.

    Args:
        job: the job.
    """
    content = {
        "command": type(job).__name__,
        "eventsnn": __version__,
        **dataclasses.asdict(job),  # type: ignore[call-overload]
    }
    plain: dict[str, Any] = json.loads(json.dumps(content, default=str))
    return plain
