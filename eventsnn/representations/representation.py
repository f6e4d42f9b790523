"""What every representation has in common: a call that turns events into one array of planes.

A representation is a function first (`voxel_grid`) and a small frozen dataclass second (`VoxelGrid`),
which holds the function's arguments, all with defaults, and inherits from the protocol here. Its module
exports the dataclass as `REPRESENTATION`, imports its kernels inside the function (Numba costs half a
second to import), and adds a twin for tensors on any device, `voxel_grid_torch(t, x, y, p, sensor, ...)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.windows import Window

if TYPE_CHECKING:
    from torch import Tensor

Polarity = Literal["sign", "channels"]
"""ON plus and OFF minus in the same planes, or ON in the first half of the planes and OFF in the second."""


# 285 years over the number of bins: a longer interval would overflow the kernels' integers.
_LONGEST_US = 2**53


class Representation(Protocol):
    """The events of an interval as planes; equal arguments compare and hash equal."""

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.float32)
    """Of the result."""

    @property
    def channels(self) -> int:
        """Planes C of the result."""
        ...

    def shape(self, sensor: Sensor) -> tuple[int, int, int]:
        """(C, H, W) of the result; those that make cells of several pixels say so here.

        Args:
            sensor: the pixel array of the events.
        """
        return self.channels, sensor.height, sensor.width

    def __call__(
        self,
        events: Events,
        start_us: int | None = None,
        end_us: int | None = None,
        *,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """The planes of the events.

        Args:
            events: in time order, inside the interval.
            start_us: begin of the interval, µs; the first event where None.
            end_us: end of the interval, µs; the last event where None.
            out: array to write to, overwritten.
        Returns: `shape(events.sensor)` of `dtype`; zeros where there are no events.
        Raises: ShapeError: events that do not fit the interval or their sensor; an `out` that does not fit.
        """
        ...


def stack(
    representation: Representation, windows: Sequence[Window], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """One representation of several windows, one after another in one array.

    Args:
        representation: what to make of each window.
        windows: T windows of one sensor.
        out: (T, C, H, W) to write to, overwritten.
    Returns: (T, C, H, W) of the representation's dtype.
    Raises: ShapeError: no windows, windows of different sensors, an `out` that does not fit.
    """
    if not windows:
        raise ShapeError("nothing to stack: it needs at least one window")
    sensor = windows[0].events.sensor
    shape = (len(windows), *representation.shape(sensor))
    if out is None:
        out = np.empty(shape, representation.dtype)
    check_out(out, shape, representation.dtype)
    for window, planes in zip(windows, out, strict=True):
        if window.events.sensor != sensor:
            raise ShapeError(
                f"a stack holds windows of one sensor, not of {sensor} and {window.events.sensor}"
            )
        representation(window.events, window.start_us, window.end_us, out=planes)
    return out


def prepared(shape: tuple[int, ...], out: NDArray[Any] | None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """Zeros of `shape` and `dtype`: `out` itself where given.

    Raises: ShapeError: `out` has another shape or dtype, is read-only or not C-contiguous; more than
        2**31 values, which the kernels' places do not reach.
    """
    if out is None:
        _check_size(shape)
        return np.zeros(shape, dtype)
    out = target(shape, out, dtype)
    out.fill(0)
    return out


def target(shape: tuple[int, ...], out: NDArray[Any] | None, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """An array of `shape` and `dtype` to overwrite, whatever it holds: `out` itself where given.

    Raises: ShapeError: as `prepared`.
    """
    _check_size(shape)
    if out is None:
        return np.empty(shape, dtype)
    check_out(out, shape, dtype)
    return out


def check_out(out: NDArray[Any], shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Nothing, where a result of `shape` and `dtype` can be written to `out`.

    Raises: ShapeError: `out` has another shape or dtype, is read-only or not C-contiguous.
    """
    if out.shape != shape or out.dtype != dtype or not (out.flags.c_contiguous and out.flags.writeable):
        raise ShapeError(
            f"out must be {shape} {np.dtype(dtype)}, C-contiguous and writeable, not {out.shape} {out.dtype}"
        )


def interval(events: Events, start_us: int | None, end_us: int | None, bins: int) -> tuple[int, int]:
    """The interval that is cut into bins: where an end is None, that of the events.

    Args:
        events: in time order, at least one.
        start_us: begin of the interval, µs.
        end_us: end of the interval, µs.
        bins: how many; the interval times them must fit the integers of the kernels.
    Raises: ShapeError: an interval that ends before it starts, or of centuries.
    """
    start_us = int(events.t[0]) if start_us is None else start_us
    end_us = int(events.t[-1]) if end_us is None else end_us
    if not start_us <= end_us <= start_us + _LONGEST_US // bins:
        raise ShapeError(
            f"events cannot span [{start_us}, {end_us}] µs: the end must follow the start, "
            "and the events must be in time order"
        )
    return start_us, end_us


def refusal(events: Events, index: int, interval_us: tuple[int, int] | None = None) -> ShapeError:
    """The error for the event that a kernel refused, given the interval that it had to lie in.

    Args:
        events: what the kernel was given.
        index: of the event that it stopped at.
        interval_us: first and last instant that it allowed, µs; None where it looks at no time.
    """
    t, x, y = int(events.t[index]), int(events.x[index]), int(events.y[index])
    if x >= events.sensor.width or y >= events.sensor.height:
        return ShapeError(f"event {index} at ({x}, {y}) lies off the {events.sensor} sensor")
    if interval_us is not None and not interval_us[0] <= t <= interval_us[1]:
        return ShapeError(
            f"event {index} at {t} µs lies outside [{interval_us[0]}, {interval_us[1]}] µs; "
            "give the interval of the events, or cut them with Events.between"
        )
    return ShapeError(f"event {index} at {t} µs is out of time order; sort the events by t first")


def places_torch(x: Tensor, y: Tensor, sensor: Sensor) -> Tensor:
    """Where events lie in a flat plane: y * width + x.

    Args:
        x: (N,) integer, px.
        y: (N,) integer, px.
        sensor: the pixel array.
    Returns: (N,) int64 on the device of `x`.
    Raises: ShapeError: an event off the sensor.
    """
    x, y = x.long(), y.long()
    off = (x < 0) | (x >= sensor.width) | (y < 0) | (y >= sensor.height)
    if bool(off.any()):
        raise ShapeError(f"{int(off.sum())} events lie off the {sensor} sensor")
    return y * sensor.width + x


def polarity_planes(polarity: str) -> int:
    """How many planes a polarity takes: 1 for "sign", 2 for "channels".

    Raises: ConfigError: neither of them.
    """
    if polarity not in ("sign", "channels"):
        raise ConfigError(f"polarity is 'sign' or 'channels', not {polarity!r}")
    return 1 if polarity == "sign" else 2


def _check_size(shape: tuple[int, ...]) -> None:
    if math.prod(shape) >= 2**31:
        raise ShapeError(f"{shape} is too large for one representation; crop the events first")
