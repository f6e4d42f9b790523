"""The variables of a MATLAB file: version 5 to 7.2, and 7.3 (HDF5 inside) through h5py.

SciPy's reader of the former crashes on some damaged files, so they are parsed here.
Source: "MAT-File Format", The MathWorks, level 5.
"""

from __future__ import annotations

import contextlib
import math
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import FormatError

_Order = Literal["<", ">"]

_FILE_HEADER = 128
_TAG = 8
_LONGEST_HEADER = 1024
_MOST_DIMENSIONS = 32
_MOST_DEFLATE_SAVES = 1032

_MATRIX, _COMPRESSED = 14, 15
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Element type -> numpy type."""

_STRUCTURE = 2
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"
}  # fmt: skip
"""Class of an array of numbers -> numpy type."""
_OPAQUE = 17
_COMPLEX = 0x08


class Variables(ABC):
    """The variables of one file.

    Args:
        path: the file.
    Raises: FormatError: it is damaged.
    """

    shapes: dict[str, tuple[int, ...]]
    """Name -> size, as MATLAB shows it; a structure is (1, 1)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def array(self, name: str) -> NDArray[Any]:
        """An array of numbers.

        Raises: FormatError: it is none, or damaged, or claims more than the file can hold.
        """

    @abstractmethod
    def structure(self, name: str) -> dict[str, NDArray[Any]]:
        """The fields of a structure that are arrays of numbers; nothing of another variable.

        Raises: FormatError: it is damaged.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the file back."""


class _Damage(Exception):
    """What is wrong with a variable."""


@dataclass(frozen=True, slots=True)
class _Header:
    """What precedes the content of a variable, and where that begins."""

    kind: int
    complex: bool
    shape: tuple[int, ...]
    name: str
    end: int


