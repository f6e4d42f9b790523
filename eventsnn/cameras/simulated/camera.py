"""Start the simulating process and read it with the ordinary network client."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading

from eventsnn.cameras.network.camera import NetworkCamera
from eventsnn.errors import CameraError
from eventsnn.streams import Packet

START_S = 90.0
"""Longest wait for the process: on a fresh installation it compiles its kernels first."""

END_S = 2.0


class SimulatedCamera(NetworkCamera):
    """A simulated DAVIS346 in a process of its own, which ends with this object or this program.

    Raises:
        CameraError: the process does not start.
    """

    def __init__(self) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed in _stop)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eventsnn.cameras.simulated.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            # Ctrl-C in a terminal reaches a whole session; this process ends by its standard input.
            start_new_session=True,
        )
        try:
            super().__init__([("127.0.0.1", port) for port in self._ports()])
        except BaseException:
            self._stop()
            raise

    def read(self, timeout_s: float) -> Packet | None:
        """The next packet, or None when none came in time.

        Raises:
            CameraError: the process has died, or the camera is closed.
        """
        packet = super().read(timeout_s)
        if packet is None and self._process.poll() is not None:
            raise CameraError(f"the simulated camera has stopped ({self._last_words()}); open it anew")
        return packet

    def close(self) -> None:
        """End the connections and the process; calling it twice is harmless."""
        super().close()
        self._stop()

    def _ports(self) -> list[int]:
        assert self._process.stdout is not None
        # A pipe cannot be read with a timeout everywhere, but a process can be ended after one.
        watchdog = threading.Timer(START_S, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
            watchdog.join()
        if not line:
            self._process.wait()
            raise CameraError(f"the simulated camera does not start: {self._last_words()}")
        ports: list[int] = json.loads(line)
        return ports

    def _last_words(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"

    def _stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._complaints.close()
