"""Columns of events under the names and in the types that libraries give them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, ShapeError

COLUMNS = {"t": ("t", "ts", "timestamp"), "x": ("x",), "y": ("y",), "p": ("p", "pol", "polarity", "on")}
"""Our name of a column -> the names it has elsewhere (tonic: t, p; dv and evlib: polarity; faery: on)."""


def column_names(names: Iterable[str], where: str) -> dict[str, str]:
    """Which name each of the columns t, x, y and p has.

    Args:
        names: what there is; other columns may stand between.
        where: what they belong to, for the message ("the data frame").
    Raises: ShapeError: a column is missing, or there twice under two names.
    """
    names = list(names)
    found = {}
    for column, known in COLUMNS.items():
        matching = [name for name in names if name in known]
        if len(matching) != 1:
            problem = f"two columns for {column}" if matching else f"no column {' or '.join(known)}"
            raise ShapeError(f"{where} has {problem}; its columns are: {', '.join(map(str, names))}")
        found[column] = matching[0]
    return found


def in_microseconds(t: NDArray[Any]) -> NDArray[Any]:
    """Times as numbers of µs; numbers are taken for µs, durations and dates are converted.

    Args:
        t: (N,) integer µs, timedelta64 or datetime64 of any unit.
    Raises: ShapeError: a time that is no whole µs.
    """
    if t.dtype.kind not in "mM":
        return t
    whole = t.astype(f"{t.dtype.kind}8[us]", copy=False)
    if (whole != t).any():
        raise ShapeError(f"event times of {t.dtype} are missing or no whole µs; round them first")
    return whole.view(np.int64)


def checked_order(order: str) -> str:
    """An order of columns, once it is sure that it is one.

    Raises: ConfigError: not the letters x, y, t and p once each.
    """
    if sorted(order) != ["p", "t", "x", "y"]:
        raise ConfigError(f"the order of columns is x, y, t and p once each, as in 'xytp', not {order!r}")
    return order
