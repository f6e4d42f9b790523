"""Classical optical flow from one window of events: what a network has to beat.

Each method got the preprocessing and the settings that served it best on simulated training scenes
(AEE) without losing on real recordings (FWL); none saw the test scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.kernels.warp import fit_tiles
from eventsnn.representations import count_image
from eventsnn.results import Flow
from eventsnn.windows import Window

_SMALLEST_PICTURE_PX = 64
"""OpenCV's flows need room for their patches: smaller pictures are padded to this."""

_TILES = ((64, 24.0, 2.0, 0.5), (32, 0.0, 2.0, 0.25), (16, 0.0, 1.0, 0.25))
"""Contrast maximisation, coarse to fine: half a tile's side, reach, first and last step, all px."""

_FEWEST_EVENTS = 30
"""A tile of fewer events says nothing of its own."""

_MOST_EVENTS_WHOLE = 20_000
"""For the motion of the whole picture an even sample of this many is as good as all."""


def zero(window: Window) -> Flow:
    """No motion at all.

    Args:
        window: any.
    """
    sensor = window.events.sensor
    return Flow(np.zeros((2, sensor.height, sensor.width), np.float32), window.start_us, window.end_us)


def farneback(window: Window) -> Flow:
    """Farneback's flow between the two halves of the window, averaged over both directions.

    Args:
        window: any.

    Source: Farneback, "Two-Frame Motion Estimation Based on Polynomial Expansion", SCIA 2003.
    """

    def between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
        return _opencv(cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 3, 55, 3, 7, 1.5, 0))  # type: ignore[call-overload]

    return _between_halves(window, 0.0, between)


