"""What a recording and a camera have in common, as protocols.

A *packet* is a piece of one stream: `Events`, a `Frame`, `ImuSamples` or `Triggers`. A `Recording`
ends and can be read again; a `Camera` goes on, at its own pace, until it is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame


@dataclass(frozen=True, slots=True, eq=False)
class ImuSamples:
    """Inertial measurements in time order.

    Args:
        t: (N,) int64, µs.
        acceleration: (N, 3) float32, g (9.80665 m/s²), axes of the sensor.
        rotation: (N, 3) float32, degrees per second.
        temperature: (N,) float32, °C.
    Raises: ShapeError: shapes that differ from these.
    """

    t: NDArray[np.int64]
    acceleration: NDArray[np.float32]
    rotation: NDArray[np.float32]
    temperature: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = self.t.size
        shapes = (self.t.shape, self.acceleration.shape, self.rotation.shape, self.temperature.shape)
        if shapes != ((n,), (n, 3), (n, 3), (n,)):
            raise ShapeError(f"IMU samples need shapes ({n},) ({n}, 3) ({n}, 3) ({n},), not {shapes}")

    def __len__(self) -> int:
        return int(self.t.size)


class TriggerKind(IntEnum):
    """What a trigger mark tells; the codes are those of AEDAT 4.0, every other format is mapped to them."""

    TIMESTAMP_RESET = 0
    EXTERNAL_RISING = 1
    EXTERNAL_FALLING = 2
    EXTERNAL_PULSE = 3
    GENERATOR_RISING = 4
    GENERATOR_FALLING = 5
    FRAME_BEGIN = 6
    FRAME_END = 7
    EXPOSURE_BEGIN = 8
    EXPOSURE_END = 9


@dataclass(frozen=True, slots=True, eq=False)
class Triggers:
    """Edges of the camera's trigger lines and its frame-exposure marks, in time order.

    Args:
        t: (N,) int64, µs.
        kind: (N,) uint8, a `TriggerKind`.
        line: (N,) uint8, which trigger line; left out where there is only one, number 0.
    Raises: ShapeError: lengths that differ.
    """

    t: NDArray[np.int64]
    kind: NDArray[np.uint8]
    line: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        if self.t.size and not self.line.size:
            object.__setattr__(self, "line", np.zeros(self.t.size, np.uint8))
        shapes = (self.t.shape, self.kind.shape, self.line.shape)
        if shapes != ((self.t.size,),) * 3:
            raise ShapeError(f"triggers need columns of one length, not {shapes}")

    def __len__(self) -> int:
        return int(self.t.size)


Packet = Events | Frame | ImuSamples | Triggers


class Recording(Protocol):
    """An event file; every method starts from the beginning of the file."""

    name: str
    """What to call it on a picture or in a message, usually the file name."""

    sensor: Sensor

    def packets(self) -> Iterator[Packet]:
        """Every packet of every stream, in the order of the file, in bounded memory."""
        ...

    def events(self) -> Iterator[Events]:
        """The events alone, in stretches of bounded size, in time order."""
        ...

    def frames(self) -> Iterator[Frame]:
        """The frames alone; nothing where the file has none."""
        ...

    def close(self) -> None:
        """Give the file back; calling it twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a live stream is doing.

    Args:
        connected: whether packets can be expected now.
        reconnects: how often the stream was lost and found again.
        lost_packets: packets that the camera or the network lost on the way to us, where known.
    """

    connected: bool
    reconnects: int = 0
    lost_packets: int = 0


class EndOfStream(Exception):
    """A live source has ended for good: a replayed file is through.

    `Camera.read` does not raise StopIteration for this, because inside a generator Python would turn
    that into a RuntimeError (PEP 479).
    """


class Camera(Protocol):
    """A live source: a USB camera, a network stream, a simulation, a file in real time."""

    name: str
    """What to call it on a picture ("davis346 00000123", "SIMULATED davis346")."""

    sensor: Sensor

    simulated: bool
    """True where no real sensor made the events; views must say so."""

    def read(self, timeout_s: float) -> Packet | None:
        """The next packet, or None when none came in time; blocks for `timeout_s` at most.

        Raises:
            EndOfStream: the source has ended for good (a replayed file); every later call says so too.
            CameraError: the source is lost and cannot be found again.
            FormatError: what came is not what the source's protocol says.
        """
        ...

    @property
    def status(self) -> CameraStatus:
        """Connection and losses so far."""
        ...

    def close(self) -> None:
        """Stop and give the device back; calling it twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
