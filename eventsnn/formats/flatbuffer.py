"""Read the tables of a flatbuffer, every offset checked against the end of the data.

Follows the FlatBuffers internals document ("FlatBuffer Internals", google.github.io/flatbuffers):
little-endian, a table begins with the signed distance back to its vtable, a vtable lists for every
field slot the distance from the table's begin, 0 where the field has its default.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError

_NUMBERS = {code: struct.Struct("<" + code) for code in "bBhHiIqf"}


class Table:
    """One table of a flatbuffer.

    Args:
        data: the whole flatbuffer.
        at: byte position of the table.
    Raises: FormatError: here and in every method, a position outside of `data`.
    """

    __slots__ = ("_at", "_data", "_slots_end", "_vtable")

    def __init__(self, data: memoryview, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - int(_number(data, at, "i"))
        self._slots_end = self._vtable + int(_number(data, self._vtable, "H"))

    @classmethod
    def root(cls, data: memoryview, identifier: bytes) -> Table:
        """The outermost table.

        Args:
            data: the flatbuffer, without a size prefix.
            identifier: the four letters that must stand behind the root offset.
        Raises: FormatError: another identifier.
        """
        found = bytes(data[4:8])
        if found != identifier:
            raise FormatError(f"expected the identifier {identifier!r}, found {found!r}")
        return cls(data, int(_number(data, 0, "I")))

    def number(self, slot: int, code: str, default: float = 0) -> Any:
        """The scalar in `slot`, of the `struct` type `code`; `default` where it is not stored."""
        at = self._field(slot)
        return default if at is None else _number(self._data, at, code)

    def text(self, slot: int) -> str:
        """The string in `slot`, empty where it is not stored."""
        at, count = self._vector(slot, 1)
        try:
            return str(self._data[at : at + count], "utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"a text of the header is not UTF-8 ({error.reason})") from error

    def structs(self, slot: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """The vector of structs or scalars in `slot` as a view, (N,) `dtype`."""
        at, count = self._vector(slot, dtype.itemsize)
        return np.frombuffer(self._data, dtype, count, at) if count else np.empty(0, dtype)

    def tables(self, slot: int) -> Iterator[Table]:
        """The tables of the vector in `slot`, one after another."""
        at, count = self._vector(slot, 4)
        for place in range(at, at + 4 * count, 4):
            yield Table(self._data, place + int(_number(self._data, place, "I")))

    def table_places(self, slot: int) -> NDArray[np.int64]:
        """Byte positions of the tables of the vector in `slot`, (N,); they may lie outside of the data."""
        at, count = self._vector(slot, 4)
        if not count:
            return np.empty(0, np.int64)
        offsets = np.frombuffer(self._data, "<u4", count, at)
        return at + 4 * np.arange(count) + offsets.astype(np.int64)

    def _field(self, slot: int) -> int | None:
        entry = self._vtable + 4 + 2 * slot
        if entry + 2 > self._slots_end:
            return None
        offset = int(_number(self._data, entry, "H"))
        return self._at + offset if offset else None

    def _vector(self, slot: int, itemsize: int) -> tuple[int, int]:
        at = self._field(slot)
        if at is None:
            return 0, 0
        at += int(_number(self._data, at, "I"))
        count = int(_number(self._data, at, "I"))
        if at + 4 + count * itemsize > len(self._data):
            raise FormatError(
                f"a list claims {count} elements, more than the {len(self._data)} bytes there are"
            )
        return at + 4, count


def _number(data: memoryview, at: int, code: str) -> int | float:
    number = _NUMBERS[code]
    if not 0 <= at <= len(data) - number.size:
        raise FormatError(f"an offset points to byte {at} of {len(data)}")
    value: int | float = number.unpack_from(data, at)[0]
    return value
