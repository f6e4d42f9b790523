"""What a batch has done, kept in its folder, so that the same batch goes on where it was stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eventsnn.errors import StorageError
from eventsnn.storage import part_path

NAME = ".eventsnn-batch.json"
_SAVE_EVERY_S = 1.0


class Manifest:
    """The record of one folder of outputs; one batch at a time writes to a folder.

    Args:
        folder: made where it is not there.
        settings: everything that decides what an output holds, as `jobs.settings` gives it.
    Raises: StorageError: the folder cannot be made or written to, or another batch is at work in it.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._path = folder / NAME
        self._settings = settings
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise StorageError(f"cannot write to the folder {folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise StorageError(f"another batch is writing to {folder}; wait for it to end") from None
        except OSError:
            pass  # a network folder without locks: the user has to look after it
        self._saved_s = -math.inf
        self._files: dict[str, Any] = {}
        # a record that cannot be read makes everything anew, which is safe
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self._path.read_text("utf-8"))
            if isinstance(content, dict) and isinstance(content.get("files"), dict):
                self._files = content["files"]

    def is_done(self, source: Path, target: Path) -> bool:
        """Whether the output is there, newer than this input, and was made of it by the same settings.

        Args:
            source: the recording.
            target: its output.
        """
        try:
            made, read = target.stat(), source.stat()
        except OSError:
            return False
        entry = self._files.get(self._key(target))
        return made.st_mtime_ns >= read.st_mtime_ns and entry == self._entry(source, made.st_size)

    def begin(self, target: Path) -> None:
        """Note that an output is being made, and remove what a run that was killed left of it.

        Args:
            target: the output.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._files.get(self._key(target)) == "begun":
            part_path(target).unlink(missing_ok=True)
        self._files[self._key(target)] = "begun"
        self._save_soon()

    def end(self, source: Path, target: Path) -> None:
        """Note that an output is whole.

        Args:
            source: the recording.
            target: its output.
        """
        self._files[self._key(target)] = self._entry(source, target.stat().st_size)
        self._save_soon()

    def forget(self, target: Path) -> None:
        """Note that an output was given up, with nothing left of it.

        Args:
            target: the output.
        """
        self._files.pop(self._key(target), None)
        self._save_soon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._save()
        finally:
            os.close(self._lock)

    def _key(self, target: Path) -> str:
        return str(target.relative_to(self._path.parent))

    def _entry(self, source: Path, size: int) -> dict[str, Any]:
        read = source.stat()
        return {
            "source": str(source.resolve()),
            "source_bytes": read.st_size,
            "source_mtime_ns": read.st_mtime_ns,
            "bytes": size,
            "settings": self._settings,
        }

    def _save_soon(self) -> None:
        # with ten thousand outputs, writing all of it after each would take longer than the work
        if time.monotonic() - self._saved_s > _SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        self._saved_s = time.monotonic()
        part = self._path.with_name(f"{NAME}.part")
        try:
            part.write_text(json.dumps({"files": self._files}, indent=1), "utf-8")
            os.replace(part, self._path)
        except OSError as error:
            raise StorageError(f"cannot write {self._path}: {error.strerror}") from error
