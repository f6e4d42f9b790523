"""A part of a file in memory that moves forward in large steps."""

from __future__ import annotations

from typing import BinaryIO

_STEP_BYTES = 1 << 20


class FileWindow:
    """Reads ahead, so that many small pieces of a file cost few calls, and uses its memory again.

    Args:
        file: an open file; others may move its position between the calls.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = memoryview(bytearray(_STEP_BYTES))
        self._begin = 0
        self._size = 0

    def view(self, at: int, size: int) -> memoryview:
        """These bytes of the file, fewer where it ends; they change with the next call.

        Args:
            at: byte position.
            size: how many bytes; the caller has checked that this can be true.
        """
        first = at - self._begin
        if first < 0 or first + size > self._size:
            self._move(at, size)
            first = 0
        return self._data[first : min(first + size, self._size)]

    def _move(self, at: int, size: int) -> None:
        first = at - self._begin
        kept = self._data[first : self._size] if 0 <= first < self._size else self._data[:0]
        if size > len(self._data):
            self._data = memoryview(bytearray(size + _STEP_BYTES))
        self._data[: len(kept)] = kept
        self._file.seek(at + len(kept))
        # what was asked for lies at the begin, so that 8-byte numbers in it stay aligned
        read = self._file.readinto(self._data[len(kept) :])  # type: ignore[attr-defined]
        self._begin, self._size = at, len(kept) + read