@dataclass(slots=True)
class _Elements:
    """Reads one element after another: a tag, data, and padding to 8 bytes."""

    data: memoryview
    order: _Order
    at: int = 0

    def next(self) -> tuple[int, memoryview]:
        """(type, data) of the next element."""
        first, size = self._two(self.at)
        begin = self.at + _TAG
        # up to four bytes may stand in the tag itself, behind their number
        if first >> 16:
            first, size, begin = first & 0xFFFF, first >> 16, self.at + 4
            if size > 4:
                raise _Damage("an element that is too long for its tag")
        if begin + size > len(self.data):
            raise _Damage(f"an element claims {size} bytes, more than there are")
        self.at = begin + -(-size // 8) * 8 if begin == self.at + _TAG else self.at + _TAG
        return first, self.data[begin : begin + size]

    def header(self) -> _Header:
        """That of the matrix whose data these elements are."""
        _, flags = self.next()
        word = self._words(flags[:4])[0]
        if word & 0xFF == _OPAQUE:
            return _Header(_OPAQUE, False, (), self._name(), self.at)
        _, sizes = self.next()
        if len(sizes) % 4 or not 8 <= len(sizes) <= 4 * _MOST_DIMENSIONS:
            raise _Damage(f"sizes of {len(sizes)} bytes")
        return _Header(word & 0xFF, bool(word >> 8 & _COMPLEX), self._words(sizes), self._name(), self.at)

    def values(self) -> NDArray[Any] | None:
        """The numbers of this matrix; None where it holds something else."""
        header = self.header()
        if header.kind not in _CLASSES or header.complex:
            return None
        kind, data = self.next()
        if kind not in _STORED:
            raise _Damage(f"numbers of the unknown type {kind}")
        stored = np.dtype(_STORED[kind]).newbyteorder(self.order)
        if len(data) != math.prod(header.shape) * stored.itemsize:
            raise _Damage(f"an array claims {math.prod(header.shape)} numbers in {len(data)} bytes")
        values = np.frombuffer(data, stored).astype(_CLASSES[header.kind], copy=False)
        return values.reshape(header.shape, order="F")

    def fields(self) -> dict[str, NDArray[Any]]:
        """The arrays of numbers of this structure; nothing where it is none."""
        header = self.header()
        if header.kind != _STRUCTURE or math.prod(header.shape) != 1:
            return {}
        _, length = self.next()
        size = self._words(length)[0]
        _, names = self.next()
        if not 1 <= size <= len(names):
            raise _Damage(f"field names of {size} bytes")
        found = {}
        for start in range(0, len(names) - size + 1, size):
            name = _text(names[start : start + size])
            kind, data = self.next()
            if kind != _MATRIX:
                raise _Damage(f"a field of type {kind}")
            values = _Elements(data, self.order).values() if len(data) else None
            if values is not None:
                found[name] = values
        return found

    def _name(self) -> str:
        return _text(self.next()[1])

    def _two(self, at: int) -> tuple[int, int]:
        words = self._words(self.data[at : at + _TAG])
        if len(words) < 2:
            raise _Damage("it breaks off")
        return words[0], words[1]

    def _words(self, data: memoryview) -> tuple[int, ...]:
        if len(data) % 4 or not data:
            raise _Damage("it breaks off")
        return struct.unpack(f"{self.order}{len(data) // 4}I", data)


class Version5(Variables):
    """A file of version 5 to 7.2; a variable is read as a whole."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path.open("rb")
        self.shapes = {}
        self._places: dict[str, int] = {}
        try:
            self._list()
        except BaseException:
            self.close()
            raise

    def array(self, name: str) -> NDArray[Any]:
        with self._damage(self._places[name]):
            values = _Elements(self._matrix(self._places[name]), self._order).values()
        if values is None:
            raise FormatError(f"{self.path}: {name} is no array of real numbers")
        return values

    def structure(self, name: str) -> dict[str, NDArray[Any]]:
        with self._damage(self._places[name]):
            return _Elements(self._matrix(self._places[name]), self._order).fields()

    def close(self) -> None:
        self._file.close()

    def _list(self) -> None:
        head = self._file.read(_FILE_HEADER)
        orders: dict[bytes, _Order] = {b"IM": "<", b"MI": ">"}
        if len(head) < _FILE_HEADER or head[-2:] not in orders:
            raise FormatError(f"{self.path} is a damaged MATLAB file: its header of 128 bytes is not whole")
        self._order = orders[head[-2:]]
        self._size = self._file.seek(0, 2)
        at = _FILE_HEADER
        while at < self._size:
            with self._damage(at):
                kind, size = self._tag(at)
                header = _Elements(self._matrix(at, _LONGEST_HEADER), self._order).header()
            self.shapes[header.name], self._places[header.name] = header.shape, at
            at += _TAG + (size if kind == _COMPRESSED else -(-size // 8) * 8)

    def _tag(self, at: int) -> tuple[int, int]:
        """(type, size) of the variable at a byte."""
        self._file.seek(at)
        tag = self._file.read(_TAG)
        if len(tag) < _TAG:
            raise _Damage("the file is cut off")
        kind, size = struct.unpack(f"{self._order}2I", tag)
        if kind not in (_MATRIX, _COMPRESSED):
            raise _Damage(f"a variable of type {kind}")
        if at + _TAG + size > self._size:
            raise _Damage(f"it claims {size} bytes, more than the file has left")
        return kind, size

    def _matrix(self, at: int, most: int | None = None) -> memoryview:
        """The data of the variable at a byte, or their begin."""
        kind, size = self._tag(at)
        if kind == _MATRIX:
            return memoryview(self._file.read(size if most is None else min(size, most)))
        inflate = zlib.decompressobj()
        packed = self._file.read(size if most is None else min(size, most))
        tag = inflate.decompress(packed, _TAG)
        if len(tag) < _TAG:
            raise _Damage("it breaks off")
        inner, claimed = struct.unpack(f"{self._order}2I", tag)
        if inner != _MATRIX:
            raise _Damage(f"a variable of type {inner}")
        if claimed > _MOST_DEFLATE_SAVES * size:
            raise _Damage(f"it claims {claimed} bytes, more than {size} compressed ones can hold")
        if not claimed:
            raise _Damage("it is empty")
        data = inflate.decompress(inflate.unconsumed_tail, min(claimed, most or claimed))
        if most is None:
            # what is left is the checksum, which zlib looks at only now
            rest = inflate.decompress(inflate.unconsumed_tail, 1)
            if len(data) < claimed or rest or not inflate.eof:
                raise _Damage(f"{len(data)} of {claimed} bytes are there")
        return memoryview(data)

    @contextlib.contextmanager
    def _damage(self, at: int) -> Iterator[None]:
        try:
            yield
        except (_Damage, zlib.error) as error:
            raise FormatError(
                f"{self.path} is a damaged MATLAB file: the variable at byte {at}: {error}"
            ) from error


def _text(data: memoryview) -> str:
    return bytes(data).split(b"\0")[0].decode("utf-8", "backslashreplace")


class Version73(Variables):
    """A file of version 7.3, which is HDF5 with every array transposed."""

    def __init__(self, path: Path) -> None:
        import h5py

        from eventsnn.formats.hdf5_file import damage, open_hdf5

        super().__init__(path)
        self._file = open_hdf5(path)
        self.shapes = {}
        try:
            with damage(str(path)):
                for name, item in self._file.items():
                    self.shapes[name] = item.shape[::-1] if isinstance(item, h5py.Dataset) else (1, 1)
        except BaseException:
            self.close()
            raise

    def array(self, name: str) -> NDArray[Any]:
        from eventsnn.formats.hdf5_file import Column, damage

        with damage(f"{self.path}: {name}"):
            column = Column(self.path, self._file[name])
            if column.dtype.kind not in "biuf":
                raise FormatError(f"{self.path}: {name} holds {column.dtype}, not numbers")
            return column.read(0, column.rows).T

    def structure(self, name: str) -> dict[str, NDArray[Any]]:
        import h5py

        from eventsnn.formats.hdf5_file import damage

        with damage(f"{self.path}: {name}"):
            group = self._file[name]
            if not isinstance(group, h5py.Group):
                return {}
            names = [field for field, item in group.items() if isinstance(item, h5py.Dataset)]
        return {field: self.array(f"{name}/{field}") for field in names}

    def close(self) -> None:
        self._file.close()
