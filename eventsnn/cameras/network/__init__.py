"""A camera or a recording that another program serves over the DV network protocol."""

from __future__ import annotations

from eventsnn.cameras.kind import CameraKind
from eventsnn.streams import Camera


def _open(addresses: str) -> Camera:
    from eventsnn.cameras.network.camera import NetworkCamera, parse_addresses

    return NetworkCamera(parse_addresses(addresses))


CAMERA = CameraKind(
    name="tcp",
    accepts=("tcp://HOST:PORT[,PORT...]",),
    summary="streams of a DV network server (dv-processing, DV), one port for each of events, frames, ...",
    open=_open,
    prefix="tcp://",
)
