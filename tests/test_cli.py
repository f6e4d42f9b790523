import json
import subprocess
import sys

import pytest

import eventsnn
from eventsnn import Events, Sensor
from eventsnn.cli import main
from eventsnn.formats import aedat4, text

SENSOR = Sensor(8, 6)
EVENTS = Events.checked([1_000_000, 1_500_000, 3_000_000], [0, 7, 3], [0, 5, 2], [1, 1, 0], SENSOR)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "a.aedat4"
    path.write_bytes(aedat4.FORMAT.encode(EVENTS))
    return path


def test_info_prints_a_table(recording, capsys):
    assert main(["info", str(recording)]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if "imu" not in line)
    assert lines["format"] == "AEDAT4"
    assert lines["sensor"] == "8 x 6 px"
    assert lines["events"] == "3  (66.7 % ON)"
    assert lines["time"] == "1000000 to 3000000 µs"
    assert lines["duration"] == "2.000000 s"
    assert lines["rate"] == "2 events/s"


def test_info_prints_json(recording, capsys):
    assert main(["info", "--json", str(recording)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(recording),
        "format": "AEDAT4",
        "camera": None,
        "sensor": {"width": 8, "height": 6},
        "sensor_note": None,
        "events": 3,
        "frames": 0,
        "imu_samples": 0,
        "triggers": 0,
        "first_us": 1_000_000,
        "last_us": 3_000_000,
        "duration_s": 2.0,
        "events_per_s": 1.5,
        "on_share": 2 / 3,
    }


def test_info_takes_the_sensor_or_says_how_it_was_found(tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_text("5 3 2 1\n")
    assert main(["info", str(path)]) == 0
    assert "4 x 3 px  (the file gives no sensor size" in capsys.readouterr().out
    assert main(["info", str(path), "--sensor", "240x180"]) == 0
    assert "sensor       240 x 180 px\n" in capsys.readouterr().out


@pytest.mark.parametrize("size", ["240", "240x", "0x180", "240 x 180"])
def test_a_wrong_size_is_a_wrong_option(size, recording, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["info", str(recording), "--sensor", size])
    assert caught.value.code == 2
    assert "argument --sensor" in capsys.readouterr().err


def test_a_cut_file_is_described_as_far_as_it_goes(recording, capsys):
    payload = recording.read_bytes()
    recording.write_bytes(payload + payload[-50:-10])
    assert main(["info", str(recording)]) == 2
    output = capsys.readouterr()
    assert "events       3 " in output.out
    assert output.err.startswith("eventsnn: error: ")
    assert output.err.count("\n") == 1


def test_a_recording_without_events_ends_with_2(tmp_path, capsys):
    path = tmp_path / "none.txt"
    path.write_bytes(text.FORMAT.encode(Events.empty(SENSOR)))
    assert main(["info", str(path)]) == 2
    assert capsys.readouterr().err == f"eventsnn: error: {path} holds no events\n"


def run(*arguments, **options):
    command = [sys.executable, "-m", "eventsnn.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def test_as_a_program(tmp_path):
    missing = run("info", str(tmp_path / "gone.aedat4"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.endswith("gone.aedat4 cannot be opened: No such file or directory\n")
    assert missing.stderr.count("\n") == 1
    assert run("--version").stdout == f"eventsnn {eventsnn.__version__}\n"
    help_text = run("--help").stdout
    assert "info" in help_text
    assert "bench" in help_text
    assert "eventsnn info recording.aedat4" in help_text
    assert run().returncode == 2


def test_a_reader_that_stops_reading_is_no_error(recording):
    command = f"{sys.executable} -m eventsnn.cli info {recording} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
