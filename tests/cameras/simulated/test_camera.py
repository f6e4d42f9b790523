from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil
import pytest

from eventsnn.cameras import open_camera
from eventsnn.cameras.simulated.camera import SimulatedCamera
from eventsnn.errors import CameraError
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import Camera

Fixture = Any


def simulations() -> set[int]:
    """Processes of simulated cameras that this test process has started."""
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if "eventsnn.cameras.simulated.process" in child.cmdline()
    }


def read_for(camera: Camera, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        camera.read(0.01)


def test_events_and_frames_in_real_time_and_nothing_left_after_closing() -> None:
    with open_camera("sim") as camera:
        assert (camera.name, camera.sensor, camera.simulated) == (
            "SIMULATED davis346",
            Sensor(346, 260),
            True,
        )
        assert len(simulations()) == 1
        start_us, events, frames, ages_us = time.time_ns() // 1000, [], [], []
        while time.time_ns() // 1000 - start_us < 1_500_000:
            packet = camera.read(0.1)
            if isinstance(packet, Events):
                events.append(packet)
                ages_us.append(time.time_ns() // 1000 - int(packet.t[-1]))
            elif isinstance(packet, Frame):
                frames.append(packet)
        assert camera.status.connected
        assert camera.status.lost_packets == 0
    whole = Events.concat(events)  # raises where packets are out of order
    assert 1_000_000 < whole.t[-1] - whole.t[0] < 2_000_000
    assert 100_000 < len(whole) / 1.5 < 3_000_000
    assert 0.3 < whole.p.mean() < 0.7
    assert np.median(ages_us) < 50_000, "times are those of the clock on the wall"
    assert 20 <= len(frames) <= 45
    assert all(frame.image.shape == (260, 346) and frame.image.dtype == np.uint8 for frame in frames)
    assert frames[0].image.std() > 10
    assert np.any(frames[0].image != frames[-1].image)
    assert simulations() == set()


def test_a_killed_parent_takes_the_process_with_it(until: Fixture) -> None:
    code = (
        "from eventsnn.cameras.simulated.camera import SimulatedCamera; import sys\n"
        "camera = SimulatedCamera(); print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        (pid,) = simulations()
        parent.send_signal(signal.SIGKILL)
        until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_process_that_dies_is_told_in_one_line(until: Fixture) -> None:
    with SimulatedCamera() as camera:
        (pid,) = simulations()
        os.kill(pid, signal.SIGKILL)
        until(lambda: not camera.status.connected)
        with pytest.raises(CameraError, match="the simulated camera has stopped") as caught:
            read_for(camera, 10)
        assert "\n" not in str(caught.value)


def test_a_process_that_does_not_start_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CameraError, match="does not start: exit code 1"):
        SimulatedCamera()
