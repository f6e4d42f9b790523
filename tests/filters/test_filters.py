import subprocess
import sys
from pathlib import Path

import pytest

import eventsnn.filters as package
from eventsnn.errors import ConfigError
from eventsnn.filters import BackgroundActivity, HotPixels, Undistort, filter_from_text, filters


def test_the_folder_is_the_registry():
    folder = Path(package.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if "FILTER = " in path.read_text("utf-8")}
    assert set(filters()) == {stem.replace("_", "-") for stem in files}
    assert filters()["background-activity"] is BackgroundActivity
    assert len(filters()) >= 18


def test_every_filter_can_be_imported_from_the_package():
    assert {kind.__name__ for kind in filters().values()} <= set(package.__all__)


def test_finding_filters_does_not_load_the_compiler():
    code = (
        "import sys; from eventsnn.filters import filters; filters(); "
        "print([name for name in ('numba', 'cv2', 'scipy', 'h5py', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_filters_from_text():
    assert filter_from_text("background-activity") == BackgroundActivity()
    text = "background-activity:time_us=2000, neighbours=8,own_pixel=yes,polarity=same"
    assert filter_from_text(text) == BackgroundActivity(2000, 8, True, "same")
    assert filter_from_text("hot-pixels:pixels=3x4/10x0") == HotPixels(pixels=((3, 4), (10, 0)))
    assert filter_from_text("hot-pixels:pixels=none,min_hz=2.5") == HotPixels(min_hz=2.5)
    lens = filter_from_text("undistort:matrix=300/301/160/120.5,distortion=-0.3/1e-1/0/0,fisheye=true")
    assert lens == Undistort((300, 301, 160, 120.5), (-0.3, 0.1, 0, 0), True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bakground-activity", "there is no filter 'bakground-activity': did you mean background-activity"),
        (
            "refractory:perod_us=2",
            "filter refractory: there is no setting 'perod_us': did you mean period_us",
        ),
        ("refractory:period_us=2.5", "filter refractory, period_us: expected int, found '2.5'"),
        ("refractory:period_us=-2", "period_us is a whole number"),
    ],
)
def test_what_a_command_line_gets_wrong(text, words):
    with pytest.raises(ConfigError, match=words):
        filter_from_text(text)
