"""Optical flow over an interval of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Sensor


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """How far each pixel's content moves during [start_us, end_us).

    Args:
        displacement: (2, H, W) float32, px over the whole interval, x first (right, down).
        start_us: first instant of the interval, µs of the sensor clock.
        end_us: first instant after it, µs.
        valid: (H, W) bool, where the flow is known; None means everywhere.
    Raises: ShapeError: another shape or dtype, or an interval that is not positive.
    """

    displacement: NDArray[np.float32]
    start_us: int
    end_us: int
    valid: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        shape = self.displacement.shape
        if len(shape) != 3 or shape[0] != 2 or self.displacement.dtype != np.float32:
            raise ShapeError(f"flow is (2, H, W) float32, not {shape} {self.displacement.dtype}")
        if self.valid is not None and (self.valid.shape != shape[1:] or self.valid.dtype != np.bool_):
            raise ShapeError(f"flow validity is {shape[1:]} bool, not {self.valid.shape} {self.valid.dtype}")
        if self.end_us <= self.start_us:
            raise ShapeError(f"flow needs an interval above 0 µs, not [{self.start_us}, {self.end_us})")

    @property
    def sensor(self) -> Sensor:
        """The pixel array that the flow covers."""
        return Sensor(self.displacement.shape[2], self.displacement.shape[1])

    @property
    def velocity(self) -> NDArray[np.float32]:
        """(2, H, W) float32, px per second."""
        return self.displacement * np.float32(1e6 / (self.end_us - self.start_us))
