"""Our filters and representations as tonic transforms, and tonic's datasets as sources of events.

tonic is under the GPL, version 3, so it is an extra and is imported only by `tonic_dataset`, when called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError, unknown_name
from eventsnn.events import Events, Sensor
from eventsnn.exchange.arrays import from_structured, to_structured
from eventsnn.exchange.columns import column_names
from eventsnn.exchange.packages import optional
from eventsnn.filters import Filter, filtered
from eventsnn.representations import Representation


class TonicTransform:
    """Filters, and a representation of what they keep, as one tonic transform.

    Each sample begins anew: no state of a filter goes from one to the next. The interval of a
    representation runs from the first event to the last.

    >>> from eventsnn.filters.refractory import Refractory
    >>> from eventsnn.representations import VoxelGrid
    >>> sample = np.array([(3, 1, 40, 1), (3, 1, 41, 0)], [("x", int), ("y", int), ("t", int), ("p", int)])
    >>> TonicTransform(Refractory(period_us=10), sensor=(34, 34, 2))(sample)
    array([(3, 1, 40, 1)],
          dtype=[('x', '<i8'), ('y', '<i8'), ('t', '<i8'), ('p', '<i8')])
    >>> TonicTransform(Refractory(period_us=10), VoxelGrid(bins=5), sensor=(34, 34, 2))(sample).shape
    (5, 34, 34)

    Args:
        steps: filters, of which the first sees the sample first; the last step may be a representation.
        sensor: the pixel array of the samples, ours or tonic's (width, height, polarities).

    Raises:
        ConfigError: no step, or one that is neither a filter nor a representation at the end.
        ShapeError: an impossible sensor.
    """

    def __init__(self, *steps: Filter | Representation, sensor: Sensor | Sequence[int]) -> None:
        made = bool(steps) and Representation in type(steps[-1]).__mro__
        before = steps[:-1] if made else steps
        if not steps or any(Filter not in type(step).__mro__ for step in before):
            names = ", ".join(type(step).__name__ for step in steps) or "nothing"
            raise ConfigError(f"a tonic transform is made of filters, then a representation, not of {names}")
        self.filters = cast(tuple[Filter, ...], before)
        self.representation = cast(Representation, steps[-1]) if made else None
        self.sensor = _as_sensor(sensor)

    def __call__(self, sample: NDArray[Any]) -> NDArray[Any]:
        """The sample transformed.

        Args:
            sample: (N,) structured array with x, y, t and p in any order and of any type.
        Returns: what the filters keep, in the layout of the sample; or the planes of the representation.
        Raises: ShapeError: a sample that is not events of the sensor in time order.
        """
        (events,) = filtered([from_structured(sample, self.sensor)], *self.filters)
        if self.representation is not None:
            return self.representation(events)
        kept = to_structured(events, sample.dtype)
        field = column_names(sample.dtype.names or (), "the sample")["p"]
        if sample.dtype[field].kind != "b" and (sample[field] < 0).any():
            kept[field] = np.where(events.p, 1, -1)
        return kept


class TonicEvents:
    """The samples of a tonic dataset as events, one (events, target) an index; a dataset for torch too.

    >>> sample = np.array([(3, 1, 40, 1), (3, 1, 41, 0)], [("x", int), ("y", int), ("t", int), ("p", int)])
    >>> source = TonicEvents([(sample, "a digit")], sensor=(34, 34, 2))
    >>> source[0]
    (Events(2 on 34x34, 40..41 µs), 'a digit')

    Args:
        dataset: any with a length and samples by index, each (data, target) or data alone, where data is
            a structured array of events or holds one somewhere inside its tuples and dicts.
        sensor: the pixel array, ours or tonic's (width, height, polarities); the dataset's own where None.
        part: which array of data, where it holds several (a stereo set): "events_left" or "0" as its dicts
            and tuples name it.
    Raises: ConfigError: a dataset that does not say its sensor's size.
    """

    def __init__(
        self, dataset: Any, sensor: Sensor | Sequence[int] | None = None, part: str | None = None
    ) -> None:
        size = sensor if sensor is not None else getattr(dataset, "sensor_size", None)
        if size is None:
            raise ConfigError(
                f"{type(dataset).__name__} does not say its sensor's size; give one that holds every sample"
            )
        self.dataset = dataset
        self.sensor = _as_sensor(size)
        self.part = part

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Events, Any]:
        """Events and target of a sample; the target is None where there is none.

        Raises:
            ConfigError: a sample without events, or with several arrays of them and no `part` that chooses.
            ShapeError: values that are not events of the sensor in time order.
        """
        sample = self.dataset[index]
        data, target = sample if isinstance(sample, tuple) and len(sample) == 2 else (sample, None)
        arrays = dict(_event_arrays(data, ()))
        chosen = [path for path in arrays if self.part is None or self.part in path]
        if len(chosen) != 1:
            there = ", ".join(".".join(path) or "the sample itself" for path in arrays) or "none"
            raise ConfigError(
                f"sample {index} of {type(self.dataset).__name__} must hold one array with x, y, t and p"
                f"{f' named {self.part}' if self.part else ''}; there are: {there} (`part` chooses)"
            )
        return from_structured(arrays[chosen[0]], self.sensor), target

    def __iter__(self) -> Iterator[tuple[Events, Any]]:
        return (self[index] for index in range(len(self)))


def tonic_dataset(
    name: str,
    save_to: str | Path,
    *,
    sensor: Sensor | Sequence[int] | None = None,
    part: str | None = None,
    **options: Any,
) -> TonicEvents:
    """One of tonic's datasets as events.

    Args:
        name: as tonic calls it ("NMNIST").
        save_to: the folder above the dataset's own; tonic downloads what it does not find there.
        sensor: as in `TonicEvents`.
        part: as in `TonicEvents`.
        options: what the dataset's class takes besides, such as train=False.
    Raises: ConfigError: tonic is not installed, it has no such dataset, or the sensor's size is unknown.
    """
    tonic = optional("tonic", "eventsnn[tonic]")
    known = {key: value for key, value in vars(tonic.datasets).items() if isinstance(value, type)}
    if name not in known:
        raise unknown_name("tonic dataset", name, known)
    return TonicEvents(known[name](save_to=str(save_to), **options), sensor, part)


def _event_arrays(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], NDArray[Any]]]:
    """Every structured array with x, y, t and p inside tuples, lists and dicts, and the keys to it."""
    if isinstance(data, np.ndarray) and {"x", "y", "t", "p"} <= set(data.dtype.names or ()):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _event_arrays(value, (*path, str(key)))
    elif isinstance(data, (tuple, list)):
        for index, value in enumerate(data):
            yield from _event_arrays(value, (*path, str(index)))


def _as_sensor(size: Sensor | Sequence[int]) -> Sensor:
    return size if isinstance(size, Sensor) else Sensor(int(size[0]), int(size[1]))
