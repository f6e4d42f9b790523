from collections import Counter

import numpy as np
import pytest

from eventsnn import Events, Sensor
from eventsnn.errors import FormatError
from eventsnn.formats.prophesee_words import STRETCH, WordDecoder

SENSOR = Sensor(1280, 720)


def test_a_message_at_a_time_or_all_at_once():
    words = np.array([0x8001, 0x6005, 0x0007, 0x2803, 0xA101, 0x9000, 0x3064, 0x4003, 0x5001], "<u2")
    whole, apart = WordDecoder("EVT3", SENSOR), WordDecoder("EVT3", SENSOR)
    used, events, triggers = whole.decode(words)
    assert used == len(words)
    assert (events.t.tolist(), events.x.tolist()) == ([4101] * 4, [3, 100, 101, 112])
    assert (triggers.t.tolist(), triggers.kind.tolist(), triggers.line.tolist()) == ([4101], [1], [1])
    parts = [apart.decode(words[k : k + 1])[1] for k in range(len(words))]
    np.testing.assert_array_equal(Events.concat(parts).x, events.x)
    assert apart.state == whole.state
    remarks: Counter[str] = Counter()
    for _ in range(2):
        whole.take_counts(remarks)
    assert remarks == {"words of an unknown type": 1}


def test_a_state_goes_on_elsewhere():
    first, second = WordDecoder("EVT2", SENSOR), WordDecoder("EVT2", SENSOR)
    first.decode(np.array([0x8 << 28 | 2], "<u4"))
    second.state = first.state
    assert second.decode(np.array([1 << 28], "<u4"))[1].t.tolist() == [128]


def test_no_stretch_is_much_too_long():
    words = np.full(STRETCH // 4, 0xFFFFFFFF, "<u8") & ~np.uint64(0xF << 60)
    words[0] = 0x8 << 60
    decoder = WordDecoder("EVT21", SENSOR)
    used, events, _ = decoder.decode(words)
    assert used < len(words)
    assert STRETCH <= len(events) < STRETCH + 32


def test_an_encoding_that_nobody_knows():
    with pytest.raises(FormatError, match="EVT9 is not known; known are EVT2, EVT21, EVT3"):
        WordDecoder("EVT9", SENSOR)
