import datetime

import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.filters import FastDecay


@pytest.mark.parametrize(("half_life_us", "cell_px", "threshold"), [(5000, 1, 2.0), (2000, 3, 5.5)])
def test_equals_dv_processing(half_life_us, cell_px, threshold, some, rows, dv_kept):
    import dv_processing as dv

    events = some(4000, cell_px)
    half_life = datetime.timedelta(microseconds=half_life_us)
    theirs = dv.noise.FastDecayNoiseFilter((16, 12), half_life, cell_px, threshold)
    kept, _ = FastDecay(half_life_us, cell_px, threshold)(events)
    assert 0 < len(kept) < len(events)
    assert rows(kept) == dv_kept(theirs, events)


def test_an_event_counts_half_after_the_half_life():
    # 1, then 0.5 + 1, then 0.75 + 1: above 1.6 for the first time.
    events = Events.checked([0, 100, 200], [0, 3, 1], [0, 0, 3], [1, 0, 1], Sensor(8, 8))
    assert FastDecay(100, 4, 1.6)(events)[0].t.tolist() == [200]
    assert FastDecay(100, 2, 1.6)(events)[0].t.tolist() == []


def test_what_cannot_be_is_refused(some):
    events = some(10, 0)
    _, state = FastDecay()(events)
    with pytest.raises(ShapeError, match="is earlier"):
        FastDecay()(events, state)
    with pytest.raises(ConfigError, match="threshold is a number from 0 on, not nan"):
        FastDecay(threshold=float("nan"))
    with pytest.raises(ConfigError, match="cell_px is"):
        FastDecay(cell_px=0)
