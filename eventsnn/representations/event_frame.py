"""Event frame: each pixel shows the polarity of its last event, or of most of its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation, places_torch, refusal, target

if TYPE_CHECKING:
    from torch import Tensor

Shown = Literal["last", "majority"]
"""The polarity of the last event, or the one with more events; a tie shows as no event."""

NOTHING, OFF, ON = 128, 0, 255


def event_frame(
    events: Events, *, shown: Shown = "last", out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """A grey picture of a window: ON white, OFF black, nothing in between.

    Args:
        events: in time order.
        shown: which polarity a pixel shows.
        out: array to write to, overwritten.
    Returns: (1, H, W) uint8: 255 for ON, 0 for OFF, 128 for nothing.

    Raises:
        ConfigError: an unknown word for what is shown.
        ShapeError: an event off the sensor; an `out` that does not fit.
    """
    from eventsnn.kernels.event_frame import show_last, show_majority

    _check(shown)
    out = target((1, events.sensor.height, events.sensor.width), out, np.uint8)
    out.fill(NOTHING)
    kernel = show_last if shown == "last" else show_majority
    refused = kernel(events.x, events.y, events.p, ON, OFF, out)
    if refused >= 0:
        raise refusal(events, refused)
    return out


@dataclass(frozen=True)
class EventFrame(Representation):
    """`event_frame` with its argument held.

    Args:
        shown: "last" or "majority".
    Raises: ConfigError: an unknown word for what is shown.
    """

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.uint8)

    shown: Shown = "last"

    def __post_init__(self) -> None:
        _check(self.shown)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 1

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """`event_frame(events, shown=shown, out=out)`: the interval does not matter."""
        return event_frame(events, shown=self.shown, out=out)


def event_frame_torch(x: Tensor, y: Tensor, p: Tensor, sensor: Sensor, *, shown: Shown = "last") -> Tensor:
    """The same picture from tensors on any device.

    Args:
        x: (N,) integer, px, in the order of time.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        shown: "last" or "majority".
    Returns: (1, H, W) uint8 on the device of `x`.

    Raises:
        ConfigError: an unknown word for what is shown.
        ShapeError: an event off the sensor.
    """
    import torch

    _check(shown)
    place = places_torch(x, y, sensor)
    balance = torch.zeros(sensor.height * sensor.width, dtype=torch.int64, device=x.device)
    if shown == "majority":
        balance.index_add_(0, place, torch.where(p, 1, -1))
    else:
        # The largest index of a pixel is its last event; its sign carries the polarity.
        order = torch.arange(1, len(x) + 1, device=x.device)
        balance.scatter_reduce_(0, place, order, "amax")
        seen = balance > 0
        balance[seen] = torch.where(p[balance[seen] - 1], 1, -1)
    frame = torch.full_like(balance, NOTHING, dtype=torch.uint8)
    frame[balance > 0], frame[balance < 0] = ON, OFF
    return frame.view(1, sensor.height, sensor.width)


def _check(shown: str) -> None:
    if shown not in get_args(Shown):
        raise ConfigError(f"an event frame shows {' or '.join(map(repr, get_args(Shown)))}, not {shown!r}")


REPRESENTATION = EventFrame
