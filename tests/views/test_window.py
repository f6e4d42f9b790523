import os
import shutil
import subprocess
import sys

import pytest

PROBE = """
from eventsnn.views.window import has_display
print(has_display())
"""

SHOW = """
import time
import numpy as np
from eventsnn.views.window import PictureWindow, has_display
assert has_display()
window = PictureWindow("eventsnn test")
assert not window.poll()
begin = time.perf_counter()
for i in range(20):
    window.show(np.full((200, 300, 3), i * 10, np.uint8))
assert not window.closed
window.close()
window.close()
window.show(np.zeros((200, 300, 3), np.uint8))
print("shown")
"""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are named so on Linux only")


def run(script: str, before: tuple[str, ...] = (), **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ended = subprocess.run(
        [*before, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=clean | environment,
    )
    return ended.stdout + ended.stderr


@linux
def test_without_a_display_there_is_none() -> None:
    assert run(PROBE) == "False\n"


@linux
def test_a_display_that_nobody_serves_is_none_and_kills_nobody() -> None:
    assert run(PROBE, DISPLAY=":7654") == "False\n"


@linux
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no xvfb-run to stand for a screen")
def test_pictures_are_shown_quietly_where_there_is_a_display() -> None:
    assert run(SHOW, ("xvfb-run", "-a")) == "shown\n"
