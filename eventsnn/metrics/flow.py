"""How good a flow is: endpoint error against ground truth, flow warp loss without it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError, unknown_name
from eventsnn.events import Events
from eventsnn.kernels.warp import warped_counts
from eventsnn.results import Flow

EndpointProtocol = Literal["masked", "dense", "ev-flownet", "event_flow", "kitti"]
WarpProtocol = Literal["event_flow", "middle"]


@dataclass(frozen=True, slots=True)
class EndpointError:
    """Endpoint errors of one flow, over the pixels that the protocol counts.

    Args:
        average: average endpoint error (AEE, EPE), px; NaN where no pixel counts.
        outliers: share of the pixels that the protocol calls outliers, 0 to 1; NaN where none counts.
        above_1_px: share of the pixels with an error above 1 px (1PE), 0 to 1.
        above_3_px: share of the pixels with an error above 3 px (3PE), 0 to 1.
        pixels: number of pixels that count.
    """

    average: float
    outliers: float
    above_1_px: float
    above_3_px: float
    pixels: int


def endpoint_error(
    prediction: Flow, truth: Flow, events: Events | None = None, *, protocol: EndpointProtocol = "masked"
) -> EndpointError:
    """Distance between predicted and true displacement.

    | protocol | pixels that count | outliers | source |
    |---|---|---|---|
    | masked | an event, truth valid | > 3 px | the mask of EV-FlowNet, zero motion included |
    | dense | truth valid | > 3 px | DSEC (Gehrig et al., 3DV 2021): EPE and 3PE |
    | ev-flownet | an event, truth valid and not (0, 0) | > 3 px | Zhu et al., RSS 2018 |
    | event_flow | as ev-flownet | > 3 px and > 5 % of the *predicted* length | Hagenaars et al., 2021 |
    | kitti | truth valid | > 3 px and > 5 % of the true length | Menze, Geiger, CVPR 2015 |

    Truth that is not finite never counts. A crop (256x256 on MVSEC) and the mean over frames are the
    caller's.

    Args:
        prediction: what to judge; its `valid` is not looked at. A value that is not finite is infinitely
            wrong.
        truth: same sensor and interval.
        events: events of the interval, for the protocols that ask for an event at the pixel.
        protocol: a name of the table.

    Raises:
        ConfigError: an unknown protocol.
        ShapeError: sensors or intervals that differ, or no `events` where the protocol needs them.
    """
    if protocol not in get_args(EndpointProtocol):
        raise unknown_name("endpoint protocol", protocol, get_args(EndpointProtocol))
    if prediction.sensor != truth.sensor:
        raise ShapeError(f"flow of a {prediction.sensor} sensor cannot be compared with {truth.sensor}")
    if (prediction.start_us, prediction.end_us) != (truth.start_us, truth.end_us):
        raise ShapeError(
            f"flow over [{prediction.start_us}, {prediction.end_us}) µs cannot be compared with "
            f"flow over [{truth.start_us}, {truth.end_us}) µs"
        )
    counts = np.isfinite(truth.displacement).all(axis=0)
    if truth.valid is not None:
        counts &= truth.valid
    if protocol in ("masked", "ev-flownet", "event_flow"):
        counts &= _event_mask(events, truth, protocol)
    if protocol in ("ev-flownet", "event_flow"):
        counts &= (truth.displacement != 0).any(axis=0)
    predicted, true = prediction.displacement[:, counts], truth.displacement[:, counts]
    pixels = predicted.shape[1]
    if not pixels:
        return EndpointError(math.nan, math.nan, math.nan, math.nan, 0)
    predicted = np.where(np.isfinite(predicted), predicted, np.inf)
    error = np.hypot(*(predicted - true).astype(np.float64))
    outlier = error > 3
    if protocol == "event_flow":
        outlier &= (error > 0.05 * np.hypot(*predicted.astype(np.float64))) | np.isinf(error)
    elif protocol == "kitti":
        outlier &= error > 0.05 * np.hypot(*true.astype(np.float64))
    return EndpointError(
        float(error.mean()),
        float(outlier.mean()),
        float((error > 1).mean()),
        float((error > 3).mean()),
        pixels,
    )


def flow_warp_loss(events: Events, flow: Flow, *, protocol: WarpProtocol = "event_flow") -> float:
    """Flow warp loss (FWL): contrast of the warped over that of the plain event image; larger is better.

    The variance over all pixels of the image of events warped along the flow, divided by that without
    warping. Both are counts without polarity; events go to the nearest pixel (no bilinear splat), with
    the flow of their own pixel, and those that leave the image are dropped. Zero flow gives exactly 1.
    Figures are comparable only for the same events: the loss grows with their number.

    Args:
        events: events of the flow's interval.
        flow: flow of their sensor.
        protocol: the instant that events move to: "event_flow", the end of the interval, as Hagenaars et
            al. (2021) score; "middle", its middle, where fewer events leave the image.
    Returns: the ratio, at least 0; NaN where the plain image has no contrast (no event, one pixel).

    Raises:
        ConfigError: an unknown protocol.
        ShapeError: another sensor, an event outside the interval or off the sensor.

    Source: Stoffregen et al., "Reducing the Sim-to-Real Gap for Event Cameras", ECCV 2020, section 4.1.
    """
    if protocol not in get_args(WarpProtocol):
        raise unknown_name("flow warp protocol", protocol, get_args(WarpProtocol))
    if events.sensor != flow.sensor:
        raise ShapeError(f"events of a {events.sensor} sensor cannot be warped by {flow.sensor} flow")
    if len(events) and not (flow.start_us <= events.t[0] and events.t[-1] <= flow.end_us):
        raise ShapeError(
            f"events of {int(events.t[0])}..{int(events.t[-1])} µs reach beyond the flow's interval "
            f"[{flow.start_us}, {flow.end_us}) µs; Events.between cuts"
        )
    duration_us = flow.end_us - flow.start_us
    to_us = float(flow.end_us) if protocol == "event_flow" else flow.start_us + duration_us / 2
    warped = _counts(events, flow.displacement, duration_us, to_us)
    plain = _counts(events, np.zeros_like(flow.displacement), duration_us, to_us)
    contrast = float(plain.var(dtype=np.float64))
    return float(warped.var(dtype=np.float64)) / contrast if contrast > 0 else math.nan


def _counts(
    events: Events, displacement: NDArray[np.float32], duration_us: int, to_us: float
) -> NDArray[np.float32]:
    image = np.zeros((events.sensor.height, events.sensor.width), np.float32)
    refused = warped_counts(events.t, events.x, events.y, displacement, duration_us, to_us, image)
    if refused >= 0:
        raise ShapeError(f"event {refused} lies off the {events.sensor} sensor")
    return image


def _event_mask(events: Events | None, truth: Flow, protocol: str) -> NDArray[np.bool_]:
    if events is None:
        raise ShapeError(f"the protocol {protocol!r} counts pixels with events: give the events")
    if events.sensor != truth.sensor:
        raise ShapeError(f"events of a {events.sensor} sensor cannot mask flow of {truth.sensor}")
    mask = np.zeros(truth.displacement.shape[1:], bool)
    try:
        mask[events.y, events.x] = True
    except IndexError:
        raise ShapeError(f"an event lies off the {events.sensor} sensor") from None
    return mask
