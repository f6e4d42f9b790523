"""Run a writer in its own thread, so that saving never holds up the live loop."""

from __future__ import annotations

import queue
import threading
from typing import Generic, Protocol, TypeVar

from eventsnn.errors import StorageError

Item = TypeVar("Item", contravariant=True)


class Writer(Protocol[Item]):
    """Something that saves one item after the other to a file."""

    def write(self, item: Item, /) -> None:
        """Save the next item.

        Raises: StorageError: it cannot be saved; nothing more will be taken.
        """
        ...

    def close(self) -> str:
        """Finish the file; gives one line that says what was saved and where."""
        ...


class Background(Generic[Item]):
    """A writer behind a short queue and a thread of its own.

    An error of the writer ends the saving and nothing else: it is kept in `error`, and later items
    are let go.

    Args:
        writer: what saves; used by the thread alone until `close`.
        wait: what to do with a full queue: True waits (every item is saved), False drops the new item.
        depth: items that may wait.
    """

    def __init__(self, writer: Writer[Item], wait: bool, depth: int = 8) -> None:
        self.dropped = 0
        self.error: StorageError | None = None
        self._bug: Exception | None = None
        self._writer = writer
        self._wait = wait
        self._queue: queue.Queue[Item | None] = queue.Queue(depth)
        self._thread = threading.Thread(target=self._run, name="save", daemon=True)
        self._thread.start()

    def write(self, item: Item) -> None:
        """Hand over the next item, which the caller must not change any more."""
        if self.error is not None:
            return
        try:
            self._queue.put(item, block=self._wait)
        except queue.Full:
            self.dropped += 1

    def close(self) -> str | None:
        """Save what still waits and finish the file.

        Returns: the writer's closing line; None where the file could not be finished (see `error`).
        Raises: what the writer raised besides StorageError, after the file was finished.
        """
        self._queue.put(None)
        self._thread.join()
        line = None
        try:
            line = self._writer.close()
        except StorageError as error:
            self.error = self.error or error
        except Exception as error:
            self._bug = self._bug or error
        if self._bug is not None:
            raise self._bug
        return line

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self.error is not None or self._bug is not None:
                continue
            try:
                self._writer.write(item)
            except StorageError as error:
                self.error = error
            except Exception as error:
                # Shown by close: a thread that died here would leave the live loop waiting for ever.
                self._bug = error
