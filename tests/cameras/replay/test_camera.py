from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from eventsnn.cameras import open_camera
from eventsnn.cameras.replay.camera import Replay
from eventsnn.errors import CameraError, ConfigError, FormatError
from eventsnn.events import Events, Sensor
from eventsnn.results import Frame
from eventsnn.streams import Camera, EndOfStream, Packet

Fixture = Any
RECORDING = Path(__file__).resolve().parents[4] / "shared/data/aestream__aestream/example/davis.aedat4"


class Memory:
    """A recording whose packets are at hand, each of which may take its time to be read."""

    def __init__(self, *packets: Packet, seconds_each: float = 0.0) -> None:
        self.name = "memory"
        self.sensor = Sensor(346, 260)
        self.closed = False
        self._content = packets
        self._seconds_each = seconds_each

    def packets(self) -> Iterator[Packet]:
        for packet in self._content:
            time.sleep(self._seconds_each)
            yield packet

    def events(self) -> Iterator[Events]:
        return (packet for packet in self.packets() if isinstance(packet, Events))

    def frames(self) -> Iterator[Frame]:
        return (packet for packet in self.packets() if isinstance(packet, Frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True


def spread(start_us: int, end_us: int, step_us: int = 100) -> Events:
    t = np.arange(start_us, end_us, step_us)
    return Events.checked(t, t * 0, t * 0, t > 0, Sensor(346, 260))


def play(camera: Camera) -> list[tuple[float, Packet]]:
    """Every packet with the second at which it came, counted from the first."""
    got: list[tuple[float, Packet]] = []
    try:
        while True:
            packet = camera.read(5)
            assert packet is not None
            got.append((time.monotonic(), packet))
    except EndOfStream:
        return [(at - got[0][0], packet) for at, packet in got]


def test_events_come_in_short_slices_when_their_time_has_come() -> None:
    sent = spread(1_000_000, 1_200_000)
    got = play(Replay(Memory(sent)))
    assert len(got) == 50
    events = Events.concat([packet for _, packet in got if isinstance(packet, Events)])
    np.testing.assert_array_equal(events.t, sent.t)
    for at, packet in got:
        assert isinstance(packet, Events)
        assert packet.t[-1] - packet.t[0] < 4000
        due = (packet.t[-1] - got[0][1].t[-1]) * 1e-6  # type: ignore[union-attr]
        assert due - 0.002 < at < due + 0.1


def test_twice_the_speed_takes_half_the_time() -> None:
    got = play(Replay(Memory(spread(0, 200_000)), speed=2.0))
    assert 0.09 < got[-1][0] < 0.17


def test_frames_come_between_the_events() -> None:
    frame = Frame(np.zeros((260, 346), np.uint8), 50_000)
    got = play(Replay(Memory(spread(0, 40_000), frame, spread(60_000, 70_000))))
    (at,) = (at for at, packet in got if isinstance(packet, Frame))
    assert 0.04 < at < 0.09


def test_none_until_the_time_has_come() -> None:
    with Replay(Memory(spread(0, 1000), spread(300_000, 301_000))) as camera:
        assert camera.read(1) is not None
        start = time.monotonic()
        assert camera.read(0.05) is None
        assert 0.04 < time.monotonic() - start < 0.2
        assert camera.read(1) is not None


def test_the_end_is_told_every_time() -> None:
    camera = Replay(Memory(Events.empty(Sensor(346, 260))))
    for _ in range(2):
        with pytest.raises(EndOfStream, match="memory is through"):
            camera.read(1)
    assert not camera.status.connected


def test_a_reader_that_is_too_slow_loses_whole_packets() -> None:
    with Replay(Memory(spread(0, 900_000))) as camera:
        camera.read(1)
        time.sleep(0.8)
        packet = camera.read(1)
        assert isinstance(packet, Events)
        assert 290_000 < packet.t[0] < 450_000
        assert camera.status.lost_packets == packet.t[0] // 4000 - 1


def test_a_file_that_reads_more_slowly_than_it_plays_is_not_lost() -> None:
    recording = Memory(*(spread(k * 100_000, (k + 1) * 100_000, 50_000) for k in range(14)), seconds_each=0.2)
    camera = Replay(recording, speed=4.0)
    got = play(camera)
    assert len(got) + camera.status.lost_packets == 28
    assert any(packet.t[0] > 1_000_000 for _, packet in got if isinstance(packet, Events))


@pytest.mark.parametrize("jump_us", [-5_000_000, 3_600_000_000])
def test_a_clock_that_was_set_anew_is_not_waited_for(jump_us: int) -> None:
    begin = 10_000_000
    got = play(Replay(Memory(spread(begin, begin + 8000), spread(begin + jump_us, begin + jump_us + 8000))))
    assert len(got) == 4
    assert got[-1][0] < 0.2


def test_a_recording_of_a_davis346_in_real_time() -> None:
    if not RECORDING.exists():
        pytest.skip(f"the shared recording is not at {RECORDING}")
    with open_camera(f"file:{RECORDING}") as camera:
        assert not camera.simulated
        assert camera.sensor == Sensor(346, 260)
        got = play(camera)
        assert camera.status.lost_packets == 0
    events = [packet for _, packet in got if isinstance(packet, Events)]
    assert all(part.t[-1] - part.t[0] < 4000 for part in events)
    lasts_s = float(events[-1].t[-1] - events[0].t[0]) * 1e-6
    assert 0.1 < lasts_s < 0.2
    assert lasts_s - 0.03 < got[-1][0] < lasts_s + 0.15
    assert {type(packet).__name__ for _, packet in got} == {"Events", "Frame", "ImuSamples", "Triggers"}


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="speed above 0"):
        Replay(Memory(), speed=0)
    with pytest.raises(FormatError):
        open_camera(f"file:{tmp_path / 'absent.aedat4'}")


def test_closing_closes_the_recording() -> None:
    recording = Memory(spread(0, 10))
    camera = Replay(recording)
    camera.close()
    camera.close()
    assert recording.closed
    with pytest.raises(CameraError, match="closed"):
        camera.read(1)
