import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import AntiFlicker

SENSOR = Sensor(8, 4)


def blinking(hz, seconds, x=3, y=2, begin_us=0):
    """Two ON events at each rise and three OFF events half a period later, of one pixel."""
    period = 1e6 / hz
    rises = np.arange(int(hz * seconds)) * period
    on = np.concatenate([rises + 10 * i for i in range(2)])
    off = np.concatenate([rises + period / 2 + 10 * i for i in range(3)])
    t = np.concatenate([on, off]).astype(int) + begin_us
    p = np.repeat([True, False], [len(on), len(off)])
    order = np.argsort(t, kind="stable")
    return Events.checked(t[order], [x] * len(t), [y] * len(t), p[order], SENSOR)


@pytest.mark.parametrize("hz", [50, 60, 100, 120])
def test_a_lamp_goes_after_four_periods(hz):
    events = blinking(hz, 1)
    kept, _ = AntiFlicker()(events)
    # Of an ON-OFF pixel the first rise has no OFF before it: rises 1 to 5 make four periods.
    assert len(kept) == 5 * 5
    np.testing.assert_array_equal(kept.t, events.t[:25])


@pytest.mark.parametrize("hz", [10, 40, 140, 1000])
def test_other_rates_stay(hz):
    events = blinking(hz, 1)
    assert AntiFlicker()(events)[0] is events


def test_a_lamp_that_ends_is_forgotten():
    lamp, later = blinking(100, 0.2), blinking(7, 0.5, begin_us=400_000)
    kept, _ = AntiFlicker()(Events.concat([lamp, later]))
    np.testing.assert_array_equal(kept.t[25:], later.t)


def test_an_edge_stays_beside_a_lamp():
    # An edge passes every pixel of line 1 once, a few events each; the lamp stands elsewhere.
    t = np.repeat(np.arange(8) * 10_000, 3) + np.tile([0, 50, 100], 8)
    edge = Events.checked(t, np.repeat(np.arange(8), 3), [1] * 24, [1] * 24, SENSOR)
    lamp = blinking(100, 1)
    both = np.argsort(np.concatenate([edge.t, lamp.t]), kind="stable")
    columns = (np.concatenate([getattr(edge, name), getattr(lamp, name)])[both] for name in "txyp")
    kept, _ = AntiFlicker()(Events(*columns, SENSOR))
    np.testing.assert_array_equal(kept.t[kept.y == 1], edge.t)
    assert (kept.y == 2).sum() == 25


def test_the_number_of_periods():
    kept, _ = AntiFlicker(periods=1)(blinking(100, 1))
    assert len(kept) == 2 * 5


def test_what_cannot_be_is_refused(some):
    with pytest.raises(
        ConfigError, match=r"the band of anti-flicker goes up from at least 0\.001 Hz, not from 9"
    ):
        AntiFlicker(9, 9)
    with pytest.raises(ConfigError, match="periods is"):
        AntiFlicker(periods=0)
    events = some(10, 0)
    _, state = AntiFlicker()(events)
    with pytest.raises(ShapeError, match="is earlier"):
        AntiFlicker()(events, state)
