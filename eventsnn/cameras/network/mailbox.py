"""A bounded queue between a socket and whoever reads: drops the oldest packets, never grows."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """A thread-safe queue that makes room by dropping whole items, oldest first, and counts them.

    For live pictures a late packet is worth less than a fresh one, so the newest stays.

    Args:
        most_items: items that may wait.
        most_bytes: sum of their sizes that may wait; the newest item is kept whatever its size.
    """

    def __init__(self, most_items: int = 1024, most_bytes: int = 32 << 20) -> None:
        self.lost = 0
        """Items dropped so far."""
        self._most_items = most_items
        self._most_bytes = most_bytes
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: Item, size: int) -> None:
        """Add an item; never waits.

        Args:
            item: what the reader gets.
            size: its size in bytes.
        """
        with self._changed:
            if self._closed:
                return
            self._items.append((item, size))
            self._bytes += size
            while len(self._items) > 1 and (
                len(self._items) > self._most_items or self._bytes > self._most_bytes
            ):
                self._bytes -= self._items.popleft()[1]
                self.lost += 1
            self._changed.notify()

    def get(self, timeout_s: float | None = None) -> Item | None:
        """The oldest item; None when none came in time or the mailbox was closed.

        Args:
            timeout_s: longest wait; None waits until an item comes or the mailbox is closed.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._closed, timeout_s) or self._closed:
                return None
            item, size = self._items.popleft()
            self._bytes -= size
            return item

    def close(self) -> None:
        """Drop everything that waits and wake every reader."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()
