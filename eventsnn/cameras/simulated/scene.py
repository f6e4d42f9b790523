"""A scene that moves for ever, and a painter fast enough for a live camera.

`Scene.render` is exact and takes 2 to 3 ms at 346x260; the painter takes about 0.5 ms with OpenCV's
fixed-point warp (places rounded to 1/32 texel), which leaves room for a network on a small computer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Sensor
from eventsnn.simulation.scene import Motion, Scene
from eventsnn.simulation.textures import SIZE, TextureBank

SHAPES = 3
BANK_SEED = 7


def endless_scene(seed: int, sensor: Sensor) -> Scene:
    """Three shapes that swing in front of a swaying background; its exact flow is `Scene.flow`.

    Args:
        seed: same seed, same scene.
        sensor: the pixel array that looks at it.
    """
    generator = np.random.default_rng(seed)
    bank = TextureBank.random(BANK_SEED, textures=24, masks=12)
    size = np.array([sensor.width, sensor.height], float)
    # Shapes cover about a quarter of the height of the picture, the background one texel a pixel.
    scale = size[1] / 260
    motions = [
        _swinging(
            generator,
            size * generator.uniform(0.35, 0.65, 2),
            size * generator.uniform(0.15, 0.3, 2),
            scale * generator.uniform(0.3, 0.6),
            facing=generator.uniform(0, 2 * np.pi),
            turn=generator.uniform(0.3, 0.9),
            zoom=0.15,
        )
        for _ in range(SHAPES)
    ]
    # The background stands upright: rows of the picture then lie along rows in memory, which is faster.
    motions.append(
        _swinging(
            generator,
            size / 2,
            size * generator.uniform(0.06, 0.12, 2),
            scale * 1.0,
            facing=0.0,
            turn=0.12,
            zoom=0.08,
        )
    )
    layers = SHAPES + 1
    return Scene(
        sensor,
        bank,
        generator.choice(len(bank.textures), layers, replace=False),
        generator.choice(len(bank.masks), layers, replace=False),
        tuple(motions),
    )


def _swinging(
    generator: np.random.Generator,
    centre: NDArray[np.float64],
    reach: NDArray[np.float64],
    scale: float,
    facing: float,
    turn: float,
    zoom: float,
) -> Motion:
    return Motion(
        offset=np.array([*centre, facing, np.log(scale)]),
        rate=np.zeros(4),
        swing=np.array([*reach, turn, zoom]),
        frequency=2 * np.pi * generator.uniform(0.15, 0.45, 4),
        phase=generator.uniform(0, 2 * np.pi, 4),
        tilt=np.zeros(2),
    )


class Painter:
    """Draws a scene whose layers have no tilt, so that every layer is an affine picture.

    Args:
        scene: what to draw.
    """

    def __init__(self, scene: Scene) -> None:
        self._size = (scene.sensor.width, scene.sensor.height)
        # Mirrored all around beforehand: drawing across a border costs OpenCV four times as much.
        self._background = np.pad(scene.bank.textures[scene.texture_of[-1]], SIZE, mode="symmetric")
        self._shapes = [
            (scene.bank.textures[texture], scene.bank.masks[mask])
            for texture, mask in zip(scene.texture_of[:-1], scene.mask_of[:-1], strict=True)
        ]
        # All layers' poses at once: array calls on four numbers cost more than the warps.
        self._offset, self._rate, self._swing, self._frequency, self._phase = (
            np.stack([getattr(motion, name) for motion in scene.motions])
            for name in ("offset", "rate", "swing", "frequency", "phase")
        )

    def paint(self, t_us: int) -> NDArray[np.float32]:
        """(H, W) float32 log intensity at one instant.

        Args:
            t_us: instant, µs.
        """
        t = t_us * 1e-6
        poses = self._offset + self._rate * t + self._swing * np.sin(self._frequency * t + self._phase)
        *shapes, background = poses.tolist()
        image: NDArray[np.float32] = cv2.warpAffine(
            self._background,
            _to_texture(background, 0, 0, 1.5 * SIZE),
            self._size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )  # type: ignore[assignment]
        for pose, (texture, mask) in reversed(list(zip(shapes, self._shapes, strict=True))):
            self._draw_shape(image, pose, texture, mask)
        return image

    def _draw_shape(
        self, image: NDArray[np.float32], pose: Pose, texture: NDArray[np.float32], mask: NDArray[np.uint8]
    ) -> None:
        x, y, turn, log_scale = pose
        reach = SIZE / 2 * math.exp(log_scale) * (abs(math.cos(turn)) + abs(math.sin(turn)))
        left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
        right = min(self._size[0], math.ceil(x + reach) + 1)
        bottom = min(self._size[1], math.ceil(y + reach) + 1)
        if right <= left or bottom <= top:
            return
        to_texture = _to_texture(pose, left, top, SIZE / 2)
        size = (right - left, bottom - top)
        picture = cv2.warpAffine(texture, to_texture, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        inside = cv2.warpAffine(mask, to_texture, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        cv2.copyTo(picture, inside, image[top:bottom, left:right])


Pose = Sequence[float]
"""Centre x and y in px, turn in radian, logarithm of the scale: the parameters of `Motion`."""


def _to_texture(pose: Pose, left: int, top: int, middle: float) -> NDArray[np.float64]:
    """(2, 3) affine map from px of the part of the picture that begins at (left, top) to texels.

    The inverse of `Motion.to_image` without tilt; `middle` is the texel at the layer's centre.
    """
    x, y, turn, log_scale = pose
    cosine = math.cos(turn) * math.exp(-log_scale)
    sine = math.sin(turn) * math.exp(-log_scale)
    x, y = x - left, y - top
    return np.array([
        [cosine, sine, middle - cosine * x - sine * y],
        [-sine, cosine, middle + sine * x - cosine * y],
    ])  # fmt: skip


def to_8_bit(log_image: NDArray[Any], gain: float) -> NDArray[np.uint8]:
    """(H, W) uint8, what an APS sensor with a linear response shows; too bright is white.

    Args:
        log_image: (H, W) log intensity.
        gain: grey level of intensity 1.
    """
    grey: NDArray[np.uint8] = np.clip(np.exp(log_image) * np.float32(gain), 0, 255).astype(np.uint8)
    return grey
