import numpy as np
import pytest

from eventsnn.kernels.evt2 import STATE, WRITER_STATE, decode_evt2, encode_evt2
from eventsnn.kernels.evt21 import decode_evt21, encode_evt21
from eventsnn.kernels.expand import ROOM


def high(value):
    return 0x8 << 28 | value


def pixel(low, x, y, on):
    return on << 28 | low << 22 | x << 11 | y


def trigger(low, line, rising):
    return 0xA << 28 | low << 22 | line << 8 | rising


def decode(words, dtype=np.uint32):
    """(events as rows, triggers as rows, counts)."""
    room = 32 * len(words) + ROOM
    columns = np.empty(room, np.int64), np.empty(room, "u2"), np.empty(room, "u2"), np.empty(room, bool)
    marks = np.empty(9, np.int64), np.empty(9, np.uint8), np.empty(9, np.uint8)
    counts = np.zeros(3, np.int64)
    kernel = decode_evt2 if dtype == np.uint32 else decode_evt21
    used, n, k = kernel(np.array(words, dtype), np.array(STATE), counts, *columns, *marks)
    assert used == len(words)
    events = list(zip(*(column[:n].tolist() for column in columns), strict=True))
    return events, list(zip(*(column[:k].tolist() for column in marks), strict=True)), counts.tolist()


def test_a_word_is_an_event():
    words = [
        high(2),
        pixel(5, 2047, 3, 1),
        pixel(63, 4, 2047, 0),
        high(3),
        trigger(1, 6, 1),
        trigger(2, 31, 0),
    ]
    events, triggers, counts = decode(words)
    assert events == [(133, 2047, 3, True), (191, 4, 2047, False)]
    assert triggers == [(193, 1, 6), (194, 2, 31)]
    assert counts == [0, 0, 0]


def test_a_word_of_64_bits_is_up_to_32_events():
    def wide(upper, valid=0):
        return upper << 32 | valid

    words = [wide(high(2)), wide(pixel(5, 64, 3, 1), 0x80000101), wide(pixel(6, 7, 8, 0), 1 << 9)]
    words += [wide(pixel(6, 7, 8, 0), 0), wide(pixel(7, 32, 9, 1), 0xFFFFFFFF), wide(trigger(1, 6, 1))]
    events, triggers, counts = decode(words, np.uint64)
    assert events[:4] == [(133, 64, 3, True), (133, 72, 3, True), (133, 95, 3, True), (134, 16, 8, False)]
    assert events[4:] == [(135, x, 9, True) for x in range(32, 64)]
    assert (triggers, counts) == ([(129, 1, 6)], [0, 0, 0])


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_wraps_unknown_words_and_a_begin_without_time_are_counted(dtype):
    words = [
        pixel(1, 1, 1, 1),
        high((1 << 28) - 1),
        high(1),
        0xE << 28,
        0xF << 28,
        0x5 << 28,
        pixel(1, 2, 3, 0),
    ]
    shift, valid = (0, 0) if dtype == np.uint32 else (32, 1)
    events, _, counts = decode([word << shift | valid for word in words], dtype)
    assert events == [((1 << 34) + 65, 2, 3, False)]
    assert counts == [1, 1, 1]


def encode(kernel, dtype, t, x, y, p, triggers=()):
    marks = [np.array([mark[k] for mark in triggers], kind) for k, kind in enumerate((np.int64, "u1", "u1"))]
    columns = [np.array(c, kind) for c, kind in zip((t, x, y, p), (np.int64, "u2", "u2", bool), strict=True)]
    words = np.empty(99, dtype)
    used, trigger, number = kernel(*columns, *marks, np.full(WRITER_STATE, -1, np.int64), words)
    assert (used, trigger) == (len(t), len(triggers))
    return words[:number].tolist()


def test_events_and_triggers_are_written_in_order_of_time():
    words = encode(encode_evt2, np.uint32, [5, 64], [1, 2], [3, 4], [1, 0], [(5, 2, 3), (70, 1, 9)])
    before = [high(0), trigger(5, 3, 0), pixel(5, 1, 3, 1)]
    assert words == [*before, high(1), pixel(0, 2, 4, 0), trigger(6, 9, 1)]


def test_every_wrap_on_the_way_is_written():
    words = encode(encode_evt2, np.uint32, [0, 3 << 34], [1, 2], [3, 4], [1, 0])
    assert [event[0] for event in decode(words)[0]] == [0, 3 << 34]
    assert len(words) == 3 + 2 * 3


def test_neighbours_to_the_right_in_one_block_become_one_word():
    x = [40, 41, 63, 64, 60, 61]
    words = encode(encode_evt21, np.uint64, [0] * 6, x, [7] * 6, [1] * 6)
    wide = [pixel(0, 32, 7, 1) << 32 | 1 << 8 | 1 << 9 | 1 << 31, pixel(0, 64, 7, 1) << 32 | 1]
    assert words == [high(0) << 32, *wide, pixel(0, 32, 7, 1) << 32 | 1 << 28 | 1 << 29]
