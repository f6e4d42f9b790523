import time
from collections import deque

import numpy as np
import pytest

from eventsnn.demos.capture import Capture, frame_at
from eventsnn.errors import CameraNotFound
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import CameraStatus, EndOfStream, Packet

SENSOR = Sensor(4, 4)


class Scripted:
    """A camera that gives a list of packets as fast as they are read, then ends or breaks."""

    name, sensor, simulated = "scripted", SENSOR, False
    status = CameraStatus(connected=True)

    def __init__(self, packets: list[Packet], end: Exception, pause_s: float = 0.0) -> None:
        self.packets, self.end, self.pause_s = deque(packets), end, pause_s

    def read(self, timeout_s: float) -> Packet | None:
        time.sleep(self.pause_s)
        if not self.packets:
            raise self.end
        return self.packets.popleft()

    def close(self) -> None:
        pass


def stretch(start_us: int, end_us: int, step_us: int = 1000) -> Events:
    t = np.arange(start_us, end_us, step_us)
    return Events.checked(t, t * 0, t * 0, t * 0, SENSOR)


def begun(camera: Scripted, length_us: int) -> Capture:
    capture = Capture(camera, length_us)  # type: ignore[arg-type]
    assert capture.take(0) is None
    capture.start()
    return capture


def test_every_window_arrives_when_somebody_takes_them() -> None:
    packets: list[Packet] = [stretch(t, t + 10_000) for t in range(0, 100_000, 10_000)]
    capture = begun(Scripted(packets, EndOfStream("over"), pause_s=0.01), 20_000)
    windows = []
    while not capture.ended:
        arrived = capture.take(1.0)
        if arrived is not None:
            windows.append((arrived.window.start_us, len(arrived.window.events), arrived.window.partial))
    assert windows == [(t, 20, t == 80_000) for t in range(0, 100_000, 20_000)]
    assert capture.dropped == 0
    assert capture.events == 100
    capture.stop()


def test_windows_that_nobody_takes_are_dropped_whole_and_counted() -> None:
    packets: list[Packet] = [stretch(t, t + 20_000) for t in range(0, 1_000_000, 20_000)]
    capture = begun(Scripted(packets, EndOfStream("over")), 20_000)
    time.sleep(0.2)
    arrived = capture.take(1.0)
    assert arrived is not None
    # 50 windows came; the newest waits, alone
    assert arrived.window.start_us == 980_000
    assert capture.take(0) is None
    assert capture.ended
    assert capture.dropped == 49
    assert capture.events == 1000


def test_short_windows_may_wait_together_for_20_ms() -> None:
    packets: list[Packet] = [stretch(0, 100_000)]
    capture = begun(Scripted(packets, EndOfStream("over")), 5_000)
    time.sleep(0.2)
    starts = []
    while (arrived := capture.take(0)) is not None:
        starts.append(arrived.window.start_us)
    assert starts == [80_000, 85_000, 90_000, 95_000]
    assert capture.dropped == 16


def test_what_comes_before_anybody_takes_is_not_counted() -> None:
    capture = Capture(Scripted([stretch(0, 500_000)], EndOfStream("over")), 20_000)  # type: ignore[arg-type]
    capture.start()
    time.sleep(0.1)
    assert capture.take(0) is None
    assert (capture.dropped, capture.events, capture.ended) == (0, 0, True)


def test_arrival_is_that_of_the_last_event_not_of_the_packet_that_completes_the_window() -> None:
    packets: list[Packet] = [stretch(0, 20_000), stretch(20_000, 21_000)]
    capture = begun(Scripted(packets, EndOfStream("over"), pause_s=0.1), 20_000)
    begin = time.perf_counter()
    arrived = capture.take(1.0)
    assert arrived is not None
    waited = time.perf_counter() - begin
    assert waited > 0.15
    assert 0.05 < time.perf_counter() - arrived.arrived_s < waited - 0.05
    capture.stop()


def test_a_lost_camera_is_told_after_the_last_whole_window() -> None:
    capture = begun(Scripted([stretch(0, 21_000)], CameraNotFound("unplugged")), 20_000)
    time.sleep(0.1)
    arrived = capture.take(1.0)
    assert arrived is not None
    assert len(arrived.window.events) == 20
    with pytest.raises(CameraNotFound, match="unplugged"):
        capture.take(1.0)


def test_a_defect_in_the_thread_reaches_the_main_thread() -> None:
    capture = begun(Scripted([], ZeroDivisionError()), 20_000)
    time.sleep(0.05)
    with pytest.raises(ZeroDivisionError):
        capture.take(1.0)


def test_frames_are_matched_by_time() -> None:
    frames = deque(Frame(np.zeros((4, 4), np.uint8), t) for t in (10, 20, 30))
    assert [getattr(frame_at(frames, t), "t", None) for t in (25, 30, 99)] == [20, 30, 30]
    # A clock that was set back: better the newest picture than none.
    assert getattr(frame_at(frames, 5), "t", None) == 30
    assert frame_at(deque(), 5) is None


def test_a_frame_is_waited_for_and_goes_with_its_window() -> None:
    frame = Frame(np.zeros((4, 4), np.uint8), 5_000)
    capture = begun(Scripted([frame, stretch(0, 40_000)], EndOfStream("over"), pause_s=0.05), 20_000)
    assert capture.wait_for_frame(1.0)
    arrived = capture.take(1.0)
    assert arrived is not None
    assert arrived.frame is frame
    capture.stop()
