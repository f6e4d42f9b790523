"""Events, frames and flow as pictures: arrays in, (H, W, 3) uint8 RGB out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.results import Flow, Frame

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""

GROUND = (13, 17, 23)
"""RGB behind everything that is drawn."""

ON_COLOUR = (255, 176, 46)
OFF_COLOUR = (64, 140, 255)

_HUE_RAMPS = (15, 6, 4, 11, 13, 6)
"""Steps of red-yellow, yellow-green, green-cyan, cyan-blue, blue-magenta, magenta-red (Baker et al.)."""

_ANGLES = 512
_RADII = 64
_SUPPORTS = 16
_EVENT_LEVELS = 4
_DIM = 0.3
"""How much of the flow colour is left where no event backs it."""


def draw_events(events: Events) -> Picture:
    """Events as bright dots on a dark ground: ON amber, OFF blue, both at one pixel mixed.

    A pixel is brighter the more events it had (full at three), so that contours stand out of noise.

    Args:
        events: what to draw, usually one window.
    Returns: (H, W, 3) uint8 RGB of the sensor's size.
    """
    width, height = events.sensor.width, events.sensor.height
    place = events.y.astype(np.int64) * width + events.x
    place *= 2
    place += events.p
    count = np.bincount(place, minlength=2 * width * height)
    level = np.minimum(count, _EVENT_LEVELS - 1).astype(np.uint8).reshape(-1, 2)
    code = level[:, 0] * np.uint8(_EVENT_LEVELS) + level[:, 1]
    return _unpacked(_event_colours()[code].reshape(height, width))


def draw_frame(frame: Frame | None, sensor: Sensor) -> Picture:
    """A frame as RGB; a plain dark ground where there is none.

    Args:
        frame: grey or colour; 16-bit frames are shown by their upper 8 bits.
        sensor: the size of the picture where there is no frame.
    Returns: (H, W, 3) uint8 RGB.
    """
    if frame is None:
        return np.full((sensor.height, sensor.width, 3), GROUND, np.uint8)
    image = frame.image
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 3:
        return np.ascontiguousarray(image)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2RGB), np.uint8)


def draw_flow(
    flow: Flow, support: NDArray[np.float32] | None = None, max_speed: float | None = None
) -> Picture:
    """Flow in the Middlebury colours: hue is direction (right red, down yellow), saturation is speed.

    Args:
        flow: what to draw.
        support: (H, W) float32, 0 to 1, how well events back the flow (`event_support`): colours fade
            towards the ground where it is low. None fades nothing.
        max_speed: speed of full saturation, px/s; faster pixels get darker. None: the fastest pixel.
    Returns: (H, W, 3) uint8 RGB; where the flow is not valid or not finite, the ground.
    Raises: ShapeError: support of another size.
    Source: Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011, and the
        colour code published with it.
    """
    height, width = flow.displacement.shape[1:]
    if support is not None and support.shape != (height, width):
        raise ShapeError(f"support for {width}x{height} flow is ({height}, {width}), not {support.shape}")
    radius, angle = cv2.cartToPolar(flow.displacement[0], flow.displacement[1])
    known = np.isfinite(radius)
    if not known.all():
        # Not a number would index anywhere in the table; the ground is painted over it below.
        radius[~known] = angle[~known] = 0
    if flow.valid is not None:
        known &= flow.valid
    if max_speed is None:
        full = float(radius.max(where=known, initial=0))
    else:
        full = max_speed * (flow.end_us - flow.start_us) / 1e6
    code = _polar_code(radius, angle, full)
    if support is not None:
        level = (support * np.float32(_SUPPORTS - 1) + np.float32(0.5)).astype(np.int32)
        code += (_SUPPORTS - 1 - level) * (_ANGLES * _RADII)
    if not known.all():
        code[~known] = _SUPPORTS * _ANGLES * _RADII
    return _unpacked(np.take(_flow_colours(), code))


def event_support(events: Events, reach: float = 1.5) -> NDArray[np.float32]:
    """How well events back an answer at every pixel: 1 along a contour, 0 around a lone event.

    Args:
        events: usually one window.
        reach: standard deviation of the Gaussian that an event spreads over, px.
    Returns: (H, W) float32, 0 to 1: density of the pixels with events, where that of one lone pixel
        counts as nothing and that of a line of pixels as everything.
    """
    hit = np.zeros((events.sensor.height, events.sensor.width), np.float32)
    hit[events.y, events.x] = 1
    lone, line = 1 / (2 * np.pi * reach**2), 1 / (np.sqrt(2 * np.pi) * reach)
    side = 2 * round(3 * reach) + 1
    density = np.asarray(
        cv2.GaussianBlur(hit, (side, side), reach, borderType=cv2.BORDER_REFLECT), np.float32
    )
    density -= np.float32(1.05 * lone)
    density *= np.float32(1 / (0.9 * line - 1.05 * lone))
    return np.clip(density, 0, 1, out=density)


@lru_cache(maxsize=8)
def colour_wheel(size: int) -> Picture:
    """The legend of `draw_flow`: every direction and speed as a disc, full speed at its rim.

    Args:
        size: width and height, px.
    Returns: (size, size, 3) uint8 RGB, read-only; the ground outside the disc.
    """
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * 2 / size - 1
    x, y = np.meshgrid(axis, axis)
    radius, angle = cv2.cartToPolar(x, y)
    picture = _unpacked(np.take(_flow_colours(), _polar_code(np.minimum(radius, 1), angle, 1.0)))
    cover = np.clip((1 - radius) * size / 2 + 0.5, 0, 1)[..., None]
    wheel: Picture = np.rint(picture * cover + np.array(GROUND) * (1 - cover)).astype(np.uint8)
    wheel.setflags(write=False)
    return wheel


def _polar_code(radius: NDArray[Any], angle: NDArray[Any], full: float) -> NDArray[np.int32]:
    """Place of every vector in the colour table; the last radius stands for all beyond full speed."""
    ring = np.minimum(radius * np.float32((_RADII - 2) / full if full > 0 else 0), _RADII - 1.5)
    ring = (ring + np.float32(0.5)).astype(np.int32)
    turn = (angle * np.float32(_ANGLES / (2 * np.pi)) + np.float32(0.5)).astype(np.int32)
    turn &= _ANGLES - 1
    turn *= _RADII
    turn += ring
    return turn


def _packed(colours: NDArray[Any]) -> NDArray[np.uint32]:
    """(N, 3) colours as one number each: a table of numbers is read several times faster."""
    padded = np.zeros((len(colours), 4), np.uint8)
    padded[:, :3] = np.rint(colours)
    return padded.view(np.uint32).reshape(-1)


def _unpacked(picture: NDArray[np.uint32]) -> Picture:
    height, width = picture.shape
    rgba = picture.view(np.uint8).reshape(height, width, 4)
    return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)


@lru_cache(maxsize=1)
def _event_colours() -> NDArray[np.uint32]:
    """Packed RGB by (OFF level, ON level)."""
    strength = np.array([0, 0.62, 0.85, 1.0])[:, None]
    off, on = np.divmod(np.arange(_EVENT_LEVELS**2), _EVENT_LEVELS)
    share = (on / np.maximum(on + off, 1))[:, None]
    light = share * np.array(ON_COLOUR) + (1 - share) * np.array(OFF_COLOUR)
    amount = np.maximum(strength[off], strength[on])
    return _packed(amount * light + (1 - amount) * np.array(GROUND))


@lru_cache(maxsize=1)
def _flow_colours() -> NDArray[np.uint32]:
    """Packed RGB by (support from full to none, angle, radius), then the ground for unknown flow."""
    hues = _hues()
    turn = np.arange(_ANGLES) / _ANGLES * len(hues)
    first = turn.astype(int)
    part = (turn - first)[:, None]
    hue = (1 - part) * hues[first] + part * hues[(first + 1) % len(hues)]
    radius = (np.arange(_RADII) / (_RADII - 2))[None, :, None]
    colour = 255 * (1 - radius * (1 - hue[:, None, :] / 255))
    colour[:, -1] = 0.75 * hue
    ground = np.array([GROUND])
    left = np.linspace(1, _DIM, _SUPPORTS)
    faded = [share * colour.reshape(-1, 3) + (1 - share) * ground for share in left]
    return _packed(np.concatenate([*faded, ground]))


def _hues() -> NDArray[np.float64]:
    """The 55 saturated colours of the wheel, from red over yellow, clockwise on the screen."""
    corners = [(255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255)]
    ramps = []
    for i, steps in enumerate(_HUE_RAMPS):
        start, stop = np.array(corners[i]), np.array(corners[(i + 1) % 6])
        part = np.arange(steps)[:, None] / steps
        ramps.append(np.floor(start + part * (stop - start)))
    return np.concatenate(ramps)
