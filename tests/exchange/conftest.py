import pytest
from hypothesis import strategies as st

from eventsnn import Events, Sensor

SENSOR = Sensor(346, 260)


@st.composite
def _events(draw):
    start = draw(st.sampled_from([0, 7, 1_589_163_147_365_215]))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 2_000_000), st.integers(0, 345), st.integers(0, 259), st.booleans()),
            max_size=30,
        )
    )
    t, x, y, p = zip(*sorted(rows), strict=True) if rows else ([], [], [], [])
    return Events.checked([start + time for time in t], x, y, p, SENSOR)


@pytest.fixture(scope="session")
def any_events():
    """Events of a DAVIS346, none included, with epoch times and equal ones among them."""
    return _events()


@pytest.fixture(scope="session")
def same():
    """Whether two stretches of events are equal in every column."""

    def equal(a, b):
        columns = ((getattr(a, name), getattr(b, name)) for name in ("t", "x", "y", "p"))
        return a.sensor == b.sensor and all(left.tolist() == right.tolist() for left, right in columns)

    return equal
