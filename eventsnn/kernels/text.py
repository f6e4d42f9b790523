"""Lines of numbers to events and back, byte by byte, without a float on the way."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

T, X, Y, P = range(4)
"""What a column holds."""
OTHER = -1
"""A column that is passed over."""

GOOD, NOT_AN_EVENT, IMPOSSIBLE = range(3)
"""What `parse_lines` says of the line at which it stopped: none; wrong columns; a value that cannot be."""

LONGEST_LINE = 36
"""Bytes that `format_lines` needs for an event at most."""

_TOO_FAR_US = 2**62
_ROOM = 922337203685477579
"""Up to here one more digit fits into int64."""
_MOST_POWER = 18
_POWERS = np.array([10**k for k in range(_MOST_POWER + 1)], np.int64)
_FARTHEST_EXPONENT = 100_000

_BLANK, _TAB, _RETURN, _NEWLINE = 32, 9, 13, 10
_COMMA, _SEMICOLON, _HASH, _PERCENT = 44, 59, 35, 37
_ENDS_WORD = np.zeros(256, np.bool_)
_ENDS_WORD[[_BLANK, _TAB, _RETURN, _NEWLINE, _COMMA, _SEMICOLON, _HASH, _PERCENT]] = True
_PLUS, _MINUS, _POINT, _ZERO, _E, _LOWER = 43, 45, 46, 48, 101, 32


@njit(nogil=True, cache=True)
def _blanks(data: NDArray[np.uint8], i: int) -> int:
    while data[i] == _BLANK or data[i] == _TAB or data[i] == _RETURN:
        i += 1
    return i


@njit(nogil=True, cache=True)
def _polarity_word(data: NDArray[np.uint8], i: int) -> tuple[int, int]:
    """(where a word that says a polarity ends, what it says); -1 for both where it is another word."""
    first, second = data[i] | _LOWER, data[i + 1] | _LOWER
    if first == 111 and second == 110:  # on
        return i + 2, 1
    if first == 111 and second == 102 and data[i + 2] | _LOWER == 102:  # off
        return i + 3, 0
    if first == 116 and second == 114 and data[i + 2] | _LOWER == 117 and data[i + 3] | _LOWER == 101:
        return i + 4, 1  # true
    if (
        first == 102
        and second == 97
        and data[i + 2] | _LOWER == 108
        and data[i + 3] | _LOWER == 115
        and data[i + 4] | _LOWER == 101
    ):
        return i + 5, 0  # false
    return -1, -1


@njit(nogil=True, cache=True)
def _number(data: NDArray[np.uint8], i: int, scale: int, exact: bool) -> tuple[int, int, bool]:
    """A decimal number times ten to a power, as a whole number.

    Args:
        data: bytes; those from `i` on end with a newline.
        i: where it begins.
        scale: the power of ten.
        exact: whether a fraction is refused; else it is rounded, a half to even.
    Returns: where it ends, -1 where there is no number; its value; whether that is possible.
    """
    negative = data[i] == _MINUS
    if negative or data[i] == _PLUS:
        i += 1
    value, power, lost, begin = 0, scale, False, i
    first_lost, more_lost = -1, False
    digit = int(data[i]) - _ZERO
    while 0 <= digit <= 9:
        if value <= _ROOM:
            value = value * 10 + digit
        else:
            power += 1
            lost |= digit != 0
            more_lost |= first_lost >= 0 and digit != 0
            first_lost = digit if first_lost < 0 else first_lost
        i += 1
        digit = int(data[i]) - _ZERO
    digits = i - begin
    if data[i] == _POINT:
        i += 1
        begin = i
        digit = int(data[i]) - _ZERO
        while 0 <= digit <= 9:
            if value <= _ROOM and power > -_FARTHEST_EXPONENT:
                value = value * 10 + digit
                power -= 1
            else:
                lost |= digit != 0
                more_lost |= first_lost >= 0 and digit != 0
                first_lost = digit if first_lost < 0 else first_lost
            i += 1
            digit = int(data[i]) - _ZERO
        digits += i - begin
    if digits == 0:
        return -1, 0, False
    if data[i] | _LOWER == _E:
        i += 1
        down = data[i] == _MINUS
        if down or data[i] == _PLUS:
            i += 1
        begin, exponent = i, 0
        digit = int(data[i]) - _ZERO
        while 0 <= digit <= 9:
            if exponent < _FARTHEST_EXPONENT:
                exponent = exponent * 10 + digit
            i += 1
            digit = int(data[i]) - _ZERO
        if i == begin:
            return -1, 0, False
        power += -exponent if down else exponent
    if value == 0 and not lost:
        return i, 0, True
    while power > 0:
        if value > _TOO_FAR_US // 10:
            return i, 0, False
        value *= 10
        power -= 1
    while power < -_MOST_POWER and value != 0:
        lost |= value % 10 != 0
        value //= 10
        power += 1
    if power < 0:
        if value == 0:
            return i, 0, not exact
        divisor = int(_POWERS[-power])
        whole = value // divisor
        rest = 2 * (value - whole * divisor) if divisor > 1 else 0
        if exact and (rest != 0 or lost):
            return i, 0, False
        if rest > divisor or (rest == divisor and (lost or whole & 1)):
            whole += 1
        value = whole
    elif exact and lost:
        return i, 0, False
    elif first_lost > 5 or (first_lost == 5 and (more_lost or value & 1)):
        # all 19 digits that fit stand before the point
        value += 1
    if value >= _TOO_FAR_US:
        return i, 0, False
    return i, -value if negative else value, True


@njit(nogil=True, cache=True)
def parse_lines(
    data: NDArray[np.uint8],
    columns: NDArray[np.int64],
    scale: int,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
) -> tuple[int, int, int, int, int, int]:
    """Events from lines; columns are parted by blanks, tabs, a comma or a semicolon; # and % begin comments.

    Args:
        data: (B,) uint8, whole lines; the last byte is a newline.
        columns: (C,) int64, what each column holds: T, X, Y, P or OTHER.
        scale: power of ten that makes µs of the times.
        t: (N,) int64, µs, written to; N is at least the number of lines.
        x: (N,) uint16, px, written to.
        y: (N,) uint16, px, written to.
        p: (N,) bool, written to.
    Returns: events parsed, lines before the one at which it stopped, what is wrong with that line (GOOD:
        all lines were parsed), the column's kind, where the line begins, where the word begins.
    """
    i, line, count = 0, 0, 0
    time, left, top, polarity = 0, 0, 0, 0
    while i < data.size:
        begin = i
        i = _blanks(data, i)
        if data[i] != _NEWLINE and data[i] != _HASH and data[i] != _PERCENT:
            for column in range(columns.size):
                kind = columns[column]
                word = i
                if kind == OTHER:
                    while not _ENDS_WORD[data[i]]:
                        i += 1
                elif kind == P and data[i] >= 65:
                    i, polarity = _polarity_word(data, i)
                    if i < 0:
                        return count, line, NOT_AN_EVENT, kind, begin, word
                else:
                    value, possible = 0, True
                    digit = int(data[i]) - _ZERO
                    while 0 <= digit <= 9:
                        value = value * 10 + digit
                        i += 1
                        digit = int(data[i]) - _ZERO
                    # Most numbers are short and whole; the rest is read again.
                    if not _ENDS_WORD[data[i]] or i == word or i - word > 17 or (kind == T and scale != 0):
                        i, value, possible = _number(data, word, scale if kind == T else 0, kind != T)
                    if i < 0 or not _ENDS_WORD[data[i]]:
                        return count, line, NOT_AN_EVENT, kind, begin, word
                    if kind == T:
                        time = value
                    elif kind == X:
                        left = value
                        possible &= 0 <= value <= 65535
                    elif kind == Y:
                        top = value
                        possible &= 0 <= value <= 65535
                    else:
                        polarity = value
                        possible &= -1 <= value <= 1
                    if not possible:
                        return count, line, IMPOSSIBLE, kind, begin, word
                if not _ENDS_WORD[data[i]]:
                    return count, line, NOT_AN_EVENT, kind, begin, word
                i = _blanks(data, i)
                if data[i] == _COMMA or data[i] == _SEMICOLON:
                    i = _blanks(data, i + 1)
            if data[i] != _NEWLINE and data[i] != _HASH and data[i] != _PERCENT:
                return count, line, NOT_AN_EVENT, OTHER, begin, i
            t[count], x[count], y[count], p[count] = time, left, top, polarity > 0
            count += 1
        while data[i] != _NEWLINE:
            i += 1
        i += 1
        line += 1
    return count, line, GOOD, OTHER, i, i


@njit(nogil=True, cache=True)
def _digits(value: int, out: NDArray[np.uint8], at: int) -> int:
    """Write a whole number that is not negative; gives where it ends."""
    size, rest = 1, value
    while rest >= 10:
        rest //= 10
        size += 1
    end = at + size
    for place in range(end - 1, at - 1, -1):
        rest = value // 10
        out[place] = _ZERO + (value - 10 * rest)
        value = rest
    return end


@njit(nogil=True, cache=True)
def format_lines(
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.bool_],
    separator: int,
    out: NDArray[np.uint8],
) -> int:
    """Events as lines `t x y p`; the inverse of `parse_lines`.

    Args:
        t: (N,) int64, µs, nearer to 0 than 2**62.
        x: (N,) uint16, px.
        y: (N,) uint16, px.
        p: (N,) bool.
        separator: the byte between columns.
        out: (LONGEST_LINE N,) uint8, written to.
    Returns: how many bytes were written.
    """
    at = 0
    for i in range(t.size):
        time = int(t[i])
        if time < 0:
            out[at] = _MINUS
            at += 1
            time = -time
        at = _digits(time, out, at)
        out[at] = separator
        at = _digits(int(x[i]), out, at + 1)
        out[at] = separator
        at = _digits(int(y[i]), out, at + 1)
        out[at] = separator
        out[at + 1] = _ZERO + p[i]
        out[at + 2] = _NEWLINE
        at += 3
    return at
