"""Event count image: how many events each pixel had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events
from eventsnn.representations.representation import (
    Polarity,
    Representation,
    polarity_planes,
    prepared,
    refusal,
)


def count_image(
    events: Events, *, polarity: Polarity = "channels", out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Events counted per pixel, whatever their time.

    Source: the two count channels of Zhu et al., "EV-FlowNet", RSS 2018, section III-A.

    Args:
        events: in any order.
        polarity: "channels" counts ON in plane 0 and OFF in plane 1; "sign" gives ON minus OFF.
        out: array to write to, overwritten.
    Returns: (2, H, W) or (1, H, W) float32.

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


REPRESENTATION = CountImage
