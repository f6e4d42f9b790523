"""Cut a stream of events into windows, in bounded memory: by time, by count, or between edges."""

from eventsnn.windows.count_windows import CountWindows
from eventsnn.windows.edge_windows import EdgeWindows
from eventsnn.windows.stream import windows, windows_between_frames, windows_between_triggers
from eventsnn.windows.time_windows import TimeWindows
from eventsnn.windows.window import Window

__all__ = [
    "CountWindows",
    "EdgeWindows",
    "TimeWindows",
    "Window",
    "windows",
    "windows_between_frames",
    "windows_between_triggers",
]
