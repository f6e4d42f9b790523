"""Ctrl-C and SIGTERM (a cluster's time limit): the work ends at once and takes its half-written file back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from eventsnn.commands.progress import Meter


class _Wish:
    """Whether somebody asked to stop; the exception alone is lost where it hits a callback of Python's."""

    stop = False
    idle = False


@contextmanager
def interruptible() -> Iterator[None]:
    """While the block runs, Ctrl-C and SIGTERM both raise KeyboardInterrupt."""
    _Wish.stop = False
    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, _interrupt)
    except ValueError:
        pass  # only the main thread gets signals, and may say so
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watched(meter: Meter) -> Meter:
    """A meter that raises KeyboardInterrupt where a wish to stop was lost.

    Args:
        meter: told what it is told.
    """

    def watching(share: float, events: int) -> None:
        if _Wish.stop:
            raise KeyboardInterrupt
        meter(share, events)

    return watching


def obey_the_parent() -> None:
    """Prepare a worker: a terminal's Ctrl-C reaches everybody, and the parent alone passes it on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    _Wish.idle = True


@contextmanager
def at_work() -> Iterator[None]:
    """In a worker: a job runs, which has to clean up when it is stopped; the process ends after that."""
    _Wish.idle = False
    try:
        yield
    except KeyboardInterrupt:
        # the pool would take an exception for the job's result and give the next job
        os._exit(130)
    _Wish.idle = True


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _Wish.idle:
        os._exit(130)
    _Wish.stop = True
    # a scheduler and our parent may both send it; the clean-up is not to be interrupted by the second
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
