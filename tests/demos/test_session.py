import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest

from eventsnn.cameras.network.server import StreamServer
from eventsnn.demos.session import Wish, play, words
from eventsnn.errors import FormatError, ShapeError, StorageError
from eventsnn.events import Events, Sensor
from eventsnn.formats.dv_packets import Stream

WriteEvents = Callable[..., Path]


def wish(predictor: Any, **more: Any) -> Wish:
    plain: dict[str, Any] = {
        "task": "flow",
        "predictor": predictor,
        "length_us": 20_000,
        "camera": "sim",
        "require_camera": False,
        "file": None,
        "sensor": None,
        "seconds": None,
        "save": [],
        "weights": None,
        "show": False,
    }
    return Wish(**plain | more)


def quiet(line: str) -> None:
    """Nobody listens."""


def video_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_a_file_without_a_window_is_processed_whole(
    tmp_path: Path, write_events: WriteEvents, counting: type
) -> None:
    file, video, flow = write_events(410), tmp_path / "out.mp4", tmp_path / "out.h5"
    outcome = play(wish(counting, file=str(file), save=[str(video), str(flow)]), quiet)
    # 20 whole windows and the last half
    assert outcome.summary["windows"] == outcome.summary["pictures"] == 21
    assert outcome.summary["events"] == 4100
    assert outcome.summary["events_per_s"] == pytest.approx(10_000, rel=0.05)
    assert outcome.summary["ended_by"] == "end of stream"
    assert outcome.summary["firing_rate"] == 0.25
    assert outcome.error is None
    assert outcome.failed == 0
    assert np.diff(video_times(video)) == pytest.approx([0.02] * 20, abs=0.0011)
    with h5py.File(flow) as saved:
        assert saved["start_us"][:].tolist() == [1_000_000 + 20_000 * i for i in range(21)]
        assert (saved["displacement"][:, 0] == 2).all()
        # The state is carried, and the warming up has left no trace in it.
        assert saved["displacement"][:, 1, 0, 0].tolist() == list(range(21))
        assert saved.attrs["source"] == "events.txt"
    assert "21 windows" in words(outcome.summary)
    assert len(outcome.saved) == 2


def test_a_jump_of_time_starts_the_state_anew_and_a_short_silence_does_not(
    tmp_path: Path, write_events: WriteEvents, counting: type
) -> None:
    file = write_events(2600, gaps_ms=((100, 140), (200, 2500)))
    flow = tmp_path / "out.h5"
    play(wish(counting, file=str(file), save=[str(flow)]), quiet)
    with h5py.File(flow) as saved:
        assert saved["displacement"][:, 1, 0, 0].tolist() == [*range(10), *range(5)]


def test_seconds_are_those_of_the_recording(
    tmp_path: Path, write_events: WriteEvents, counting: type
) -> None:
    file = write_events(400)
    outcome = play(wish(counting, file=str(file), seconds=0.2, save=[str(tmp_path / "out.h5")]), quiet)
    assert (outcome.summary["windows"], outcome.summary["ended_by"]) == (10, "time over")


