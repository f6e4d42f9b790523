import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.kernels.expand import ROOM, expand


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([8, 12, 32]),
    st.integers(0, 2047),
    st.booleans(),
    st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_every_bit_is_an_event(valid, columns, first_x, on, before):
    valid &= (1 << columns) - 1
    size = before + ROOM
    t, x = np.full(size, -1, np.int64), np.zeros(size, np.uint16)
    y, p = np.zeros(size, np.uint16), np.zeros(size, np.bool_)
    got = int(
        expand(
            np.uint64(valid),
            columns,
            np.int64(7),
            np.int64(first_x),
            np.int64(5),
            on,
            np.uint64(before),
            t,
            x,
            y,
            p,
        )
    )
    bits = [bit for bit in range(32) if valid >> bit & 1]
    assert got == before + len(bits)
    assert x[before:got].tolist() == [first_x + bit for bit in bits]
    assert set(t[:before]) <= {-1}
    for column, value in ((t, 7), (y, 5), (p, on)):
        assert set(column[before:got].tolist()) <= {value}
