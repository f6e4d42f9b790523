"""The data table at the end of an AEDAT4 file: where every packet lies and which times it holds.

Source: the flatbuffer schema `FileDataTable` (identifier FTAB) of dv-processing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError
from eventsnn.formats.dv_packets import PACKET_HEADER, table_list
from eventsnn.formats.flatbuffer import Table

_ROW = np.dtype([
    ("vtable", "<i4"), ("stream", "<i4"), ("size", "<i4"), ("pad", "<i4"),
    ("at", "<i8"), ("count", "<i8"), ("first_us", "<i8"), ("last_us", "<i8"),
])  # fmt: skip
_SLOTS = (16, 4, 24, 32, 40)
_MOST_LAYOUTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class DataTable:
    """One row per packet, in the order of the file.

    Args:
        at: (K,) int64, byte position of the packet's header.
        stream: (K,) int64, the packet's stream.
        size: (K,) int64, bytes of its payload.
        count: (K,) int64, how many events, samples or triggers it holds.
        first_us: (K,) int64, the smallest time in it, µs.
        last_us: (K,) int64, the largest.
    """

    at: NDArray[np.int64]
    stream: NDArray[np.int64]
    size: NDArray[np.int64]
    count: NDArray[np.int64]
    first_us: NDArray[np.int64]
    last_us: NDArray[np.int64]

    def tiles(self, begin: int, end: int) -> bool:
        """Whether its packets fill the file from byte `begin` to byte `end` without a gap."""
        if not self.at.size:
            return begin == end
        after = self.at + PACKET_HEADER.size + self.size
        return bool(
            self.at[0] == begin
            and after[-1] == end
            and (self.size >= 0).all()
            and (after[:-1] == self.at[1:]).all()
        )


def encode_table(table: DataTable) -> bytes:
    """The uncompressed payload of a data table, which stands without a packet header.

    Args:
        table: the rows.
    """
    rows = np.zeros(table.at.size, _ROW)
    for name in ("stream", "size", "count", "first_us", "last_us"):
        rows[name] = getattr(table, name)
    rows["at"] = table.at + PACKET_HEADER.size
    return table_list(b"FTAB", rows, _SLOTS)


def decode_table(payload: bytes | memoryview) -> DataTable:
    """A data table from its decompressed payload.

    Args:
        payload: a size-prefixed flatbuffer.
    Raises: FormatError: not a data table, or damaged.
    """
    data = memoryview(payload)[4:]
    at = Table.root(data, b"FTAB").table_places(0)
    inside_data = np.frombuffer(data, np.uint8)
    vtables = at - _numbers(inside_data, at, "<i4")
    columns = np.zeros((6, at.size), np.int64)
    layouts = np.unique(vtables)
    if layouts.size > _MOST_LAYOUTS:
        raise FormatError(f"a data table of {layouts.size} layouts")
    for layout in layouts.tolist():
        rows = np.flatnonzero(vtables == layout)
        length = int(_numbers(inside_data, np.array([layout]), "<u2")[0])
        for column, (slot, inside, kind) in enumerate(
            ((0, 0, "<i8"), (1, 0, "<i4"), (1, 4, "<i4"), (2, 0, "<i8"), (3, 0, "<i8"), (4, 0, "<i8"))
        ):
            if 6 + 2 * slot > length:
                continue
            field = int(_numbers(inside_data, np.array([layout + 4 + 2 * slot]), "<u2")[0])
            if field:
                columns[column, rows] = _numbers(inside_data, at[rows] + field + inside, kind)
    place, stream, size, count, first_us, last_us = columns
    return DataTable(place - PACKET_HEADER.size, stream, size, count, first_us, last_us)


def _numbers(data: NDArray[np.uint8], at: NDArray[np.int64], kind: str) -> NDArray[np.int64]:
    """The numbers of this type at these byte positions."""
    dtype: np.dtype[Any] = np.dtype(kind)
    if at.size and not (at.min() >= 0 and at.max() <= data.size - dtype.itemsize):
        raise FormatError("an offset of the data table points outside of it")
    gathered = data[at[:, None] + np.arange(dtype.itemsize)]
    numbers: NDArray[np.int64] = gathered.view(dtype).reshape(-1).astype(np.int64)
    return numbers