def dis(window: Window) -> Flow:
    """Dense inverse search (OpenCV's medium setting, larger patches, full resolution) between the halves.

    Args:
        window: any.

    Source: Kroeger, Timofte, Dai, Van Gool, "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchSize(16)
    search.setPatchStride(6)

    def between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
        return _opencv(search.calc(first, second, None))  # type: ignore[call-overload]

    return _between_halves(window, 0.8, between)


def contrast_maximisation(window: Window) -> Flow:
    """The displacement of each tile that makes the image of its warped events sharpest.

    First one displacement of the whole picture, then tiles that overlap by half, coarse to fine, each
    level starting from the median-filtered one before; bilinear between the centres of the tiles.
    Polarity is the sign of an event, and the middle of the window the instant that it moves to.

    Args:
        window: any.
    Raises: ShapeError: an event off the sensor.

    Source: Gallego, Rebecq, Scaramuzza, "A Unifying Contrast Maximization Framework for Event Cameras",
        CVPR 2018; coarse to fine as in Shiba, Aoki, Gallego, ECCV 2022.
    """
    events, sensor = window.events, window.events.sensor
    if len(events) and (events.x.max() >= sensor.width or events.y.max() >= sensor.height):
        raise ShapeError(f"an event lies off the {sensor} sensor")
    duration_us = window.end_us - window.start_us
    x, y = events.x.astype(np.float32), events.y.astype(np.float32)
    late = (((window.start_us + window.end_us) / 2 - events.t) / duration_us).astype(np.float32)
    sign = np.where(events.p, np.float32(1), np.float32(-1))
    flow = _whole_picture(x, y, late, sign, max(sensor.width, sensor.height))
    cell_before = max(sensor.width, sensor.height)
    for cell, reach, step, least in _TILES:
        rows, columns = max(-(-sensor.height // cell) - 1, 1), max(-(-sensor.width // cell) - 1, 1)
        centre_x, centre_y = np.meshgrid((np.arange(columns) + 1.0) * cell, (np.arange(rows) + 1.0) * cell)
        flow = _between_tiles(flow, cell_before, centre_x - 0.5, centre_y - 0.5)
        fit_tiles(x, y, late, sign, cell, 16, reach, 4.0, step, least, _FEWEST_EVENTS, flow)
        if min(rows, columns) >= 3:
            flow = np.stack([cv2.medianBlur(component, 3) for component in flow]).astype(np.float32)
        cell_before = cell
    pixel_x, pixel_y = np.meshgrid(np.arange(sensor.width), np.arange(sensor.height))
    return Flow(_between_tiles(flow, cell_before, pixel_x, pixel_y), window.start_us, window.end_us)


BASELINES: dict[str, Callable[[Window], Flow]] = {
    "zero": zero,
    "farneback": farneback,
    "dis": dis,
    "contrast maximisation": contrast_maximisation,
}
"""Every classical method by name."""


def _whole_picture(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    late: NDArray[np.float32],
    sign: NDArray[np.float32],
    side: int,
) -> NDArray[np.float32]:
    """(2, 1, 1) float32, one displacement for everything, sought at a quarter and then at half the size."""
    sample = slice(None, None, max(x.size // _MOST_EVENTS_WHOLE, 1))
    x, y, late, sign = x[sample].copy(), y[sample].copy(), late[sample].copy(), sign[sample].copy()
    flow = np.zeros((2, 1, 1), np.float32)
    for scale, reach, step, least in ((0.25, 10.0, 0.5, 0.25), (0.5, 0.0, 1.0, 0.125)):
        shrink = np.float32(scale)
        flow *= shrink
        cell = int(side * scale) // 2 + 1
        fit_tiles(x * shrink, y * shrink, late, sign, cell, 8, reach, 1.0, step, least, _FEWEST_EVENTS, flow)
        flow /= shrink
    return flow


def _between_tiles(
    flow: NDArray[np.float32], cell: int, x: NDArray[Any], y: NDArray[Any]
) -> NDArray[np.float32]:
    """The flow at (x, y), bilinear between the centres of tiles of 2x2 cells, constant beyond them."""
    column = ((x + 0.5) / cell - 1).astype(np.float32)
    row = ((y + 0.5) / cell - 1).astype(np.float32)
    return np.stack(
        [
            cv2.remap(component, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for component in flow
        ]
    ).astype(np.float32)


def _between_halves(
    window: Window,
    blur_px: float,
    between: Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]],
) -> Flow:
    """Flow from the event images of the window's two halves.

    The centres of the halves lie half a window apart, so the displacement over the whole window is
    twice that between the images; the mean of the two directions speaks of the middle of the window.
    """
    sensor = window.events.sensor
    first, second = _half_images(window, blur_px)
    moved = between(first, second) - between(second, first)
    displacement = np.ascontiguousarray(moved[: sensor.height, : sensor.width].transpose(2, 0, 1))
    return Flow(displacement, window.start_us, window.end_us)


def _half_images(window: Window, blur_px: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """ON minus OFF of each half as a picture: grey is nothing, one scale for both, outliers clipped."""
    middle_us = (window.start_us + window.end_us) // 2
    halves = (
        window.events.between(window.start_us, middle_us),
        window.events.between(middle_us, window.end_us),
    )
    images = np.concatenate([count_image(half, polarity="sign") for half in halves])
    if blur_px:
        images = np.stack([cv2.GaussianBlur(image, (0, 0), blur_px) for image in images])
    strength = np.abs(images)
    largest = float(np.percentile(strength, 99.5)) or float(strength.max()) or 1.0
    pictures = (np.clip(images / (2 * largest) + 0.5, 0, 1) * 255).astype(np.uint8)
    _, height, width = pictures.shape
    room = ((0, 0), (0, max(_SMALLEST_PICTURE_PX - height, 0)), (0, max(_SMALLEST_PICTURE_PX - width, 0)))
    first, second = np.pad(pictures, room, constant_values=127)
    return first, second


def _opencv(flow: Any) -> NDArray[np.float32]:
    """(H, W, 2) float32: OpenCV's result, whose type its stubs leave open."""
    return np.asarray(flow, np.float32)
