"""Event count image: how many events each pixel had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import (
    Polarity,
    Representation,
    places_torch,
    polarity_planes,
    prepared,
    refusal,
)

if TYPE_CHECKING:
    from torch import Tensor


def count_image(
    events: Events, *, polarity: Polarity = "channels", out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Events counted per pixel, whatever their time.

    Source: the two count channels of Zhu et al., "EV-FlowNet", RSS 2018, section III-A.

    Args:
        events: in any order.
        polarity: "channels" counts ON in plane 0 and OFF in plane 1; "sign" gives ON minus OFF.
        out: array to write to, overwritten.
    Returns: (2, H, W) or (1, H, W) float32, exact up to 2**24 events per pixel.

    Raises:
        ConfigError: an unknown polarity.
        ShapeError: an event off the sensor; an `out` that does not fit.
    """
    from eventsnn.kernels.count_image import count_events

    planes = polarity_planes(polarity)
    out = prepared((planes, events.sensor.height, events.sensor.width), out)
    refused = count_events(events.x, events.y, events.p, planes - 1, 1.0 if planes == 2 else -1.0, out)
    if refused >= 0:
        raise refusal(events, refused)
    return out


@dataclass(frozen=True)
class CountImage(Representation):
    """`count_image` with its argument held.

    Args:
        polarity: "sign" or "channels".
    Raises: ConfigError: an unknown polarity.
    """

    polarity: Polarity = "channels"

    def __post_init__(self) -> None:
        polarity_planes(self.polarity)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return polarity_planes(self.polarity)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`count_image(events, polarity=polarity, out=out)`: the interval does not matter."""
        return count_image(events, polarity=self.polarity, out=out)


def count_image_torch(
    x: Tensor, y: Tensor, p: Tensor, sensor: Sensor, *, polarity: Polarity = "channels"
) -> Tensor:
    """The same image from tensors on any device.

    Args:
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        polarity: "channels" or "sign".
    Returns: (2, H, W) or (1, H, W) float32 on the device of `x`.

    Raises:
        ConfigError: an unknown polarity.
        ShapeError: an event off the sensor.
    """
    import torch

    planes = polarity_planes(polarity)
    pixels = sensor.height * sensor.width
    place = places_torch(x, y, sensor) + torch.where(p, 0, (planes - 1) * pixels)
    image = torch.zeros(planes * pixels, device=x.device)
    image.index_add_(0, place, torch.where(p, 1.0, 1.0 if planes == 2 else -1.0))
    return image.view(planes, sensor.height, sensor.width)


REPRESENTATION = CountImage
