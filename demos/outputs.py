"""The files that a demonstration saves: any number of videos and flow files at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventsnn.errors import StorageError
from eventsnn.events import Sensor
from eventsnn.results import Flow
from eventsnn.views.background import Background
from eventsnn.views.draw import Picture
from eventsnn.views.flow_file import FlowFile
from eventsnn.views.video import Still, VideoWriter

from .saving import VIDEO_SUFFIXES


class Outputs:
    """Open files, each written by a thread of its own; one that fails does not stop the others.

    Args:
        paths: where to save; the ending decides what (`check_names`).
        sensor, source, task, weights: as for `FlowFile`.
        fps: pictures per second that are expected.
        wait: whether to save everything (True) or to drop what the disk is too slow for (False).
        say: gets one line when a file fails, at once.
    Raises: StorageError: a file cannot be made; those already made are taken back.
    """

    def __init__(
        self,
        paths: list[str],
        sensor: Sensor,
        source: str,
        task: str,
        weights: str,
        fps: float,
        wait: bool,
        say: Callable[[str], None],
    ) -> None:
        self._say = say
        self._told: list[Background[Any]] = []
        self._videos: list[Background[Still]] = []
        self._flows: list[Background[Flow]] = []
        try:
            for path in paths:
                if Path(path).suffix.lower() in VIDEO_SUFFIXES:
                    self._videos.append(Background(VideoWriter(path, fps), wait))
                else:
                    self._flows.append(Background(FlowFile(path, sensor, source, task, weights), wait))
        except StorageError:
            self.close()
            raise

    @property
    def all_failed(self) -> bool:
        """Whether there were files and none of them takes anything any more."""
        return bool(self._all) and all(output.error is not None for output in self._all)

    @property
    def failed(self) -> int:
        """How many files could not be saved whole."""
        return len(self._told)

    def write_flow(self, flow: Flow) -> None:
        """Save the flow of one window where somebody wants it."""
        for output in self._flows:
            output.write(flow)
        self._complain()

    def write_picture(self, picture: Picture, time_us: int) -> None:
        """Save one picture where somebody wants it.

        Args:
            picture: (H, W, 3) uint8 RGB, not changed by anybody afterwards.
            time_us: when it is shown, µs on any one clock.
        """
        for output in self._videos:
            output.write(Still(picture, time_us))
        self._complain()

    def close(self) -> list[str]:
        """Finish every file; gives one line about each that was saved.

        Raises: the first defect of a writer, once every file is finished.
        """
        lines = []
        defects: list[Exception] = []
        for output in self._all:
            try:
                line = output.close()
            except Exception as defect:
                defects.append(defect)
                continue
            if line is not None:
                dropped = (
                    f", {output.dropped} left out because the computer was too slow" if output.dropped else ""
                )
                lines.append(line + dropped)
        self._complain()
        self._videos, self._flows = [], []
        if defects:
            raise defects[0]
        return lines

    @property
    def _all(self) -> list[Background[Any]]:
        return [*self._videos, *self._flows]

    def _complain(self) -> None:
        for output in self._all:
            if output.error is not None and output not in self._told:
                self._told.append(output)
                self._say(str(output.error))
