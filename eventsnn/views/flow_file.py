"""Flow of a whole stream in one HDF5 file, window after window."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import h5py
import numpy as np

from eventsnn.errors import ShapeError, StorageError
from eventsnn.events import Sensor
from eventsnn.results import Flow
from eventsnn.storage import KEEP_FREE_BYTES, check_space, finish_part, open_part, part_path

_ROWS_A_STEP = 64
"""Windows by which the file's tables grow, and after which it is made readable again."""


class FlowFile:
    """An .h5 file of flow in the making; it has its final name only once it is closed.

    Datasets, one row a window: `displacement` (N, 2, H, W) float16, px over the window, x first (right,
    down), NaN where the flow is not valid; `start_us` and `end_us` (N,) int64, µs of the sensor clock.
    Attributes: `sensor` (width, height), `task`, `weights`, `source`. Until `close` the file is called
    NAME.part.h5.

    Args:
        path: where the file will be.
        sensor: the pixel array of every flow.
        source: the camera or file that the events came from.
        task: name of the task.
        weights: what the network's weights were read from.
        keep_free_bytes: saving stops when less than this is free on the disk.
    Raises: StorageError: the file cannot be made.
    """

    def __init__(
        self,
        path: str | Path,
        sensor: Sensor,
        source: str,
        task: str,
        weights: str,
        keep_free_bytes: int = KEEP_FREE_BYTES,
    ) -> None:
        self.path = Path(path)
        self.windows = 0
        self._sensor = sensor
        self._keep_free_bytes = keep_free_bytes
        # Half of what stays free may be written between two looks at the disk; times 2: bytes of float16.
        window_bytes = 2 * sensor.height * sensor.width * 2
        self._look_every = min(_ROWS_A_STEP, max(1, keep_free_bytes // 2 // window_bytes))
        self._closed = False
        part = open_part(self.path, keep_free_bytes)
        try:
            # Readers need no file lock to look into a file that is still being written.
            self._file = h5py.File(part, "w", locking=False)
            self._file.attrs["sensor"] = (sensor.width, sensor.height)
            self._file.attrs["source"] = source
            self._file.attrs["task"] = task
            self._file.attrs["weights"] = weights
            shape = (2, sensor.height, sensor.width)
            self._file.create_dataset(
                "displacement",
                (0, *shape),
                np.float16,
                maxshape=(None, *shape),
                chunks=(1, *shape),
                shuffle=True,
                compression="gzip",
                compression_opts=1,
            )
            for name in ("start_us", "end_us"):
                self._file.create_dataset(name, (0,), np.int64, maxshape=(None,), chunks=(1024,))
        except (OSError, RuntimeError) as error:
            raise StorageError(f"cannot save to {self.path}: {error}") from error

    def write(self, flow: Flow) -> None:
        """Append the flow of the next window.

        Raises:
            ShapeError: flow of another sensor.
            StorageError: the disk is full or gone; what was saved so far can still be closed.
        """
        if flow.sensor != self._sensor:
            raise ShapeError(f"{self.path} holds flow of {self._sensor}, not of {flow.sensor}")
        if self.windows % self._look_every == 0:
            check_space(self.path, self._keep_free_bytes)
        try:
            self._append(flow)
            if self.windows % _ROWS_A_STEP == 0:
                self._file.flush()
        except (OSError, RuntimeError) as error:
            raise self._failed(error) from error

    def close(self) -> str:
        """Finish the file and give it its name; gives one line about it. Twice is harmless.

        Raises: StorageError: it cannot be finished; nothing of it stays.
        """
        if not self._closed:
            self._closed = True
            try:
                self._resize(self.windows)
                self._file.close()
            except (OSError, RuntimeError) as error:
                # HDF5 cannot read a file whose end is missing.
                part_path(self.path).unlink(missing_ok=True)
                raise StorageError(f"{self._failed(error)}; nothing of it could be kept") from error
            if self.windows:
                finish_part(self.path)
            else:
                part_path(self.path).unlink(missing_ok=True)
        if not self.windows:
            return f"{self.path}: no window came, nothing written"
        return f"{self.path}: flow of {self.windows} windows"

    def _append(self, flow: Flow) -> None:
        row = self.windows
        if row % _ROWS_A_STEP == 0:
            self._resize(row + _ROWS_A_STEP)
        displacement = flow.displacement.astype(np.float16)
        if flow.valid is not None:
            displacement[:, ~flow.valid] = np.nan
        # A finished chunk: zlib lets the other threads run meanwhile, HDF5's own filters do not.
        shuffled = displacement.view(np.uint8).reshape(-1, 2).T.tobytes()
        self._file["displacement"].id.write_direct_chunk((row, 0, 0, 0), zlib.compress(shuffled, 1))
        self._file["start_us"][row] = flow.start_us
        self._file["end_us"][row] = flow.end_us
        self.windows += 1

    def _resize(self, rows: int) -> None:
        for name in self._file:
            self._file[name].resize(rows, axis=0)

    def _failed(self, error: Exception) -> StorageError:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return StorageError(f"stopped saving {self.path}: {reason}")
