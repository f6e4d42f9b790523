"""One folder per driver behind the Camera protocol, and the simulated camera.

The folder is the registry: every sub-folder's face exports `CAMERA`, a `CameraKind`. Drivers are
imported when a camera is opened, not before.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from eventsnn.cameras.kind import CameraKind
from eventsnn.errors import CameraDriverMissing, CameraNotFound, unknown_name
from eventsnn.streams import Camera

__all__ = ["CameraKind", "attached", "kinds", "names", "open_camera", "open_live"]


def kinds() -> list[CameraKind]:
    """Every kind of camera there is, sorted by name."""
    folders = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    found: list[CameraKind] = [import_module(f"{__name__}.{folder}").CAMERA for folder in folders]
    return sorted(found, key=lambda kind: kind.name)


def names() -> list[str]:
    """The names of all kinds, sorted; `kinds` says what may stand behind each."""
    return [kind.name for kind in kinds()]


def attached() -> list[str]:
    """Full names of the devices that are plugged in now; kinds whose driver is missing give none."""
    found: list[str] = []
    for kind in kinds():
        try:
            found += kind.attached()
        except CameraDriverMissing:
            continue
    return found


def open_camera(name: str) -> Camera:
    """Open a live source by what a user typed; the caller closes it.

    Args:
        name: "davis346", "davis346:SERIAL", "sim", "tcp://host:port[,port...]" or "file:PATH".

    Raises:
        ConfigError: no such kind (near matches are listed), or an argument that the kind does not take.
        CameraError: nothing attached, nobody listening, in use, not permitted, driver missing.
        FormatError: a file or a server that does not hold what it should.
    """
    kind, argument = _find(name)
    return kind.open(argument)


def open_live(name: str, require_camera: bool, say: Callable[[str], None]) -> Camera:
    """Open a live source; where no device of a kind is attached, the kind's simulated stand-in.

    A device that is attached but busy or not permitted is an error all the same, and so is the
    absence of one that was asked for by its serial number.

    Args:
        name: as for `open_camera`.
        require_camera: never fall back.
        say: gets the one line that tells the user what is missing and what plays instead.
    Raises: as `open_camera`.
    """
    kind, argument = _find(name)
    try:
        return kind.open(argument)
    except (CameraNotFound, CameraDriverMissing) as missing:
        if require_camera or argument or not kind.stand_in:
            raise
        say(f"{missing}; playing the SIMULATED camera instead")
        return open_camera(kind.stand_in)


def _find(name: str) -> tuple[CameraKind, str]:
    """The kind that a user's word asks for, and the argument behind its prefix."""
    known = kinds()
    for kind in known:
        argument = kind.argument(name)
        if argument is not None:
            return kind, argument
    raise unknown_name("camera", name, [spelling for kind in known for spelling in kind.accepts])
