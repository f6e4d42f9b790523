"""Events over the camera's own frame, and time surfaces, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events
from eventsnn.results import Frame
from eventsnn.views.draw import GROUND, OFF_COLOUR, ON_COLOUR, Picture, draw_events, draw_frame


def draw_events_over(events: Events, frame: Frame | None) -> Picture:
    """Events as `draw_events` draws them, over a frame where there is one.

    Args:
        events: what to draw, usually one window.
        frame: of the same sensor; None leaves the dark ground.
    Returns: (H, W, 3) uint8 RGB of the sensor's size.
    Raises: ShapeError: a frame of another size.
    """
    if frame is None:
        return draw_events(events)
    size = (events.sensor.height, events.sensor.width)
    if frame.image.shape[:2] != size:
        raise ShapeError(
            f"a frame of {frame.image.shape[1]}x{frame.image.shape[0]} px does not fit under events of a "
            f"{events.sensor} sensor"
        )
    picture = draw_frame(frame, events.sensor).copy()
    picture[events.y, events.x] = draw_events(events)[events.y, events.x]
    return picture


def draw_time_surface(surface: NDArray[Any]) -> Picture:
    """A time surface: brightness is recency, ON amber, OFF blue, both at one pixel mixed.

    Args:
        surface: (2, H, W) ON and OFF, or (1, H, W) of both; 0 (never, long ago) to 1 (now).
    Returns: (H, W, 3) uint8 RGB.
    Raises: ShapeError: another shape.
    """
    if surface.ndim != 3 or surface.shape[0] not in (1, 2):
        raise ShapeError(f"a time surface is (1, H, W) or (2, H, W), not {surface.shape}")
    on, off = surface[0], surface[-1]
    recent = np.maximum(on, off)
    share = (on / np.maximum(on + off, np.float32(1e-9)))[..., None]
    light = share * np.array(ON_COLOUR, np.float32) + (1 - share) * np.array(OFF_COLOUR, np.float32)
    amount = recent[..., None]
    picture: Picture = np.rint(amount * light + (1 - amount) * np.array(GROUND, np.float32)).astype(np.uint8)
    return picture
