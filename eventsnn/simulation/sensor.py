"""The pixels of an event camera: log intensity in, events out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.kernels.simulate import emit_events


@dataclass(frozen=True, slots=True)
class SensorConfig:
    """Behaviour of the pixels; names and ranges follow v2e (Hu et al., CVPRW 2021)."""

    on_threshold: float = 0.25
    """Mean step of log intensity that makes an ON event."""
    off_threshold: float = 0.25
    """The same for an OFF event, positive."""
    threshold_spread: float = 0.05
    """Standard deviation of the thresholds from pixel to pixel, as a share of their mean."""
    refractory_us: int = 300
    """Dead time after an event, µs."""
    time_constant_us: float = 0.0
    """Time constant of the photoreceptor's low-pass, µs; 0 switches it off."""
    leak_hz: float = 0.1
    """Rate of the ON events that a still scene makes, Hz a pixel."""
    shot_noise_hz: float = 0.5
    """Rate of random events, Hz a pixel."""
    hot_pixels: int = 0
    """Number of pixels that fire by themselves."""
    hot_pixel_hz: float = 200.0
    """Rate of each of them, Hz."""
    jitter_us: float = 50.0
    """Largest random delay of an event, µs; it never leaves the stretch that it was made in."""

    def __post_init__(self) -> None:
        if min(self.on_threshold, self.off_threshold) <= 0:
            raise ConfigError("contrast thresholds must be above 0")
        for name in ("threshold_spread", "refractory_us", "time_constant_us", "leak_hz", "shot_noise_hz"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must not be negative")

    @classmethod
    def random(cls, generator: np.random.Generator) -> SensorConfig:
        """A plausible sensor, from clean to noisy."""
        on = float(np.exp(generator.uniform(np.log(0.15), np.log(0.6))))
        return cls(
            on_threshold=on,
            off_threshold=on * float(np.exp(generator.normal(0, 0.15))),
            threshold_spread=float(generator.uniform(0.02, 0.15)),
            refractory_us=int(np.exp(generator.uniform(np.log(50), np.log(1500)))),
            time_constant_us=float(generator.uniform(0, 3000)) if generator.random() < 0.5 else 0.0,
            leak_hz=float(generator.uniform(0, 0.4)),
            shot_noise_hz=float(np.exp(generator.uniform(np.log(0.05), np.log(8.0)))),
            hot_pixels=int(generator.integers(0, 6)) if generator.random() < 0.3 else 0,
            hot_pixel_hz=float(generator.uniform(50, 1500)),
            jitter_us=float(generator.uniform(0, 400)),
        )


class EventSensor:
    """A pixel array that watches a changing picture.

    Args:
        log_image: (H, W) float32, log intensity at the start.
        start_us: the start, µs.
        config: behaviour of the pixels.
        generator: source of thresholds and noise.
    """

    def __init__(
        self,
        log_image: NDArray[np.float32],
        start_us: int,
        config: SensorConfig,
        generator: np.random.Generator,
    ) -> None:
        shape = log_image.shape
        self.sensor = Sensor(shape[1], shape[0])
        self.config = config
        self.now_us = start_us
        self._filtered = log_image.astype(np.float32).copy()
        spread = config.threshold_spread

        def thresholds(mean: float) -> NDArray[Any]:
            each = mean * (1 + spread * generator.standard_normal(shape, dtype=np.float32))
            at_least: NDArray[Any] = np.maximum(each, np.float32(0.03))
            return at_least

        self._on = thresholds(config.on_threshold)
        self._off = thresholds(config.off_threshold)
        # Real pixels are somewhere between two events when one starts to look.
        self._reference = self._filtered - generator.uniform(-0.9, 0.9, shape).astype(np.float32) * np.where(
            generator.random(shape) < 0.5, self._on, self._off
        )
        self._last_event = np.full(shape, start_us - 10_000_000, np.int64)
        self._hot = np.stack(
            [
                generator.integers(0, shape[1], config.hot_pixels),
                generator.integers(0, shape[0], config.hot_pixels),
            ],
            axis=1,
        ).astype(np.int64)
        self._random_state = generator.integers(1, 2**63, 1).astype(np.uint64)
        room = max(4096, 8 * shape[0] * shape[1])
        self._columns: tuple[NDArray[Any], ...] = (
            np.empty(room, np.int64),
            np.empty(room, np.uint16),
            np.empty(room, np.uint16),
            np.empty(room, np.bool_),
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """What the pixels hold now, by the names of `kernels.simulate.emit_events`; not copies."""
        return {
            "filtered": self._filtered,
            "reference": self._reference,
            "last_event": self._last_event,
            "on_threshold": self._on,
            "off_threshold": self._off,
            "hot_pixels": self._hot,
        }

    def advance(self, log_image: NDArray[np.float32], t_us: int) -> Events:
        """The events between the last instant and this one, in time order.

        Args:
            log_image: (H, W) float32, log intensity now.
            t_us: now, µs; later than before.
        Raises: ShapeError: a picture of another size, or time that does not go forward.
        """
        if log_image.shape != self._filtered.shape:
            raise ShapeError(f"a {self.sensor} sensor cannot watch a picture of shape {log_image.shape}")
        if t_us <= self.now_us:
            raise ShapeError(f"time must go forward: {t_us} µs follows {self.now_us} µs")
        config = self.config
        seconds = (t_us - self.now_us) * 1e-6
        pixels = self.sensor.width * self.sensor.height
        tau = config.time_constant_us
        t, x, y, p = self._columns
        count = emit_events(
            log_image,
            self._filtered,
            self._reference,
            self._last_event,
            self._on,
            self._off,
            self.now_us,
            t_us,
            1.0 - float(np.exp(-seconds * 1e6 / tau)) if tau > 0 else 1.0,
            config.leak_hz * config.on_threshold * seconds,
            config.refractory_us,
            config.jitter_us,
            config.shot_noise_hz * pixels * seconds,
            self._hot,
            config.hot_pixel_hz * seconds,
            self._random_state,
            t,
            x,
            y,
            p,
        )
        self.now_us = t_us
        order = np.argsort(t[:count], kind="stable")
        return Events(t[:count][order], x[:count][order], y[:count][order], p[:count][order], self.sensor)
