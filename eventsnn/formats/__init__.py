"""One file per event-file format; `open_events` finds the format by content.

The folder is the registry: a module here that exports `FORMAT` is a format, nothing else names it.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

from eventsnn.errors import FormatError
from eventsnn.events import Sensor
from eventsnn.formats.event_file import HEAD_BYTES, EventFile, Format

__all__ = ["EventFile", "Format", "formats", "open_events"]


def formats() -> list[Format]:
    """Every format, by the name of its module."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return [module.FORMAT for module in modules if hasattr(module, "FORMAT")]


def open_events(path: str | Path, sensor: Sensor | None = None) -> EventFile:
    """Open an event file of any known format, recognised by its content.

    Args:
        path: the file.
        sensor: the pixel array, where the file does not give it or gives a wrong one.
    Raises: FormatError: no such file, an empty one, no known format, or a damaged header.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise FormatError(f"{path} is a {'folder' if path.is_dir() else 'device'}, not an event file")
        file = path.open("rb")
    except OSError as error:
        raise FormatError(f"{path} cannot be opened: {error.strerror or error}") from error
    try:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        return _format_of(head, path).open(file, path, sensor)
    except BaseException:
        file.close()
        raise


def _format_of(head: bytes, path: Path) -> Format:
    if not head:
        raise FormatError(f"{path} is empty")
    known = formats()
    for format in known:
        if format.recognises(head):
            return format
    named = [format.name for format in known if path.suffix.lower() in format.suffixes]
    claim = f"does not contain what its name says ({', '.join(named)}), nor" if named else "is not"
    names = ", ".join(format.name for format in known)
    raise FormatError(f"{path} {claim} an event file of a known format; known are {names}")
