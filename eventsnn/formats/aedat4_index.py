"""The index of an AEDAT4 file from its data table, where the table can be believed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eventsnn.events import Events
from eventsnn.formats.aedat4_table import DataTable
from eventsnn.formats.index import Index
from eventsnn.formats.time_order import HORIZON_US
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples, Packet, Triggers

_ROW_EVENTS = 1 << 16
_ROW_PACKETS = 256
_SAMPLES = 12
_LONGEST_EXPOSURE_US = 1_000_000
_BYTES_PER_EVENT = 16
_MOST_COMPRESSED = 300
"""No event of 16 bytes takes less than 16/300 of a byte, however it is compressed (LZ4 gives 255 at most)."""


def index_of_table(
    table: DataTable,
    kinds: dict[int, type[Packet]],
    true_row: Callable[[int], tuple[int, int, int] | None],
) -> Index | None:
    """The index of the streams that are read; None where the table contradicts itself or the file.

    Counts must be possible for the sizes, times of events must follow each other, and the first, the last
    and some rows between are compared with their packets. In the index each row's time reaches to its
    neighbours', so that a single wrong time, told once as an end and once as a begin, loses no event.

    Args:
        table: the file's, which fills it without gaps.
        kinds: of the streams that are read, by number.
        true_row: (count, smallest, largest time) of the packet of events in a row; None where it is damaged.
    """
    known = np.isin(table.stream, list(kinds))
    of = {
        kind: np.flatnonzero(np.isin(table.stream, [n for n, k in kinds.items() if k is kind]))
        for kind in (Events, Frame, ImuSamples, Triggers)
    }
    events = of[Events]
    events = events[table.count[events] != 0]
    possible = table.count <= table.size * _MOST_COMPRESSED // _BYTES_PER_EVENT
    if (table.count[known] < 0).any() or not possible[events].all() or not _in_order(table, events):
        return None
    samples = np.unique(np.linspace(0, of[Events].size - 1, min(of[Events].size, _SAMPLES)).astype(int))
    for row in {*of[Events][samples].tolist(), *events[:1].tolist(), *events[-1:].tolist()}:
        told = (int(table.count[row]), int(table.first_us[row]), int(table.last_us[row]))
        true = true_row(row)
        if true is None or true[0] != told[0] or (true[0] and true != told):
            return None
    return _index(table, of, events)


def _in_order(table: DataTable, events: NDArray[np.intp]) -> bool:
    first, last = table.first_us[events], table.last_us[events]
    return bool((first <= last).all() and (first[1:] >= last[:-1] - HORIZON_US).all())


def _index(
    table: DataTable,
    of: dict[type[Packet], NDArray[np.intp]],
    events: NDArray[np.intp],
) -> Index:
    first, last = table.first_us.copy(), table.last_us.copy()
    if events.size:
        first[events[1:]] = np.minimum(table.first_us[events[1:]], table.last_us[events[:-1]])
        last[events[:-1]] = np.maximum(table.last_us[events[:-1]], table.first_us[events[1:]])
    # a frame's own time lies up to its exposure behind the time told here, and exposures do not overlap
    frames = of[Frame]
    last[frames[:-1]] = np.maximum(last[frames[:-1]], first[frames[1:]])
    last[frames[-1:]] += _LONGEST_EXPOSURE_US
    rows = np.sort(np.concatenate([events, of[Frame], of[ImuSamples], of[Triggers]]))
    rows = rows[(table.count[rows] > 0) | np.isin(rows, of[Frame])]
    count = np.where(np.isin(rows, events), table.count[rows], 0)
    begins, held, packets = [], _ROW_EVENTS, 0
    for number, events_here in enumerate(count.tolist()):
        if held >= _ROW_EVENTS or packets >= _ROW_PACKETS:
            begins.append(number)
            held, packets = 0, 0
        held, packets = held + events_here, packets + 1
    cuts = np.array(begins, np.intp)
    none = np.zeros(0, np.int64)
    return Index(
        np.stack([table.at[rows][cuts], np.zeros(cuts.size, np.int64)], axis=1),
        np.add.reduceat(count, cuts) if cuts.size else none,
        np.minimum.reduceat(first[rows], cuts) if cuts.size else none,
        np.maximum.reduceat(last[rows], cuts) if cuts.size else none,
        int(table.first_us[events].min()) if events.size else None,
        int(table.last_us[events].max()) if events.size else None,
        int(of[Frame].size),
        int(table.count[of[ImuSamples]].sum()),
        int(table.count[of[Triggers]].sum()),
    )
