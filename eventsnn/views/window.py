"""A window on the screen, where there is one."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2

from eventsnn.views.draw import Picture

_QUIT_KEYS = {ord("q"), ord("Q"), 27}
# OpenCV's Qt brings no fonts and says so several times; pictures carry their own text.
os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
_PROBE = "import cv2; cv2.namedWindow('eventsnn'); cv2.pollKey(); cv2.destroyAllWindows()"


def has_display() -> bool:
    """Whether a window can be shown here.

    A display that is named but cannot be reached ends the whole process inside OpenCV's window
    library, so a process of its own tries it first.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0


class PictureWindow:
    """A window that shows the newest picture; used from the main thread.

    Args:
        title: what stands at its top.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = False
        self._size = (0, 0)
        self.closed = False

    def show(self, picture: Picture) -> None:
        """Replace what the window shows.

        Args:
            picture: (H, W, 3) uint8 RGB.
        """
        if self.closed:
            return
        size = (picture.shape[1], picture.shape[0])
        if not self._shown:
            cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        if size != self._size:
            cv2.resizeWindow(self._title, size[0] * 2 // 3, size[1] * 2 // 3)
            self._size = size
        cv2.imshow(self._title, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        self._shown = True
        self.poll()

    def poll(self) -> bool:
        """Let the window live; gives whether the user has closed it (q, Esc or the window's own button)."""
        if self._shown and not self.closed:
            key = cv2.pollKey()
            gone = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
            self.closed = gone or (key != -1 and key & 0xFF in _QUIT_KEYS)
        return self.closed

    def close(self) -> None:
        """Take the window off the screen; twice is harmless."""
        if self._shown:
            cv2.destroyAllWindows()
            self._shown = False
        self.closed = True
