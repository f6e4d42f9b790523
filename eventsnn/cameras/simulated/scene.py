"""A scene that moves for ever, and a painter fast enough for a live camera.

`Scene.render` is exact and takes 2 to 3 ms at 346x260; the painter takes about 1 ms with OpenCV's
fixed-point warp (places rounded to 1/32 texel), which leaves room for a network on a small computer.
"""

from __future__ import annotations

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
            turn=generator.uniform(0.3, 0.9),
            zoom=0.15,
        )
        for _ in range(SHAPES)
    ]
    motions.append(
        _swinging(
            generator, size / 2, size * generator.uniform(0.06, 0.12, 2), scale * 1.0, turn=0.12, zoom=0.08
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
    turn: float,
    zoom: float,
) -> Motion:
    return Motion(
        offset=np.array([*centre, generator.uniform(0, 2 * np.pi), np.log(scale)]),
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
        self._scene = scene
        self._size = (scene.sensor.width, scene.sensor.height)
        # Mirrored all around beforehand: drawing across a border costs OpenCV four times as much.
        self._background = np.pad(scene.bank.textures[scene.texture_of[-1]], SIZE, mode="symmetric")
        self._shapes = [
            (motion, scene.bank.textures[texture], scene.bank.masks[mask])
            for motion, texture, mask in zip(
                scene.motions[:-1], scene.texture_of[:-1], scene.mask_of[:-1], strict=True
            )
        ]

    def paint(self, t_us: int) -> NDArray[np.float32]:
        """(H, W) float32 log intensity at one instant.

        Args:
            t_us: instant, µs.
        """
        instant = np.array([t_us])
        to_texture = np.linalg.inv(self._scene.motions[-1].to_image(instant)[0])[:2]
        to_texture[:, 2] += SIZE
        image: NDArray[np.float32] = cv2.warpAffine(
            self._background,
            to_texture,
            self._size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )  # type: ignore[assignment]
        for motion, texture, mask in reversed(self._shapes):
            self._draw_shape(image, motion.to_image(instant)[0], texture, mask)
        return image

    def _draw_shape(
        self,
        image: NDArray[np.float32],
        to_image: NDArray[np.float64],
        texture: NDArray[np.float32],
        mask: NDArray[np.uint8],
    ) -> None:
        corners = to_image[:2] @ np.array([[0, SIZE, 0, SIZE], [0, 0, SIZE, SIZE], [1, 1, 1, 1]])
        left, top = (max(0, int(np.floor(c))) for c in corners.min(axis=1))
        right, bottom = (
            min(side, int(np.ceil(c)) + 1) for c, side in zip(corners.max(axis=1), self._size, strict=True)
        )
        if right <= left or bottom <= top:
            return
        to_texture = np.linalg.inv(to_image)[:2]
        to_texture[:, 2] += to_texture[:, :2] @ (left, top)
        size = (right - left, bottom - top)
        picture = cv2.warpAffine(texture, to_texture, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        inside = cv2.warpAffine(mask, to_texture, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        cv2.copyTo(picture, inside, image[top:bottom, left:right])


def to_8_bit(log_image: NDArray[Any], gain: float) -> NDArray[np.uint8]:
    """(H, W) uint8, what an APS sensor with a linear response shows; too bright is white.

    Args:
        log_image: (H, W) log intensity.
        gain: grey level of intensity 1.
    """
    grey: NDArray[np.uint8] = np.clip(np.exp(log_image) * np.float32(gain), 0, 255).astype(np.uint8)
    return grey
