"""Other libraries to measure beside ours, where they are installed, and our events in their own form."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events

_PIECE = 2_000_000


@dataclass(frozen=True, slots=True)
class Peer:
    """An installed library.

    Args:
        name: its package, as installed.
        version: of the package.
        module: what was asked for.
    """

    name: str
    version: str
    module: Any


class Peers:
    """Finds peers and remembers which were there."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        """Of those found, by package name."""
        self.missing: dict[str, str] = {}
        """Why each of the others was skipped, and what to do about it."""

    def find(self, package: str, module: str | None = None, get: str | None = None) -> Peer | None:
        """A peer's module, or None where it cannot be imported; `missing` then says why.

        Args:
            package: name as installed.
            module: what to import; the package's name where None.
            get: the pip line that installs it; that of the extra `bench` where None.
        """
        try:
            found = import_module(module or package)
            version = importlib.metadata.version(package)
        # A broken package may raise anything on import; a benchmark of the others goes on.
        except Exception as error:
            line = get or "pip install 'eventsnn[bench]'"
            self.missing[package] = f"not measured ({type(error).__name__}: {error}); to compare: {line}"
            return None
        self.versions[package] = version
        return Peer(package, version, found)


def eventcv_stream(eventcv: Any, events: Events) -> Any:
    """Events as eventcv holds them; converted in pieces, for it takes three times their memory meanwhile.

    Args:
        eventcv: the module.
        events: of less than 2**31 µs.
    """
    streams = []
    for begin in range(0, len(events), _PIECE):
        piece = events[begin : begin + _PIECE]
        table = np.empty((len(piece), 4), np.int32)
        for index, name in enumerate(("x", "y", "t", "p")):
            table[:, index] = getattr(piece, name)
        size = (events.sensor.width, events.sensor.height)
        streams.append(eventcv.from_numpy(table, sensor_size=size, time_unit="us", order="xytp"))
    return streams[0].concat(streams[1:])


def evutils_array(evutils: Any, events: Events) -> Any:
    """Events as evutils holds them: the same columns, not copied.

    Args:
        evutils: the module.
        events: any.
    """
    return evutils.EventArray(events.t, events.x, events.y, events.p)


def structured(events: Events) -> NDArray[Any]:
    """Events as tonic wants them; polarity as int8, for its voxel grid takes every bool event for ON.

    Args:
        events: any.
    """
    array = np.empty(len(events), [("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.int8)])
    for name in ("x", "y", "t", "p"):
        array[name] = getattr(events, name)
    return array


def dv_store(dv_processing: Any, events: Events) -> Any:
    """Events as dv-processing holds them; it takes them one by one, so keep them few.

    Args:
        dv_processing: the module.
        events: any.
    """
    store = dv_processing.EventStore()
    columns = (column.tolist() for column in (events.t, events.x, events.y, events.p))
    for t, x, y, p in zip(*columns, strict=True):
        store.push_back(t, x, y, p)
    return store
