"""What every event-file format gives: a `Format` for the registry, an `EventFile` for the reader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, Self, TypeVar

from eventsnn.errors import FormatError
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Packet, Triggers

HEAD_BYTES = 4096
"""How much of a file's begin `Format.recognises` sees."""

P = TypeVar("P", bound=Packet)


class EventFile(ABC):
    """An open event file; a `Recording` (see `eventsnn.streams`) with all four kinds of packets.

    Args:
        file: the open file; closed by `close`.
        path: its place, for messages.
    """

    format: ClassVar[str]

    sensor: Sensor
    """The pixel array of its events."""

    sensor_note: str = ""
    """How the size was found, where the file does not give it."""

    camera: str = ""
    """The camera's own name ("DAVIS346_00000002"), where the file gives it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self.path = path
        self.name = path.name

    @abstractmethod
    def _read(self, kinds: tuple[type[object], ...]) -> Iterator[Packet]:
        """The packets of these kinds, in the order of the file; others may come with them.

        Raises: FormatError: damage, after everything whole before it was delivered.
        """

    def packets(self) -> Iterator[Packet]:
        """Every packet of every stream, in the order of the file, in bounded memory.

        Raises: FormatError: damage, after everything whole before it was delivered.
        """
        return self._read((Events, Frame, ImuSamples, Triggers))

    def events(self) -> Iterator[Events]:
        """The events alone, in stretches of bounded size, in time order; raises as `packets`."""
        return self._only(Events)

    def frames(self) -> Iterator[Frame]:
        """The frames alone; raises as `packets`."""
        return self._only(Frame)

    def imu(self) -> Iterator[ImuSamples]:
        """The inertial measurements alone; raises as `packets`."""
        return self._only(ImuSamples)

    def triggers(self) -> Iterator[Triggers]:
        """The trigger edges alone; raises as `packets`."""
        return self._only(Triggers)

    def close(self) -> None:
        """Give the file back; calling it twice is harmless."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _only(self, kind: type[P]) -> Iterator[P]:
        return (packet for packet in self._read((kind,)) if isinstance(packet, kind))


@dataclass(frozen=True, slots=True)
class Format:
    """One event-file format; a module of `eventsnn.formats` that exports it as `FORMAT` is found by itself.

    Args:
        name: what people call it ("AEDAT4").
        suffixes: usual endings of its file names, lower case with the dot; for messages only.
        recognises: whether a file that begins with these (at most `HEAD_BYTES`) bytes has this format.
        open: (file at its begin, path, sensor size that overrides the file's or None) -> EventFile;
            raises FormatError.
        encode: events -> the content of a file that holds them; the contract tests read it back.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    open: Callable[[BinaryIO, Path, Sensor | None], EventFile]
    encode: Callable[[Events], bytes]


def in_order(events: Events, last_us: int | None, where: str) -> int | None:
    """The time of the last event so far, once it is sure that `events` may follow.

    Args:
        events: the next stretch, in time order itself.
        last_us: last event before it, µs; None where there was none.
        where: file and place, for the message.
    Raises: FormatError: the stretch begins before `last_us`.
    """
    if not len(events):
        return last_us
    if last_us is not None and events.t[0] < last_us:
        raise FormatError(f"{where}: events are not in time order: {events.t[0]} µs follows {last_us} µs")
    return int(events.t[-1])
