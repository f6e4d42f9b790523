"""The process behind the simulated camera: renders in real time, serves events and frames.

Run as `python -m eventsnn.cameras.simulated.process`. It writes one line to its standard output, the
two ports as a JSON list (events, frames), and lives as long as its standard input stays open: when the
program that started it goes, for whatever reason, so does it.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import cv2
import numpy as np

from eventsnn.cameras.network.camera import SIMULATED
from eventsnn.cameras.network.server import StreamServer
from eventsnn.cameras.simulated.scene import Painter, endless_scene, to_8_bit
from eventsnn.events import Events, Sensor
from eventsnn.formats.dv_packets import Stream
from eventsnn.results import Frame
from eventsnn.simulation.sensor import EventSensor, SensorConfig

SENSOR = Sensor(346, 260)
SEED = 6
RENDER_US = 8_000
FRAME_US = 40_000
MEAN_GREY = 90
PIXELS = SensorConfig(on_threshold=0.3, off_threshold=0.3, shot_noise_hz=0.1)


def main() -> None:
    """Serve until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    source = f"{SIMULATED}davis346"
    painter = Painter(endless_scene(SEED, SENSOR))
    picture = painter.paint(0)
    gain = MEAN_GREY / float(np.exp(picture).mean())
    pixels = EventSensor(picture, 0, PIXELS, np.random.default_rng(SEED))
    # The first call compiles where no cached kernel is found: that shall not fall into real time.
    pixels.advance(painter.paint(1), 1)
    events = StreamServer(Stream(0, "events", "EVTS", SENSOR, source))
    frames = StreamServer(Stream(0, "frames", "FRME", SENSOR, source))
    print(json.dumps([events.port, frames.port]), flush=True)
    _play(painter, pixels, gain, events, frames)


def _play(
    painter: Painter, pixels: EventSensor, gain: float, events: StreamServer, frames: StreamServer
) -> None:
    """Render as often as planned, or as often as this computer can: time is always the real one."""
    # Timestamps count from 1970, as those of dv-processing's cameras do.
    epoch_us = time.time_ns() // 1000
    start_ns = time.monotonic_ns()
    next_render_us = next_frame_us = RENDER_US
    while True:
        now_us = (time.monotonic_ns() - start_ns) // 1000
        if now_us < next_render_us:
            time.sleep((next_render_us - now_us) * 1e-6)
            continue
        picture = painter.paint(now_us)
        made = pixels.advance(picture, now_us)
        if len(made):
            events.send(Events(made.t + epoch_us, made.x, made.y, made.p, made.sensor))
        if now_us >= next_frame_us:
            frames.send(Frame(to_8_bit(picture, gain), epoch_us + now_us))
            next_frame_us = _next_tick(next_frame_us, FRAME_US, now_us)
        next_render_us = _next_tick(next_render_us, RENDER_US, now_us)


def _next_tick(planned_us: int, period_us: int, now_us: int) -> int:
    """The next instant of a regular beat after now; beats that were missed are left out."""
    return planned_us + period_us * ((now_us - planned_us) // period_us + 1)


def _die_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
