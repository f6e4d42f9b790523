import pytest

from eventsnn.kernels.time_high import next_high, wraps


@pytest.mark.parametrize(
    ("before", "wanted", "way"),
    [
        (-1, 9, [9]),
        (2, 9, [9]),
        (9, 2, [2]),
        (15, 16, [16]),
        (12, 16, [16]),
        (7, 17, [15, 17]),
        (7, 16 + 14, [15, 16, 30]),
        (0, 35, [15, 16, 31, 35]),
        (15, 7, [-1]),
        (17, 15, [-1]),
    ],
)
def test_a_reader_that_follows_the_way_counts_every_wrap(before, wanted, way):
    found, loops, high = [], before >> 4, before
    while high != wanted:
        step = next_high(wanted, high, 4)
        found.append(step)
        if step < 0:
            break
        if high >= 0:
            loops += wraps(step & 15, high & 15, 4)
        assert loops in (step >> 4, -1)
        high = step
    assert found == way
