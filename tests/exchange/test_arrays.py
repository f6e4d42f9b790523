import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor
from eventsnn.errors import ConfigError, ShapeError
from eventsnn.exchange import from_rows, from_structured, to_rows, to_structured

SENSOR = Sensor(346, 260)
ROWS = [(3, 1, 40, 1), (5, 2, 40, 0), (345, 259, 70, 1)]

# Every layout that a dataset or a reader of tonic 1.7 declares, and those of dv, faery and evlib.
LAYOUTS = [
    [("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", bool)],
    [("x", np.int16), ("y", np.int16), ("p", bool), ("t", np.int64)],
    [("t", np.int32), ("x", np.int16), ("y", np.int16), ("p", bool)],
    [("t", int), ("x", int), ("y", int), ("p", int)],
    [("x", int), ("y", int), ("t", int), ("p", int)],
    [("p", int), ("t", int), ("x", int), ("y", int)],
    [("timestamp", np.uint64), ("x", np.uint16), ("y", np.uint16), ("polarity", np.uint8)],
    [("timestamp", np.int64), ("x", np.int16), ("y", np.int16), ("polarity", np.int8)],
    [("t", np.uint64), ("x", np.uint16), ("y", np.uint16), ("on", bool)],
    [("x", np.float32), ("y", np.float32), ("ts", np.float64), ("pol", np.float32)],
]


def structured(layout, off=0):
    values = {"x": 0, "y": 1, "t": 2, "ts": 2, "timestamp": 2}
    array = np.zeros(len(ROWS), layout)
    for name in array.dtype.names:
        array[name] = [row[values.get(name, 3)] for row in ROWS]
        if name not in values and off:
            array[name][array[name] == 0] = off
    return array


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: "-".join(name for name, _ in layout))
def test_every_layout_gives_the_same_events(layout):
    array = structured(layout)
    before = array.copy()
    events = from_structured(array, SENSOR)
    assert to_rows(events).tolist() == [list(row) for row in ROWS]
    assert to_structured(events, layout).tolist() == array.tolist()
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("off", [-1, 0])
def test_integer_polarity_may_be_signed(off):
    array = structured([("x", int), ("y", int), ("t", int), ("p", int)], off)
    assert array["p"].tolist() == [1, off, 1]
    assert from_structured(array, SENSOR).p.tolist() == [True, False, True]


@given(data=st.data(), layout=st.sampled_from([*LAYOUTS[:2], *LAYOUTS[3:6], *LAYOUTS[6:9]]))
@settings(max_examples=60, deadline=None)
def test_structured_arrays_there_and_back(data, layout, any_events, same):
    events = data.draw(any_events)
    assert same(from_structured(to_structured(events, layout), SENSOR), events)


@given(data=st.data(), order=st.permutations("xytp"))
@settings(max_examples=60, deadline=None)
def test_rows_there_and_back(data, order, any_events, same):
    events = data.draw(any_events)
    rows = to_rows(events, "".join(order))
    assert rows.shape == (len(events), 4)
    assert same(from_rows(rows, SENSOR, "".join(order)), events)


def test_durations_and_dates_become_microseconds():
    array = np.zeros(2, [("t", "m8[ns]"), ("x", int), ("y", int), ("p", bool)])
    array["t"] = np.array([40_000, 70_000], "m8[ns]")
    assert from_structured(array, SENSOR).t.tolist() == [40, 70]
    array["t"][1] += np.timedelta64(1, "ns")
    with pytest.raises(ShapeError, match="no whole µs"):
        from_structured(array, SENSOR)
    array["t"][1] = np.timedelta64("NaT")
    with pytest.raises(ShapeError, match="missing or no whole µs"):
        from_structured(array, SENSOR)
    dates = np.zeros(1, [("t", "M8[ms]"), ("x", int), ("y", int), ("p", bool)])
    dates["t"] = np.datetime64("1970-01-01T00:00:02.500")
    assert from_structured(dates, SENSOR).t.tolist() == [2_500_000]


def test_what_is_not_events_is_refused_with_a_reason():
    array = structured(LAYOUTS[4])
    with pytest.raises(ShapeError, match="not in time order: event 1 at 40 µs follows one at 70 µs"):
        from_structured(array[::-1], SENSOR)
    with pytest.raises(ShapeError, match="lies off the 100x100 sensor"):
        from_structured(array, Sensor(100, 100))
    array["p"] = 2
    with pytest.raises(ShapeError, match="polarity must be"):
        from_structured(array, SENSOR)
    with pytest.raises(ShapeError, match=r"not \(3, 4\)"):
        from_structured(np.zeros((3, 4)), SENSOR)
    with pytest.raises(ShapeError, match="no column p or pol or polarity or on; its columns are: x, y, t"):
        from_structured(np.zeros(1, [("x", int), ("y", int), ("t", int)]), SENSOR)
    twice = [("x", int), ("y", int), ("t", int), ("ts", int), ("p", int)]
    with pytest.raises(ShapeError, match="two columns for t"):
        from_structured(np.zeros(1, twice), SENSOR)
    with pytest.raises(ShapeError, match=r"\(N, 4\), not \(3, 5\)"):
        from_rows(np.zeros((3, 5)), SENSOR)
    for order in ("xyt", "xytpp", "xxtp"):
        with pytest.raises(ConfigError, match="once each"):
            from_rows(np.zeros((3, 4)), SENSOR, order)
    with pytest.raises(ShapeError, match="whole µs"):
        from_rows(np.array([[1.0, 1.0, 0.25, 1.0]]), SENSOR)


def test_a_layout_too_small_for_the_events_is_refused():
    events = Events.checked([2**40], [40_000], [0], [1], Sensor(50_000, 1))
    with pytest.raises(ShapeError, match="field t of int32 cannot hold 1099511627776"):
        to_structured(events, LAYOUTS[2])
    with pytest.raises(ShapeError, match="field x of int16 cannot hold 40000"):
        to_structured(events)
    with pytest.raises(ShapeError, match="nothing for other fields"):
        to_structured(events, [*LAYOUTS[3], ("z", int)])
