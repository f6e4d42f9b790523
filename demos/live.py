"""The loop: windows of events through the network into pictures and files, live or as fast as it goes."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from eventsnn.errors import EventsnnError
from eventsnn.events import Events, Sensor
from eventsnn.results import Flow, Frame
from eventsnn.streams import Recording
from eventsnn.tasks import Predictor
from eventsnn.views.draw import Picture
from eventsnn.views.panel import Caption, SpeedScale, panel
from eventsnn.views.window import PictureWindow
from eventsnn.windows import TimeWindows, Window

from .capture import FRAME_PATIENCE_US, Capture, frame_at
from .figures import Figures
from .outputs import Outputs

LIVE_PICTURES_PER_S = 25
OFFLINE_PICTURES_PER_S = 60
RESET_AFTER_US = 1_000_000
"""A longer gap between two windows starts the network's state anew."""

_STATUS_EVERY_S = 1.0


class Stop:
    """Why the loop shall end; empty while it shall go on."""

    def __init__(self) -> None:
        self.reason = ""

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the loop after the present window; a second Ctrl-C ends the program."""

        def ask(number: int, _frame: FrameType | None) -> None:
            if self.reason and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.reason = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Stage:
    """One window after the other: network, figures, picture, screen and files.

    Args:
        predictor: the network; its state is carried from window to window.
        source: the camera or file, for the heading.
        simulated: whether the picture must say so.
        outputs: files to save to.
        screen: the window on the screen; None where there is none.
        live: whether the stream comes in real time.
    """

    def __init__(
        self,
        predictor: Predictor,
        source: str,
        simulated: bool,
        outputs: Outputs,
        screen: PictureWindow | None,
        live: bool,
    ) -> None:
        self.figures = Figures(live)
        self._predictor = predictor
        self._source = source.removeprefix("SIMULATED ") if simulated else source
        self._simulated = simulated
        self._outputs = outputs
        self._screen = screen
        self._state: Any = None
        self._end_us: int | None = None
        self._next_picture = -1.0
        self._with_frame: bool | None = None
        self._scale = SpeedScale()
        self._last: tuple[Events, Frame | None, Flow] | None = None
        self._status_s = 0.0
        self._terminal = screen is None and sys.stderr.isatty()

    def warm_up(self, sensor: Sensor, length_us: int) -> None:
        """Go through everything once with an empty window: the first step compiles and allocates.

        Args:
            sensor: the pixel array.
            length_us: length of the windows to come, µs.
        """
        nothing = Events.empty(sensor)
        flow, _ = self._predictor.step(Window(nothing, 0, length_us), None)
        self._last = (nothing, None, flow)
        self._draw("waiting for events")

    def step(
        self,
        window: Window,
        frame: Frame | None,
        arrived_s: float | None,
        events: int,
        dropped: int,
        notice: str,
    ) -> None:
        """Take the next window, and draw it when the next picture is due.

        Args:
            window: follows the one before, unless windows were dropped between.
            frame: the frame to show with it.
            arrived_s: when its last event came (`time.perf_counter`); None for a file read at once.
            events: events of the stream so far.
            dropped: windows dropped so far.
            notice: words for the picture's heading, or nothing.
        """
        if self._end_us is None or not 0 <= window.start_us - self._end_us <= RESET_AFTER_US:
            self._state = None
        self._end_us = window.end_us
        flow, self._state = self._predictor.step(window, self._state)
        length_us = window.end_us - window.start_us
        self.figures.window(length_us, events, dropped, self._predictor.firing_rate)
        self._outputs.write_flow(flow)
        live = self.figures.live
        now = time.perf_counter() if live else self.figures.stream_us / 1e6
        if now >= self._next_picture:
            # A tenth earlier than due is due: windows and pictures keep different rhythms.
            self._next_picture = now + 0.9 / (LIVE_PICTURES_PER_S if live else OFFLINE_PICTURES_PER_S)
            if self._with_frame is None:
                self._with_frame = frame is not None
            self._scale.follow(flow, window.events)
            self._last = (window.events, frame if self._with_frame else None, flow)
            picture = self._draw(notice)
            shown_us = int(now * 1e6)
            self._outputs.write_picture(picture, shown_us)
            self.figures.picture(None if arrived_s is None else time.perf_counter() - arrived_s)
        self._status()

    def idle(self, notice: str) -> None:
        """Nothing came: keep the window on the screen alive, and say why where that is known."""
        if self._screen is not None:
            if notice and self._last is not None:
                self._draw(notice)
            self._screen.poll()

    def end_status(self) -> None:
        """Leave the line of the terminal status, so that what follows starts on its own."""
        if self._status_s:
            print(file=sys.stderr)

    def _draw(self, notice: str) -> Picture:
        assert self._last is not None
        events, frame, flow = self._last
        caption = Caption(self._source, self._simulated, self.figures.shown(), notice)
        picture = panel(events, frame, flow, self._scale.max_speed, caption)
        if self._screen is not None:
            self._screen.show(picture)
        return picture

    def _status(self) -> None:
        """Without a window, one line on the terminal that is written over every second."""
        now = time.perf_counter()
        if self._terminal and now - self._status_s >= _STATUS_EVERY_S:
            self._status_s = now
            words = ", ".join(f"{name} {value}" for name, value in self.figures.shown())
            print(f"\r{self.figures.seconds:.0f} s: {words}\033[K", end="", file=sys.stderr, flush=True)


def run_live(
    capture: Capture,
    stage: Stage,
    outputs: Outputs,
    screen: PictureWindow | None,
    seconds: float,
    stop: Stop,
    say: Callable[[str], None],
) -> None:
    """Play a camera until it ends, the user stops it or the time is over.

    Args:
        capture: started.
        stage: takes the windows.
        outputs: the files, to end when there is nobody left to play for.
        screen: the window, likewise.
        seconds: wall time; infinity for no limit.
        stop: gets the reason why the loop ended, or gives one.
        say: gets a line when the stream is lost and when it comes back.
    Raises: EventsnnError: the source is lost, or it does not suit the network.
    """
    if not capture.whole:
        capture.wait_for_frame(FRAME_PATIENCE_US / 1e6)
    stage.figures.start()
    end_s = time.perf_counter() + seconds
    said = ""
    while not stop.reason:
        arrived = capture.take(timeout_s=0.05)
        status = capture.camera.status
        lost = not (status.connected or capture.whole or capture.ended)
        notice = "stream lost, waiting for it to come back" if lost else ""
        if not notice and status.reconnects:
            notice = f"reconnected {status.reconnects} x"
        if notice != said:
            said = notice
            say(f"{capture.camera.name}: {notice}")
        if arrived is not None:
            stage.step(
                arrived.window, arrived.frame, arrived.arrived_s, capture.events, capture.dropped, notice
            )
        else:
            stage.idle(notice)
        if screen is not None and screen.closed:
            stop.reason = stop.reason or "window closed"
        elif time.perf_counter() >= end_s:
            stop.reason = stop.reason or "time over"
        elif capture.ended:
            stop.reason = stop.reason or "end of stream"
        elif screen is None and outputs.all_failed:
            stop.reason = stop.reason or "nothing left to save to"


def run_offline(
    recording: Recording, length_us: int, stage: Stage, outputs: Outputs, seconds: float, stop: Stop
) -> None:
    """Send every window of a recording through, as fast as it goes.

    Args:
        recording: read from its beginning.
        length_us: length of a window, µs.
        stage: takes the windows.
        outputs: the files, to end when none takes anything any more.
        seconds: how much of the recording; infinity for all.
        stop: gets the reason why the loop ended, or gives one.
    Raises: EventsnnError: the file is damaged (after its last whole window), or does not suit the network.
    """
    stage.figures.start()
    events = 0
    start_us: int | None = None
    for window, frame in _windows_and_frames(recording, length_us):
        start_us = window.start_us if start_us is None else start_us
        if window.end_us - start_us > seconds * 1e6:
            stop.reason = stop.reason or "time over"
        elif outputs.all_failed:
            stop.reason = stop.reason or "nothing left to save to"
        if stop.reason:
            return
        events += len(window.events)
        stage.step(window, frame, None, events, 0, "")
    stop.reason = stop.reason or "end of stream"


def _windows_and_frames(recording: Recording, length_us: int) -> Iterator[tuple[Window, Frame | None]]:
    """Windows with the frame of their time; the first waits a while for a first frame to show."""
    cutter = TimeWindows(length_us)
    frames: deque[Frame] = deque(maxlen=8)
    waiting: list[Window] = []
    patient = True
    packets = recording.packets()
    damage: EventsnnError | None = None
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except EventsnnError as error:
            # What waits is whole: it is given first.
            damage = error
            break
        if isinstance(packet, Frame):
            frames.append(packet)
        elif isinstance(packet, Events):
            waiting.extend(cutter.push(packet))
        if patient and not frames:
            patient = not waiting or waiting[-1].end_us - waiting[0].start_us < FRAME_PATIENCE_US
            continue
        for window in waiting:
            yield window, frame_at(frames, window.end_us)
        waiting.clear()
    for window in [*waiting, *cutter.flush()]:
        yield window, frame_at(frames, window.end_us)
    if damage is not None:
        raise damage
