"""An iniVation DAVIS346 on USB, through dv-processing."""

from __future__ import annotations

from eventsnn.cameras.kind import CameraKind
from eventsnn.streams import Camera


def _open(serial: str) -> Camera:
    from eventsnn.cameras.davis346.camera import Davis346

    return Davis346(serial)


def _attached() -> list[str]:
    from eventsnn.cameras.davis346.driver import serials

    return [f"davis346:{serial}" for serial in serials()]


CAMERA = CameraKind(
    name="davis346",
    accepts=("davis346", "davis346:SERIAL"),
    summary="iniVation DAVIS346 on USB: events, frames, IMU, triggers",
    open=_open,
    prefix="davis346:",
    attached=_attached,
    stand_in="sim",
)
