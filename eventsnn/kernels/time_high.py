"""The upper bits of time in words of their own, as all of Prophesee's encodings have them.

They wrap; a fall by half their range or more is a wrap, a smaller one a step back.
"""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def wraps(high: int, before: int, bits: int) -> int:
    """1 where TIME_HIGH wrapped, else 0.

    Args:
        high: the new TIME_HIGH.
        before: the one before it, -1 where there was none.
        bits: how many it has.
    """
    return int(before >= high + (1 << (bits - 1)))


@njit(nogil=True, cache=True)
def next_high(wanted: int, before: int, bits: int) -> int:
    """The next TIME_HIGH to write on the way to one, so that a reader counts every wrap.

    Args:
        wanted: where to go, wraps counted in the bits above `bits`.
        before: the one that was written last, counted likewise; -1 where there was none.
        bits: how many bits a word has.
    Returns: as `wanted`, only its lower bits are written; -1 where a reader would take the way for a wrap.
    """
    mask = (1 << bits) - 1
    loops = (wanted >> bits) - (before >> bits)
    if before < 0:
        return wanted
    if loops == 0:
        return -1 if wraps(wanted, before, bits) else wanted
    if loops < 0:
        return -1
    if loops == 1 and wraps(wanted & mask, before & mask, bits):
        return wanted
    return before + 1 if before & mask == mask else before | mask
