"""What holds for every representation: a new module in the folder is tested by existing."""

import subprocess
import sys

import numpy as np
import pytest

import eventsnn.representations as package
from eventsnn.errors import ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import representations, stack
from eventsnn.windows import Window

SENSOR = Sensor(24, 16)
every = pytest.mark.parametrize("make", representations().values(), ids=representations())


def some(n, seed=0, sensor=SENSOR):
    rng = np.random.default_rng(seed)
    return Events.checked(
        np.sort(rng.integers(1000, 21_000, n)),
        rng.integers(0, sensor.width, n),
        rng.integers(0, sensor.height, n),
        rng.random(n) < 0.5,
        sensor,
    )


def columns(events):
    return [events.t, events.x, events.y, events.p]


@every
def test_the_package_exports_it(make):
    assert getattr(package, make.__name__) is make
    assert make() == make()
    assert hash(make()) == hash(make())


@every
@pytest.mark.parametrize("number", [0, 1, 3000])
def test_shape_dtype_and_out(make, number):
    events, representation = some(number), make()
    planes = representation(events, 0, 21_000)
    assert planes.shape == representation.shape(SENSOR)
    assert planes.shape[0] == representation.channels
    assert planes.dtype == representation.dtype
    assert np.isfinite(planes).all()
    out = np.full(planes.shape, 77, planes.dtype)
    assert representation(events, 0, 21_000, out=out) is out
    np.testing.assert_array_equal(out, planes)
    with pytest.raises(ShapeError, match="out must be"):
        representation(events, 0, 21_000, out=out[:, ::-1])


@every
def test_the_callers_events_may_be_read_only_slices_and_are_not_changed(make):
    events = some(400)[::2]
    before = [column.copy() for column in columns(events)]
    want = make()(Events(*before, SENSOR), 0, 21_000)
    for column in columns(events):
        column.setflags(write=False)
    np.testing.assert_array_equal(make()(events, 0, 21_000), want)
    for column, old in zip(columns(events), before, strict=True):
        np.testing.assert_array_equal(column, old)


@every
def test_odd_events(make):
    representation = make()
    for sensor in (Sensor(1, 1), SENSOR):
        for n in (1, 5):
            same = Events.checked([5000] * n, [0] * n, [0] * n, [True] * n, sensor)
            assert np.isfinite(representation(same)).all()
            assert np.isfinite(representation(same, 5000, 5001)).all()
        assert representation(Events.empty(sensor)).shape == representation.shape(sensor)


@every
def test_an_event_off_the_sensor_is_refused(make):
    events = some(50)
    events.x[20] = 24
    with pytest.raises(ShapeError, match=r"event 20 at \(24, \d+\) lies off the 24x16 sensor"):
        make()(events, 0, 21_000)


@every
def test_a_stack_is_one_after_the_other(make):
    representation = make()
    events = some(600)
    windows = [Window(events.between(a, a + 7000), a, a + 7000) for a in (0, 7000, 14_000, 21_000)]
    planes = stack(representation, windows)
    assert planes.shape == (4, *representation.shape(SENSOR))
    for window, one in zip(windows, planes, strict=True):
        np.testing.assert_array_equal(one, representation(window.events, window.start_us, window.end_us))
    out = np.full_like(planes, 3)
    assert stack(representation, windows, out) is out
    np.testing.assert_array_equal(out, planes)


def test_stacks_that_cannot_be():
    make = package.CountImage()
    with pytest.raises(ShapeError, match="at least one window"):
        stack(make, [])
    windows = [Window(some(3, sensor=sensor), 0, 30_000) for sensor in (SENSOR, Sensor(30, 30))]
    with pytest.raises(ShapeError, match="not of 24x16 and 30x30"):
        stack(make, windows)
    with pytest.raises(ShapeError, match="out must be"):
        stack(make, windows[:1], np.empty((2, 2, 16, 24), np.float32))


def test_importing_them_imports_no_compiler_and_no_torch():
    code = (
        "import sys, eventsnn.representations as r; r.representations(); "
        "sys.exit(bool({'numba', 'torch', 'cv2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
