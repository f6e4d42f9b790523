import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor, exchange
from eventsnn.errors import ConfigError, ShapeError

SENSOR = Sensor(346, 260)


@pytest.fixture(scope="session", params=["pandas", "polars"])
def library(request):
    """The library itself, and events to and from its data frames."""
    module = pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return module, getattr(exchange, f"to_{request.param}"), getattr(exchange, f"from_{request.param}")


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_there_and_back(data, library, any_events, same):
    _, to_frame, from_frame = library
    events = data.draw(any_events)
    frame = to_frame(events)
    assert list(frame.columns) == ["t", "x", "y", "p"]
    assert same(from_frame(frame, SENSOR), events)


def test_numbers_are_shared_and_not_copied(library):
    _, to_frame, from_frame = library
    events = Events.checked(
        np.arange(1000), np.arange(1000) % 300, np.zeros(1000, int), np.ones(1000), SENSOR
    )
    back = from_frame(to_frame(events), SENSOR)
    for name in ("t", "x", "y"):
        assert np.shares_memory(getattr(back, name), getattr(events, name))


def test_slices_and_other_names_types_and_orders_are_understood(library):
    module, _, from_frame = library
    columns = {"z": ["a", "b", "c"], "polarity": [-1, 0, 1], "y": [1, 2, 3], "x": [4, 5, 6], "ts": [7, 8, 9]}
    events = from_frame(module.DataFrame(columns), SENSOR)
    assert exchange.to_rows(events).tolist() == [[4, 1, 7, 0], [5, 2, 8, 0], [6, 3, 9, 1]]
    assert len(from_frame(module.DataFrame(columns)[1:], SENSOR)) == 2


def test_events_with_durations_keep_their_times(library):
    module, _, from_frame = library
    times = np.array([0, 1_500, 2_000_000], "m8[us]")
    frame = module.DataFrame({"t": times, "x": [1, 2, 3], "y": [1, 2, 3], "polarity": [True, False, True]})
    assert from_frame(frame, SENSOR).t.tolist() == [0, 1_500, 2_000_000]


def test_missing_values_columns_and_order_are_named(library):
    module, _, from_frame = library
    columns = {"t": [1, 2], "x": [1, 2], "y": [1, 2], "p": [1, 0]}
    with pytest.raises(ShapeError, match="the data frame has no column p or pol"):
        from_frame(module.DataFrame({name: columns[name] for name in "txy"}), SENSOR)
    with pytest.raises(ShapeError, match="column x holds fractions, NaN"):
        from_frame(module.DataFrame({**columns, "x": [1, None]}), SENSOR)
    with pytest.raises(ShapeError, match="not in time order"):
        from_frame(module.DataFrame({**columns, "t": [2, 1]}), SENSOR)


def test_a_missing_library_is_named_with_the_line_that_installs_it(monkeypatch):
    events = Events.empty(SENSOR)
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ConfigError, match=f'pip install "{name}"'):
            getattr(exchange, f"to_{name}")(events)
