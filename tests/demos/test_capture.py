import time
from collections import deque
from collections.abc import Iterator

import numpy as np
import pytest

from eventsnn.demos.capture import Capture, first_frame, frame_at
from eventsnn.errors import CameraNotFound, FormatError
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
    # 50 windows came; the last that a packet completed waits, and the rest that the end has flushed
    assert arrived.window.start_us == 960_000
    arrived = capture.take(0)
    assert arrived is not None
    assert arrived.window.start_us == 980_000
    assert capture.take(0) is None
    assert capture.ended
    assert capture.dropped == 48
    assert capture.events == 1000


def test_short_windows_may_wait_together_for_20_ms() -> None:
    packets: list[Packet] = [stretch(t, t + 5_000) for t in range(0, 100_000, 5_000)]
    capture = begun(Scripted(packets, EndOfStream("over")), 5_000)
    time.sleep(0.2)
    starts = []
    while (arrived := capture.take(0)) is not None:
        starts.append(arrived.window.start_us)
    # Four wait when the stream ends, which flushes a fifth.
    assert starts == [75_000, 80_000, 85_000, 90_000, 95_000]
    assert capture.dropped == 15


def test_windows_of_one_packet_wait_together_until_the_next_packet() -> None:
    packets: list[Packet] = [stretch(0, 100_001), stretch(100_001, 120_002)]
    capture = begun(Scripted(packets, EndOfStream("over"), pause_s=0.2), 20_000)
    taken = [capture.take(1.0), capture.take(0), capture.take(0)]
    assert [arrived.window.start_us for arrived in taken if arrived is not None] == [0, 20_000, 40_000]
    assert capture.dropped == 0
    time.sleep(0.3)
    # The next packet has pushed out the two that were still waiting.
    arrived = capture.take(0)
    assert arrived is not None
    assert arrived.window.start_us == 100_000
    assert capture.dropped == 2
    capture.stop()


def test_windows_without_events_are_not_counted_as_dropped() -> None:
    # Windows at 0 and 200 ms hold events, the nine between them none.
    packets: list[Packet] = [stretch(0, 20_000), stretch(200_000, 220_000), stretch(220_000, 240_000)]
    capture = begun(Scripted(packets, EndOfStream("over")), 20_000)
    time.sleep(0.1)
    arrived = capture.take(0)
    assert arrived is not None
    assert arrived.window.start_us == 200_000
    assert capture.dropped == 1
    capture.stop()


def test_a_recording_counts_from_its_first_event_on() -> None:
    packets: list[Packet] = [stretch(t, t + 10_000) for t in range(0, 30_000, 10_000)]
    frame = Frame(np.zeros((4, 4), np.uint8), 90_000)
    scripted = Scripted(packets, EndOfStream("over"))
    capture = Capture(scripted, 20_000, whole=True, first_frame=frame)  # type: ignore[arg-type]
    capture.start()
    time.sleep(0.1)
    arrived = capture.take(0)
    assert arrived is not None
    assert (arrived.window.start_us, arrived.frame) == (0, frame)
    assert (capture.events, capture.dropped) == (30, 0)
    capture.stop()


class Memory:
    """A recording that gives a list of packets, then ends or breaks."""

    name, sensor = "memory", SENSOR

    def __init__(self, packets: list[Packet], end: Exception | None = None) -> None:
        self.packets_read = 0
        self._packets, self._end = packets, end

    def packets(self) -> Iterator[Packet]:
        for packet in self._packets:
            self.packets_read += 1
            yield packet
        if self._end is not None:
            raise self._end


def test_the_first_frame_is_looked_for_in_half_a_second_of_events() -> None:
    events: list[Packet] = [stretch(t, t + 100_000) for t in range(0, 2_000_000, 100_000)]
    frame = Frame(np.zeros((4, 4), np.uint8), 300_000)
    assert first_frame(Memory([*events[:3], frame, *events[3:]])) is frame  # type: ignore[arg-type]
    without = Memory([*events, frame])
    assert first_frame(without) is None  # type: ignore[arg-type]
    assert without.packets_read == 6
    assert first_frame(Memory(events[:1], FormatError("damaged"))) is None  # type: ignore[arg-type]


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
