import numpy as np

from eventsnn.kernels.dat import STATE, decode_dat, encode_dat


def decode(records, pieces=1, bits=(14, 14)):
    state, found, wraps = np.array(STATE), [], 0
    for piece in np.array_split(np.array(records, np.uint64), pieces):
        n = piece.size
        columns = np.empty(n, np.int64), np.empty(n, np.uint16), np.empty(n, np.uint16), np.empty(n, np.bool_)
        if n:
            wraps += decode_dat(piece, *bits, state, *columns)
        found += zip(*(column.tolist() for column in columns), strict=True)
    return found, wraps


def test_places_lie_above_times():
    record = (1 << 28 | 16383 << 14 | 5) << 32 | 4_000_000_000
    assert decode([record]) == ([(4_000_000_000, 5, 16383, True)], 0)
    assert decode([(1 << 17 | 200 << 9 | 300) << 32 | 7], bits=(9, 8)) == ([(7, 300, 200, True)], 0)


def test_a_great_fall_is_a_wrap_and_a_small_one_a_step_back():
    times = [5, 3, 2**32 - 1, 0, 2**31, 2**31 - 5, 2**31 + 9, 8]
    expected = [5, 3, 2**32 - 1, 2**32, *(2**32 + time for time in times[4:7]), 2**33 + 8]
    for pieces in (1, 2, 8):
        found, wraps = decode(times, pieces)
        assert [event[0] for event in found] == expected
        assert wraps == 2


def test_blocks_and_pieces_change_nothing():
    rng = np.random.default_rng(0)
    t = np.cumsum(rng.integers(0, 1_000_000, 20_000))
    x, y, p = rng.integers(0, 16384, t.size), rng.integers(0, 16384, t.size), rng.random(t.size) < 0.5
    records = np.empty(t.size, np.uint64)
    encode_dat(t, x.astype(np.uint16), y.astype(np.uint16), p, 0, records)
    expected = list(zip(*(column.tolist() for column in (t, x, y, p)), strict=True))
    for pieces in (1, 7):
        assert decode(records, pieces) == (expected, int(t[-1] >> 32))
