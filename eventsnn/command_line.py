"""What the commands of the project share: how they end, and options that several of them take."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable

from eventsnn.errors import EventsnnError
from eventsnn.events import Sensor


def guarded(command: Callable[[], int], program: str = "eventsnn") -> int:
    """Run a command the way every command of the project ends.

    An EventsnnError becomes one line on stderr and exit code 2, a failing disk one line and 1,
    Ctrl-C 130; a reader that has closed our output (`| head`) is no error. Anything else is a
    defect of ours and keeps its traceback.

    Args:
        command: does the work, returns the exit code.
        program: begins the line on stderr.
    """
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Python flushes stdout once more when it ends, which would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (EventsnnError, OSError) as error:
        print(f"{program}: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, EventsnnError) else 1
    return code


def sensor_size(text: str) -> Sensor:
    """The sensor of an option such as `--sensor 240x180`.

    Raises: argparse.ArgumentTypeError: something else than width x height.
    """
    match = re.fullmatch(r"(\d+)x(\d+)", text.lower())
    try:
        if match:
            return Sensor(int(match[1]), int(match[2]))
    except EventsnnError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 240x180 (width x height)")
