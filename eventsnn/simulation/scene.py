"""Moving textured layers with exact optical flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Sensor
from eventsnn.kernels.simulate import layer_flow, render_layers
from eventsnn.results import Flow
from eventsnn.simulation.textures import SIZE, TextureBank


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where a layer is at any time.

    Each pose parameter is `offset + rate*t + swing*sin(frequency*t + phase)`. The four are the centre
    (x px, y px), the turn (radian) and the logarithm of the scale (image px a texel); `tilt` is the
    constant perspective part of the homography.

    Args:
        offset, rate, swing, frequency, phase: (4,) float64; t in seconds.
        tilt: (2,) float64, per texel.
    """

    offset: NDArray[np.float64]
    rate: NDArray[np.float64]
    swing: NDArray[np.float64]
    frequency: NDArray[np.float64]
    phase: NDArray[np.float64]
    tilt: NDArray[np.float64]

    def to_image(self, t_us: NDArray[Any]) -> NDArray[np.float64]:
        """(K, 3, 3) homographies from texel to image px at (K,) instants, µs."""
        t = np.asarray(t_us, np.float64)[:, None] * 1e-6
        pose = self.offset + self.rate * t + self.swing * np.sin(self.frequency * t + self.phase)
        scale = np.exp(pose[:, 3])
        cosine, sine = np.cos(pose[:, 2]) * scale, np.sin(pose[:, 2]) * scale
        out = np.zeros((len(t), 3, 3))
        half = SIZE / 2
        a, b = self.tilt
        # Translate(centre) · rotate · scale · tilt · translate(-middle of the texture)
        out[:, 0, 0], out[:, 0, 1] = cosine + pose[:, 0] * a, -sine + pose[:, 0] * b
        out[:, 1, 0], out[:, 1, 1] = sine + pose[:, 1] * a, cosine + pose[:, 1] * b
        out[:, 2, 0], out[:, 2, 1] = a, b
        out[:, 0, 2] = pose[:, 0] - half * (out[:, 0, 0] + out[:, 0, 1])
        out[:, 1, 2] = pose[:, 1] - half * (out[:, 1, 0] + out[:, 1, 1])
        out[:, 2, 2] = 1.0 - half * (a + b)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Opaque layers in front of a background, each with its own motion; the last one is the background.

    Args:
        sensor: the pixel array that looks at it.
        bank: textures and outlines.
        texture_of: (L,) int64, texture of each layer.
        mask_of: (L,) int64, outline of each layer; the background's is ignored.
        motions: one for each layer.
    """

    sensor: Sensor
    bank: TextureBank
    texture_of: NDArray[np.int64]
    mask_of: NDArray[np.int64]
    motions: tuple[Motion, ...]

    @classmethod
    def random(
        cls,
        generator: np.random.Generator,
        sensor: Sensor,
        bank: TextureBank,
        speed_px_s: float = 600.0,
    ) -> Scene:
        """A background and up to four shapes in random motion.

        Args:
            generator: source of every choice.
            sensor: the pixel array.
            bank: what to cover the layers with.
            speed_px_s: largest speed of a layer's centre, px/s.
        """
        layers = int(generator.choice(5, p=(0.25, 0.25, 0.2, 0.15, 0.15))) + 1
        background = _random_motion(generator, sensor, speed_px_s, background=True)
        # Most shapes share part of the background's motion, as under a moving camera.
        motions = [
            _random_motion(generator, sensor, speed_px_s, carried=background) for _ in range(layers - 1)
        ]
        return cls(
            sensor,
            bank,
            generator.integers(len(bank.textures), size=layers),
            generator.integers(len(bank.masks), size=layers),
            (*motions, background),
        )

    def to_texture(self, instants_us: NDArray[Any]) -> NDArray[np.float32]:
        """(K, L, 3, 3) float32 homographies from image px to texel at (K,) instants, µs."""
        forward = np.stack([motion.to_image(instants_us) for motion in self.motions], axis=1)
        return np.linalg.inv(forward).astype(np.float32)

    def renders(self, instants_us: NDArray[Any]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.uint8]]]:
        """What the sensor sees at each of several instants, as fresh arrays.

        Args:
            instants_us: (K,) µs.
        Returns: for each, (H, W) float32 log intensity and (H, W) uint8 index of the layer seen.
        """
        for to_texture in self.to_texture(instants_us):
            image = np.empty((self.sensor.height, self.sensor.width), np.float32)
            front = np.empty(image.shape, np.uint8)
            render_layers(
                self.bank.textures,
                self.bank.masks,
                self.texture_of,
                self.mask_of,
                to_texture,
                image,
                front,
            )
            yield image, front

    def render(self, t_us: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """What the sensor sees at one instant.

        Args:
            t_us: instant, µs.
        Returns: (H, W) float32 log intensity, and (H, W) uint8 index of the layer seen.
        """
        return next(self.renders(np.array([t_us])))

    def flow(self, start_us: int, end_us: int) -> Flow:
        """Exact flow over [start_us, end_us) of the points seen in its middle.

        Args:
            start_us: first instant, µs.
            end_us: last instant, µs.
        """
        middle_us = (start_us + end_us) // 2
        front = self.render(middle_us)[1]
        instants = np.array([start_us, middle_us, end_us])
        start, middle, end = np.stack([motion.to_image(instants) for motion in self.motions], axis=1)
        out = np.empty((2, *front.shape), np.float32)
        layer_flow(front, np.linalg.inv(middle), start, end, out)
        return Flow(out, start_us, end_us)


def _random_motion(
    generator: np.random.Generator,
    sensor: Sensor,
    speed_px_s: float,
    background: bool = False,
    carried: Motion | None = None,
) -> Motion:
    size = np.array([sensor.width, sensor.height], float)
    offset = np.zeros(4)
    offset[:2] = size / 2 if background else generator.uniform(0.1, 0.9, 2) * size
    offset[2] = generator.uniform(0, 2 * np.pi)
    # Shapes span a fifth to a whole of the picture; backgrounds keep about one texel a pixel.
    extent = size.mean() * generator.uniform(0.25, 1.0)
    offset[3] = generator.uniform(-0.4, 0.5) if background else np.log(extent / 200.0)
    speed = speed_px_s * generator.random() ** 1.4
    direction = generator.uniform(0, 2 * np.pi)
    velocity = np.zeros(4)
    velocity[:2] = speed * np.cos(direction), speed * np.sin(direction)
    if generator.random() < 0.5:
        velocity[2] = generator.normal(0, 1.5)
        velocity[3] = generator.normal(0, 1.0)
    if carried is not None and generator.random() < 0.5:
        velocity = 0.3 * velocity + carried.rate
    frequency = generator.uniform(2 * np.pi * 0.5, 2 * np.pi * 6.0, 4)
    phase = generator.uniform(0, 2 * np.pi, 4)
    swing = np.where(generator.random() < 0.5, 0.35, 0.0) * velocity / frequency
    tilt = generator.normal(0, 0.0006, 2) if generator.random() < 0.5 else np.zeros(2)
    return Motion(offset, velocity, swing, frequency, phase, tilt)
