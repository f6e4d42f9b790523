"""A recording played in real time, as if it were a camera."""

from __future__ import annotations

from eventsnn.cameras.kind import CameraKind
from eventsnn.errors import ConfigError
from eventsnn.streams import Camera


def _open(path: str) -> Camera:
    if not path:
        raise ConfigError("file: needs the recording to play: write file:PATH")
    from eventsnn.cameras.replay.camera import Replay
    from eventsnn.formats import open_events

    return Replay(open_events(path))


CAMERA = CameraKind(
    name="file",
    accepts=("file:PATH",),
    summary="an event file played in real time",
    open=_open,
    prefix="file:",
)
