"""Image of warped events (IWE): every event moved along a flow to one instant, and counted there.

Source: Gallego, Rebecq, Scaramuzza, "A Unifying Contrast Maximization Framework for Event Cameras", CVPR
2018, equations 1 to 3, with bilinear weights instead of the delta function as in section 3.1. Each event
moves with the flow of its own pixel. It needs a flow, so it has no name among `representations()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import Representation, places_torch, refusal, target
from eventsnn.representations.time_surface import Surfaces, surfaces
from eventsnn.results import Flow

if TYPE_CHECKING:
    from torch import Tensor


def warped_image(
    events: Events,
    flow: Flow,
    to_us: int | None = None,
    *,
    polarity: Surfaces = "channels",
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Events counted where the flow brings them, shared bilinearly by the four pixels around.

    An event that the flow brings beyond the outermost pixel centres is dropped, and so is one whose flow
    is not finite; `flow.valid` is not looked at.

    Args:
        events: events of the flow's interval, in any order.
        flow: flow of their sensor.
        to_us: instant to move to, µs, inside the flow's interval; its middle where None.
        polarity: "channels" counts ON in plane 0 and OFF in plane 1; "merged" does not tell them apart.
        out: array to write to, overwritten.
    Returns: (2, H, W) or (1, H, W) float32.

    Raises:
        ConfigError: an unknown polarity.
        ShapeError: another sensor, an instant or an event outside the flow's interval, an event off the
            sensor, an `out` that does not fit.
    """
    from eventsnn.kernels.warped_voxel import warped_voxel_channels

    planes = surfaces(polarity)
    if events.sensor != flow.sensor:
        raise ShapeError(f"events of a {events.sensor} sensor cannot be warped by {flow.sensor} flow")
    outside = (events.t < flow.start_us) | (events.t > flow.end_us)
    if outside.any():
        raise refusal(events, int(outside.argmax()), (flow.start_us, flow.end_us))
    out = target((planes, events.sensor.height, events.sensor.width), out)
    start_us, end_us, displacement = flow.start_us, flow.end_us, flow.displacement
    if to_us is not None:
        _check_instant(to_us, start_us, end_us)
        # The kernel moves to the middle: twice the flow in twice the time, around the instant.
        start_us, end_us = to_us - (flow.end_us - flow.start_us), to_us + (flow.end_us - flow.start_us)
        displacement = displacement * np.float32(2)
    sides = out if planes == 2 else np.empty((2, *out.shape[1:]), np.float32)
    sides.fill(0)
    refused = warped_voxel_channels(
        events.t, events.x, events.y, events.p, start_us, end_us, displacement, 1, sides
    )
    if refused >= 0:
        raise refusal(events, refused)
    if planes == 1:
        np.add(sides[:1], sides[1:], out=out)
    return out


@dataclass(frozen=True)
class WarpedImage(Representation):
    """`warped_image` with its flow held.

    Args:
        flow: flow of the sensor.
        polarity: "channels" or "merged".
    Raises: ConfigError: an unknown polarity.
    """

    flow: Flow
    polarity: Surfaces = "channels"

    def __post_init__(self) -> None:
        surfaces(self.polarity)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return surfaces(self.polarity)

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """`warped_image(events, flow, polarity=polarity, out=out)`: the interval is the flow's."""
        return warped_image(events, self.flow, polarity=self.polarity, out=out)


def warped_image_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    displacement: Tensor,
    start_us: int,
    end_us: int,
    to_us: int | None = None,
    *,
    polarity: Surfaces = "channels",
) -> Tensor:
    """The same image from tensors on any device; gradients reach the flow.

    Args:
        t: (N,) int64, µs.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        displacement: (2, H, W) float32, px over the interval, x first.
        start_us: begin of the flow's interval, µs.
        end_us: end of the flow's interval, µs.
        to_us: instant to move to, µs, inside the interval; its middle where None.
        polarity: "channels" or "merged".
    Returns: (2, H, W) or (1, H, W) float32 on the device of `t`.

    Raises:
        ConfigError: an unknown polarity.
        ShapeError: a flow of another sensor, an interval that is not positive, an instant or an event
            outside it, an event off the sensor.
    """
    import torch

    planes = surfaces(polarity)
    if tuple(displacement.shape) != (2, sensor.height, sensor.width):
        raise ShapeError(f"events of a {sensor} sensor cannot be warped by {tuple(displacement.shape)} flow")
    if end_us <= start_us:
        raise ShapeError(f"flow needs an interval above 0 µs, not [{start_us}, {end_us})")
    if to_us is not None:
        _check_instant(to_us, start_us, end_us)
    outside = (t < start_us) | (t > end_us)
    if bool(outside.any()):
        raise ShapeError(f"{int(outside.sum())} events lie outside [{start_us}, {end_us}] µs")
    own = displacement.flatten(1)[:, places_torch(x, y, sensor)]
    early = (end_us - start_us) / 2 if to_us is None else to_us - start_us
    late = (early - (t - start_us).double()).float() / (end_us - start_us)
    to_x, to_y = x + own[0] * late, y + own[1] * late
    kept = (to_x >= 0) & (to_x <= sensor.width - 1) & (to_y >= 0) & (to_y <= sensor.height - 1)
    to_x, to_y = to_x[kept], to_y[kept]
    side = torch.where(p[kept], 0, planes - 1)
    left, top = to_x.detach().floor().long(), to_y.detach().floor().long()
    image = torch.zeros(planes * sensor.height * sensor.width, device=t.device)
    for below in (0, 1):
        for beside in (0, 1):
            # Beyond the last column or line the weight is 0; its place is moved inside.
            column = (left + beside).clamp(max=sensor.width - 1)
            line = (top + below).clamp(max=sensor.height - 1)
            weight = (1 - (left + beside - to_x).abs()) * (1 - (top + below - to_y).abs())
            image = image.index_add(0, (side * sensor.height + line) * sensor.width + column, weight)
    return image.view(planes, sensor.height, sensor.width)


def _check_instant(to_us: int, start_us: int, end_us: int) -> None:
    if not start_us <= to_us <= end_us:
        raise ShapeError(f"the instant {to_us} µs lies outside the flow's interval [{start_us}, {end_us}] µs")
