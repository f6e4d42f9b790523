"""A DAVIS346 that is not there: a process of its own renders a scene and serves events and frames."""

from __future__ import annotations

from eventsnn.cameras.kind import CameraKind
from eventsnn.streams import Camera


def _open(argument: str) -> Camera:
    from eventsnn.cameras.simulated.camera import SimulatedCamera

    return SimulatedCamera()


CAMERA = CameraKind(
    name="sim",
    accepts=("sim",),
    summary="SIMULATED davis346: a moving scene, rendered and served by a process of its own",
    open=_open,
)
