"""Read a camera in a thread of its own and keep only the newest windows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from eventsnn.errors import EventsnnError
from eventsnn.events import Events
from eventsnn.results import Frame
from eventsnn.streams import Camera, EndOfStream, Recording
from eventsnn.windows import TimeWindows, Window

WAITING_US = 20_000
"""Windows that wait for the network cover no more than this, or are those that one packet completed."""

FRAME_PATIENCE_US = 500_000
"""A stream without a frame for so long is taken to have none."""

_READ_S = 0.1
_FRAMES_KEPT = 8


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A window and what belongs to it.

    Args:
        window: the events.
        frame: the newest frame at the end of the window; None where none has come.
        arrived_s: when its last event reached this program, on the clock of `time.perf_counter`.
    """

    window: Window
    frame: Frame | None
    arrived_s: float


class Capture:
    """The newest windows of a camera; older ones that nobody took are dropped and counted.

    Args:
        camera: read by the thread alone from `start` to `stop`; its status by everybody.
        length_us: length of a window, µs.
        whole: True for a recording, whose windows count from the first on; False lets go, and counts
            nowhere, what comes before the first `take`.
        first_frame: goes with the windows that come before the camera's own first frame.
    """

    def __init__(
        self, camera: Camera, length_us: int, whole: bool = False, first_frame: Frame | None = None
    ) -> None:
        self.camera = camera
        self.whole = whole
        self.events = 0
        self.dropped = 0
        self._cutter = TimeWindows(length_us)
        self._waiting: deque[Arrived] = deque()
        self._room = max(1, WAITING_US // length_us)
        self._frames: deque[Frame] = deque([] if first_frame is None else [first_frame], _FRAMES_KEPT)
        self._frame_came = threading.Event()
        self._changed = threading.Condition()
        self._stopping = False
        self._taking = whole
        self._ended = False
        self._error: Exception | None = None
        self._packet_s = 0.0
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def wait_for_frame(self, timeout_s: float) -> bool:
        """Whether the camera has given a frame, waiting for the first one if need be."""
        return self._frame_came.wait(timeout_s)

    def take(self, timeout_s: float) -> Arrived | None:
        """The oldest window that still waits; None when none came in time or the stream has ended.

        Raises: EventsnnError: the camera is lost, or the file damaged; after the last whole window.
        """
        with self._changed:
            self._taking = True
            self._changed.wait_for(lambda: self._waiting or self._ended, timeout_s)
            if self._waiting:
                return self._waiting.popleft()
            if self._error is not None:
                raise self._error
            return None

    @property
    def ended(self) -> bool:
        """Whether the source is through and everything that waited has been taken."""
        with self._changed:
            return self._ended and not self._waiting

    def stop(self) -> None:
        """Read no more; the camera stays open."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping:
                packet = self.camera.read(_READ_S)
                if isinstance(packet, Events):
                    self._push(packet)
                elif isinstance(packet, Frame):
                    self._frames.append(packet)
                    self._frame_came.set()
        except EndOfStream:
            # Nothing comes after it that would need room.
            self._offer(((window, self._packet_s) for window in self._cutter.flush()), len(self._waiting))
        except Exception as error:
            # Raised by `take` in the main thread: a thread that dies alone leaves a frozen picture.
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _push(self, events: Events) -> None:
        now = time.perf_counter()
        if not len(events):
            return
        first_us = int(events.t[0])
        completed = []
        for window in self._cutter.push(events):
            # The packet that completes a window need not hold any of its events.
            inside = len(window.events) == 0 or window.events.t[-1] >= first_us
            completed.append((window, now if inside else self._packet_s))
        if completed:
            self._offer(completed, max(0, self._room - len(completed)))
        self._packet_s = now
        if self._taking:
            self.events += len(events)

    def _offer(self, completed: Iterable[tuple[Window, float]], older: int) -> None:
        """Let windows wait that came at once, each with its arrival, and no more than `older` older ones."""
        with self._changed:
            if not self._taking:
                return
            while len(self._waiting) > older:
                late = self._waiting.popleft()
                # A window without events would have shown nothing.
                self.dropped += len(late.window.events) > 0
            for window, arrived_s in completed:
                self._waiting.append(Arrived(window, frame_at(self._frames, window.end_us), arrived_s))
            self._changed.notify_all()


def frame_at(frames: deque[Frame], t_us: int) -> Frame | None:
    """The newest of some frames that is not later than `t_us`; else the newest; None of none."""
    for frame in reversed(frames):
        if frame.t <= t_us:
            return frame
    return frames[-1] if frames else None


def first_frame(recording: Recording) -> Frame | None:
    """The first frame of a recording; None where its first `FRAME_PATIENCE_US` of events have none."""
    start_us: int | None = None
    try:
        for packet in recording.packets():
            if isinstance(packet, Frame):
                return packet
            if isinstance(packet, Events) and len(packet):
                start_us = int(packet.t[0]) if start_us is None else start_us
                if packet.t[-1] - start_us >= FRAME_PATIENCE_US:
                    return None
    except EventsnnError:
        # Told when the windows before it have been played.
        return None
    return None
