"""Stacked histogram: how many events each pixel had in each time bin, in 8 bits.

Source: Gehrig, Scaramuzza, "Recurrent Vision Transformers for Object Detection with Event Cameras" (RVT),
CVPR 2023, and the authors' preprocessing: bin = floor((t - start) / (end - start) * B), the end
itself in the last bin, OFF before ON. Two things differ from their code on purpose: counts stop at 255
where its fast mode starts again from 0 (300 events give 44), and the edges of the bins are exact where its
32-bit floats can move an event at an edge to the bin beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations.representation import (
    Representation,
    interval,
    places_torch,
    refusal,
    target,
)
from eventsnn.representations.voxel_stretches import stretches_of

if TYPE_CHECKING:
    from torch import Tensor


def stacked_histogram(
    events: Events,
    bins: int,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    count_cutoff: int = 255,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Events counted per pixel, polarity and time bin.

    An interval of no length puts every event into bin 0.

    Args:
        events: in time order.
        bins: number of bins B.
        start_us: begin of the interval, µs; the first event where None, as in RVT.
        end_us: end of the interval, µs; the last event where None, as in RVT.
        count_cutoff: where counts stop, 1 to 255.
        out: array to write to, overwritten.
    Returns: (2B, H, W) uint8: the B bins of OFF, then the B bins of ON.

    Raises:
        ConfigError: fewer than one bin, an impossible cutoff.
        ShapeError: an event off the sensor, outside the interval or out of time order; an `out` that does
            not fit. `out` is then half filled.
    """
    _check(bins, count_cutoff)
    return fill_counts(events, bins, start_us, end_us, False, bins, 1, count_cutoff, out)


@dataclass(frozen=True)
class StackedHistogram(Representation):
    """`stacked_histogram` with its arguments held; the defaults are RVT's 10 bins.

    Args:
        bins: number of bins B.
        count_cutoff: where counts stop, 1 to 255.
    Raises: ConfigError: fewer than one bin, an impossible cutoff.
    """

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.uint8)

    bins: int = 10
    count_cutoff: int = 255

    def __post_init__(self) -> None:
        _check(self.bins, self.count_cutoff)

    @property
    def channels(self) -> int:
        """Planes of the result."""
        return 2 * self.bins

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """`stacked_histogram(events, bins, start_us, end_us, count_cutoff=count_cutoff, out=out)`."""
        return stacked_histogram(events, self.bins, start_us, end_us, count_cutoff=self.count_cutoff, out=out)


def stacked_histogram_torch(
    t: Tensor,
    x: Tensor,
    y: Tensor,
    p: Tensor,
    sensor: Sensor,
    bins: int,
    start_us: int,
    end_us: int,
    *,
    count_cutoff: int = 255,
) -> Tensor:
    """The same histogram from tensors on any device.

    Args:
        t: (N,) int64, µs, in any order.
        x: (N,) integer, px.
        y: (N,) integer, px.
        p: (N,) bool.
        sensor: the pixel array.
        bins: number of bins B.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
        count_cutoff: where counts stop, 1 to 255.
    Returns: (2B, H, W) uint8 on the device of `t`.

    Raises:
        ConfigError: fewer than one bin, an impossible cutoff.
        ShapeError: an event off the sensor or outside the interval.
    """
    import torch

    _check(bins, count_cutoff)
    outside = (t < start_us) | (t > end_us)
    if bool(outside.any()):
        raise ShapeError(f"{int(outside.sum())} events lie outside [{start_us}, {end_us}] µs")
    pixels = sensor.height * sensor.width
    k = ((t - start_us) * bins // max(end_us - start_us, 1)).clamp(max=bins - 1)
    place = (k + p * bins) * pixels + places_torch(x, y, sensor)
    counts = torch.zeros(2 * bins * pixels, dtype=torch.int32, device=t.device)
    counts.index_add_(0, place, torch.ones_like(place, dtype=torch.int32))
    return counts.clamp(max=count_cutoff).to(torch.uint8).view(2 * bins, sensor.height, sensor.width)


def fill_counts(
    events: Events,
    bins: int,
    start_us: int | None,
    end_us: int | None,
    on_first: bool,
    polarity_step: int,
    bin_step: int,
    highest: int,
    out: NDArray[np.uint8] | None,
) -> NDArray[np.uint8]:
    """Counts of 2 * `bins` planes in any order of polarity and time.

    Args:
        events: in time order.
        bins: number of bins B.
        start_us: begin of the interval, µs; the first event where None.
        end_us: end of the interval, µs; the last event where None.
        on_first: whether ON or OFF has the first plane.
        polarity_step: planes from the first to the second polarity of a bin.
        bin_step: planes from a bin to the next.
        highest: where counts stop, 1 to 255.
        out: array to write to, overwritten.
    Raises: ShapeError: as `stacked_histogram`.
    """
    from eventsnn.kernels.stacked_histogram import count_saturating

    out = target((2 * bins, events.sensor.height, events.sensor.width), out, np.uint8)
    if not len(events):
        out.fill(0)
        return out
    start_us, end_us = interval(events, start_us, end_us, bins)
    edges_us = stretches_of(bins, start_us, end_us, "B", "nearest").edges_us
    columns = events.t, events.x, events.y, events.p
    refused = count_saturating(*columns, edges_us, on_first, polarity_step, bin_step, highest, out)
    if refused >= 0:
        raise refusal(events, refused, (start_us, end_us))
    return out


def _check(bins: int, count_cutoff: int) -> None:
    if bins < 1:
        raise ConfigError(f"a stacked histogram needs at least 1 bin, not {bins}")
    if not 1 <= count_cutoff <= 255:
        raise ConfigError(f"counts of 8 bits stop at 1 to 255, not at {count_cutoff}")


REPRESENTATION = StackedHistogram
