"""Put source, network, screen and files together, run the loop, and finish everything in order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from eventsnn.cameras import open_live
from eventsnn.cameras.replay import CAMERA as REPLAY
from eventsnn.cameras.replay.camera import Replay
from eventsnn.errors import EventsnnError, FormatError
from eventsnn.events import Sensor
from eventsnn.formats import open_events
from eventsnn.streams import Camera
from eventsnn.tasks import Predictor
from eventsnn.views.window import PictureWindow, has_display

from .capture import Capture, first_frame
from .live import LIVE_PICTURES_PER_S, OFFLINE_PICTURES_PER_S, Stage, Stop, run_live, run_offline
from .outputs import Outputs

UNSEEN_SECONDS = 20.0
"""How long a camera plays where nobody can see it and nobody said how long."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a user wants to see.

    Args:
        task: name of what to compute.
        predictor: (sensor, weights) -> Predictor, as a `Task` has it.
        length_us: window length, µs.
        camera: name of the live source; not used with a file.
        require_camera: never fall back to a simulated one.
        file: an event file instead of a camera.
        sensor: the file's pixel array, where it does not give it.
        seconds: how long; None for the rule of the command's help.
        save: files to save to.
        weights: the network's weights; None for the shipped ones.
        show: whether a window is wanted.
    """

    task: str
    predictor: Callable[[Sensor, str | None], Predictor]
    length_us: int
    camera: str
    require_camera: bool
    file: str | None
    sensor: Sensor | None
    seconds: float | None
    save: list[str]
    weights: str | None
    show: bool


@dataclass(frozen=True)
class Outcome:
    """How a demonstration went.

    Args:
        summary: every figure, with plain keys.
        saved: one line for each file that was saved.
        failed: how many files could not be saved whole.
        error: what ended the stream early, if anything did.
    """

    summary: dict[str, Any]
    saved: list[str]
    failed: int
    error: EventsnnError | None


def play(wish: Wish, say: Callable[[str], None]) -> Outcome:
    """Run a demonstration from the opening of its source to the closing of its files.

    Args:
        wish: what to show.
        say: gets lines for the user that cannot wait for the summary.
    Raises: EventsnnError: it could not begin; no file is left behind.
    """
    show = wish.show and has_display()
    save, seconds = list(wish.save), wish.seconds
    if not show:
        if not save:
            save = [f"{wish.task}_{time.strftime('%Y%m%d_%H%M%S')}.mp4"]
        if seconds is None and wish.file is None:
            seconds = UNSEEN_SECONDS
    limit_s = math.inf if seconds is None else seconds
    # `--camera file:PATH` plays a file, too, but always in real time.
    file = wish.file if wish.file is not None else REPLAY.argument(wish.camera) or None
    # A file that nobody watches need not be slower than the computer.
    offline = wish.file is not None and not show

    with ExitStack() as stack:
        stop = Stop()
        stack.enter_context(stop.on_signals())
        recording = open_events(file, wish.sensor) if file is not None else None
        camera: Camera | None = None
        if recording is not None:
            stack.callback(recording.close)
            camera = None if offline else Replay(recording)
        else:
            camera = open_live(wish.camera, wish.require_camera, say)
            stack.enter_context(camera)
        source = recording or camera
        assert source is not None
        if not show:
            why = "no display" if wish.show else "no window"
            until = "" if seconds is None else f", {seconds:g} s of it (--seconds changes that)"
            say(f"{why}: saving {source.name} to {' and '.join(save)}{until}")
        outputs = Outputs(
            save,
            source.sensor,
            source.name,
            wish.task,
            wish.weights or "shipped",
            OFFLINE_PICTURES_PER_S if offline else LIVE_PICTURES_PER_S,
            offline,
            say,
        )
        stack.callback(outputs.close)
        capture = None
        if camera is not None:
            beginning = None if recording is None else first_frame(recording)
            capture = Capture(camera, wish.length_us, recording is not None, beginning)
            stack.callback(capture.stop)
            if recording is None:
                # What a live source sends while the network is being loaded must not pile up.
                capture.start()
        predictor = wish.predictor(source.sensor, wish.weights)
        screen = PictureWindow(f"eventsnn {wish.task}") if show else None
        if screen is not None:
            stack.callback(screen.close)
        simulated = camera is not None and camera.simulated
        stage = Stage(predictor, source.name, simulated, outputs, screen, live=not offline)
        stage.warm_up(source.sensor, wish.length_us)
        error: EventsnnError | None = None
        try:
            if capture is not None:
                if recording is not None:
                    capture.start()
                run_live(capture, stage, outputs, screen, limit_s, stop, say)
            else:
                assert recording is not None
                run_offline(recording, wish.length_us, stage, outputs, limit_s, stop)
            if recording is not None and stop.reason == "end of stream" and not stage.figures.windows:
                error = FormatError(f"{file} holds no events")
        except EventsnnError as stopped:
            if not stage.figures.windows:
                raise
            # Everything before it is worth keeping: the files are finished first, then it is told.
            error = stopped
        status = camera.status if camera is not None else None
        stage.end_status()
        for what, count in recording.remarks.items() if recording is not None else ():
            say(f"note on {source.name}: {count:,} {what}")
        summary = {
            "task": wish.task,
            "source": source.name,
            "simulated": simulated,
            "sensor": [source.sensor.width, source.sensor.height],
            "window_ms": wish.length_us / 1000,
            "mode": "as fast as it goes" if offline else "real time",
            "ended_by": stop.reason or "error",
            **stage.figures.summary(),
            "reconnects": status.reconnects if status else None,
            "lost_packets": status.lost_packets if status else None,
        }
        saved = outputs.close()
        return Outcome(summary, saved, outputs.failed, error)


def words(summary: dict[str, Any]) -> str:
    """A summary in sentences.

    Args:
        summary: `Outcome.summary`.
    """
    width, height = summary["sensor"]
    lines = [
        f"{summary['source']} {width}x{height}: {summary['windows']} windows in {summary['seconds']:.1f} s "
        f"({summary['windows_per_s']:.1f} windows/s), {summary['pictures']} pictures, "
        f"{summary['events']} events ({summary['events_per_s']} events/s); ended by: {summary['ended_by']}"
    ]
    if summary["dropped_windows"] is not None:
        latency = summary["latency_ms"]
        spread = ", ".join(f"{name} {value} ms" for name, value in latency.items()) if latency else "-"
        lines.append(
            f"latency from last event to picture: {spread}; dropped windows: {summary['dropped_windows']}; "
            f"reconnects: {summary['reconnects']}; lost packets: {summary['lost_packets']}"
        )
    firing, peak = summary["firing_rate"], summary["memory_peak_mb"]
    lines.append(
        f"firing rate: {'-' if firing is None else f'{100 * firing:.1f} %'}; "
        f"peak memory: {'-' if peak is None else f'{peak:.0f} MB'}"
    )
    return "\n".join(lines)
