import numpy as np

from eventsnn.benchmarks.case import moving_edges
from eventsnn.benchmarks.timing import Contender, Operation, as_table, timed
from eventsnn.events import Events, Sensor

EVENTS = moving_edges(5000, Sensor(30, 20))


def test_the_case_is_valid_repeatable_and_mostly_edges():
    columns = (EVENTS.t, EVENTS.x, EVENTS.y, EVENTS.p)
    Events.checked(*columns, EVENTS.sensor)
    again = moving_edges(5000, Sensor(30, 20))
    for column, other in zip(columns, (again.t, again.x, again.y, again.p), strict=True):
        np.testing.assert_array_equal(column, other)
    # Noise alone would leave 1e6 / (40 * 30) pixels within a factor of 1.5 of their mean in any 1 ms.
    early = moving_edges(1_000_000, Sensor(640, 480)).between(0, 1000)
    counts = np.bincount(early.y.astype(int) * 640 + early.x, minlength=640 * 480)
    assert np.sort(counts)[-30_000:].sum() > 0.8 * len(early)


def test_rates_ratios_and_wrong_answers():
    calls = []
    operation = Operation(
        "count, 5 k events",
        EVENTS,
        [
            Contender("eventsnn", lambda: calls.append(1), 5000),
            Contender("right", lambda: 7, 2500, lambda answer: answer == 7),
            Contender("wrong", lambda: 8, 5000, lambda answer: answer == 7, "why"),
        ],
    )
    timings = timed(operation, 3)
    assert len(calls) == 1 + 3, "one call to warm up, then one a round"
    assert [timing.implementation for timing in timings] == ["eventsnn", "right", "wrong", "plain copy"]
    assert [timing.agrees for timing in timings] == [None, True, False, None]
    for timing in timings:
        events = 2500 if timing.implementation == "right" else 5000
        np.testing.assert_allclose(timing.mev_s, events / timing.ms / 1e3)
        np.testing.assert_allclose(timing.of_copy, timing.mev_s / timings[-1].mev_s)
        np.testing.assert_allclose(timing.ours, timings[0].mev_s / timing.mev_s)
    table = list(as_table(timings))
    assert len(table) == 1 + 4
    assert table[3].endswith("WRONG")