def test_without_display_or_name_a_video_is_written_and_named(
    tmp_path: Path, write_events: WriteEvents, counting: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    outcome = play(wish(counting, file=str(write_events(100))), said.append)
    (video,) = tmp_path.glob("*.mp4")
    assert re.fullmatch(r"flow_\d{8}_\d{6}\.mp4", video.name)
    assert said == [f"no window: saving events.txt to {video.name}"]
    assert outcome.saved[0].startswith(video.name)
    assert len(video_times(video)) == 5


def test_a_damaged_file_gives_what_was_whole_and_then_its_error(
    tmp_path: Path, write_events: WriteEvents, counting: type
) -> None:
    file = write_events(400)
    with file.open("a") as more:
        more.write("this is no event\n")
    flow = tmp_path / "out.h5"
    outcome = play(wish(counting, file=str(file), save=[str(flow)]), quiet)
    assert isinstance(outcome.error, FormatError)
    with h5py.File(flow) as saved:
        assert len(saved["start_us"]) == outcome.summary["windows"] == 20


def test_what_cannot_begin_leaves_nothing(tmp_path: Path, write_events: WriteEvents, counting: type) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("48 32\n")
    events = write_events(100)

    def refuse(sensor: Sensor, weights: str | None) -> Any:
        raise ShapeError(f"these weights do not take {sensor}")

    save = [str(tmp_path / "out.mp4"), str(tmp_path / "out.h5")]
    nowhere = str(tmp_path / "nowhere" / "out.h5")
    for bad, expected in (
        (wish(refuse, file=str(events), save=save), ShapeError),
        (wish(counting, file=str(tmp_path / "none.txt"), save=save), FormatError),
        (wish(counting, file=str(events), save=[*save, nowhere]), StorageError),
    ):
        with pytest.raises(expected):
            play(bad, quiet)
    outcome = play(wish(counting, file=str(empty), save=save), quiet)
    assert isinstance(outcome.error, FormatError)
    assert "holds no events" in str(outcome.error)
    assert {file.name for file in tmp_path.iterdir()} == {"empty.txt", "events.txt"}


def test_a_short_file_in_real_time_loses_nothing(
    tmp_path: Path, write_events: WriteEvents, counting: type
) -> None:
    flow = tmp_path / "out.h5"
    said: list[str] = []
    outcome = play(wish(counting, camera=f"file:{write_events(300)}", save=[str(flow)]), said.append)
    summary = outcome.summary
    assert outcome.error is None
    assert (summary["mode"], summary["ended_by"]) == ("real time", "end of stream")
    assert summary["windows"] + summary["dropped_windows"] == 15
    assert summary["events"] == 3000
    # What begins with the first window has lost none before it.
    with h5py.File(flow) as saved:
        assert saved["start_us"][0] == 1_000_000
    assert said == [f"no window: saving events.txt to {flow}, 20 s of it (--seconds changes that)"]


def test_a_file_in_real_time_without_events_says_so(tmp_path: Path, counting: type) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("48 32\n")
    outcome = play(wish(counting, camera=f"file:{empty}", save=[str(tmp_path / "out.h5")]), quiet)
    assert isinstance(outcome.error, FormatError)
    assert str(outcome.error) == f"{empty} holds no events"


def test_the_simulated_camera_stays_live_by_dropping(tmp_path: Path, counting: type) -> None:
    video, flow = tmp_path / "out.mp4", tmp_path / "out.h5"
    slow = partial(counting, seconds=0.07)
    outcome = play(wish(slow, seconds=2.0, save=[str(video), str(flow)]), quiet)
    summary = outcome.summary
    assert summary["simulated"] is True
    assert summary["ended_by"] == "time over"
    assert summary["sensor"] == [346, 260]
    # 2 s hold 100 windows; at 70 ms each no more than 28 can be processed.
    assert 5 <= summary["windows"] <= 29
    assert summary["dropped_windows"] > 20
    # One window waits while another is in the network: a queue that grew would show here.
    assert summary["latency_ms"]["p50"] < 400
    with h5py.File(flow) as saved:
        starts = saved["start_us"][:]
        assert len(starts) == summary["windows"]
        assert (np.diff(starts) >= 20_000).all()
    assert len(video_times(video)) == summary["pictures"]
    # The video shows the time that passed, whatever was dropped.
    assert video_times(video)[-1] == pytest.approx(summary["seconds"], abs=0.6)


def test_a_stream_that_stops_and_comes_back_is_counted(tmp_path: Path, counting: type) -> None:
    sensor = Sensor(64, 48)
    stream = Stream(0, "events", "EVTS", sensor, "remote")
    server = StreamServer(stream)
    port = server.port

    def serve() -> None:
        for seconds in (1.0, 2.0):
            end_s = time.monotonic() + seconds
            with server if seconds == 1.0 else StreamServer(stream, port=port) as here:
                while time.monotonic() < end_s:
                    t = time.time_ns() // 1000 + np.arange(100)
                    here.send(Events.checked(t, t % 64, t % 48, t % 2, sensor))
                    time.sleep(0.005)

    said: list[str] = []
    thread = threading.Thread(target=serve)
    thread.start()
    flow = tmp_path / "out.h5"
    outcome = play(
        wish(counting, camera=f"tcp://127.0.0.1:{port}", seconds=2.2, save=[str(flow)]), said.append
    )
    thread.join()
    assert outcome.summary["reconnects"] == 1
    assert outcome.summary["windows"] > 20
    assert said[1:] == ["remote: stream lost, waiting for it to come back", "remote: reconnected 1 x"]


RUN = """
import sys
from functools import partial
from eventsnn.cameras.network.server import StreamServer
from eventsnn.demos.session import Wish, play, words
from eventsnn.command_line import guarded
folder, file = sys.argv[1:3]
def demo():
    outcome = play(Wish(
        task="flow", predictor=partial(Counting, seconds=0.02), length_us=20_000, camera="sim",
        require_camera=False, file=file or None, sensor=None, seconds=None,
        save=[folder + "/out.mp4", folder + "/out.h5"], weights=None, show=False,
    ), lambda line: print(line, file=sys.stderr))
    print(words(outcome.summary))
    return 0
sys.exit(guarded(demo))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "name", "live"), [(signal.SIGINT, "Ctrl-C", False), (signal.SIGTERM, "SIGTERM", True)]
)
def test_a_signal_ends_with_a_summary_and_playable_files(
    tmp_path: Path, write_events: WriteEvents, counting_source: str, number: int, name: str, live: bool
) -> None:
    file = "" if live else str(write_events(5_000))
    process = subprocess.Popen(
        [sys.executable, "-c", counting_source + RUN, str(tmp_path), file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    part = tmp_path / "out.part.mp4"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 10_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert f"ended by: {name}" in out
    windows = int(re.search(r"(\d+) windows", out)[1])  # type: ignore[index]
    with h5py.File(tmp_path / "out.h5") as saved:
        assert len(saved["start_us"]) == windows >= 2
    assert len(video_times(tmp_path / "out.mp4")) >= 2
    assert not list(tmp_path.glob("*.part.*"))
