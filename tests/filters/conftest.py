"""Events for the tests of filters, and dv_processing's filters to compare with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eventsnn.events import Events, Sensor


@pytest.fixture
def some() -> Callable[..., Events]:
    """`some(n, seed)`: random events, about 25 µs apart, that begin at 1 s on 16x12 pixels."""

    def make(n: int, seed: int, sensor: Sensor | None = None) -> Events:
        sensor = sensor or Sensor(16, 12)
        rng = np.random.default_rng(seed)
        return Events.checked(
            1_000_000 + np.cumsum(rng.integers(0, 50, n)),
            rng.integers(0, sensor.width, n),
            rng.integers(0, sensor.height, n),
            rng.random(n) < 0.5,
            sensor,
        )

    return make


@pytest.fixture
def dv_kept() -> Callable[[Any, Events], list[tuple[int, int, int, bool]]]:
    """`dv_kept(filter, events)`: what a filter of dv_processing keeps."""

    def run(filter: Any, events: Events) -> list[tuple[int, int, int, bool]]:
        import dv_processing as dv

        store = dv.EventStore()
        for event in rows(events):
            store.push_back(*event)
        filter.accept(store)
        kept = filter.generateEvents().numpy()
        columns = (kept[name].tolist() for name in ("timestamp", "x", "y"))
        return list(zip(*columns, kept["polarity"].astype(bool).tolist(), strict=True))

    return run


def rows(events: Events) -> list[tuple[int, int, int, bool]]:
    columns = (column.tolist() for column in (events.t, events.x, events.y, events.p))
    return list(zip(*columns, strict=True))


@pytest.fixture(name="rows")
def _rows() -> Callable[[Events], list[tuple[int, int, int, bool]]]:
    """`rows(events)`: (t, x, y, p) of each."""
    return rows
