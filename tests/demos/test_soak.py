import json
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 600
GROWTH_MB = 20
"""What the allocator may still gather after the first seconds; a leak of 1 kB a window would be 30 MB."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_minutes_of_the_simulated_camera(tmp_path: Path) -> None:
    program = "import sys; from eventsnn.demos.cli import main; sys.exit(main())"
    options = f"flow --camera sim --no-window --json --seconds {SECONDS} --save out.mp4".split()
    ended = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert summary["ended_by"] == "time over"
    # Pace and latency are printed, not asserted: they are the machine's as much as ours.
    print(ended.stdout)
    assert summary["windows"] > 5 * SECONDS
    # A state that ran away would fire everywhere.
    assert summary["firing_rate"] < 0.2
    growth = summary["memory_growth_mb"]
    assert growth is None or growth < GROWTH_MB, ended.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]
