"""An intensity picture: an APS frame of a camera or a reconstructed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one sensor.

    Args:
        image: (H, W) or (H, W, 3) uint8 or uint16; colour is RGB.
        t: middle of the exposure where known, else the frame's timestamp, µs.
        exposure_us: exposure time, µs; 0 where unknown.
    Raises: ShapeError: another shape or dtype.
    """

    image: NDArray[Any]
    t: int
    exposure_us: int = 0

    def __post_init__(self) -> None:
        shape = self.image.shape
        if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
            raise ShapeError(f"a frame is (H, W) or (H, W, 3), not {shape}")
        if self.image.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
            raise ShapeError(f"a frame is uint8 or uint16, not {self.image.dtype}")
