import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn import Events, Sensor
from eventsnn.errors import ConfigError, ShapeError
from eventsnn.exchange import from_torch, from_torch_columns, to_rows, to_torch, to_torch_columns
from eventsnn.representations import voxel_grid, voxel_grid_torch

SENSOR = Sensor(346, 260)


@given(data=st.data(), order=st.permutations("xytp"))
@settings(max_examples=40, deadline=None)
def test_there_and_back(data, order, any_events, same):
    events = data.draw(any_events)
    order = "".join(order)
    rows = to_torch(events, order)
    assert rows.dtype == torch.int64
    assert rows.shape == (len(events), 4)
    assert same(from_torch(rows, SENSOR, order), events)
    assert same(from_torch_columns(to_torch_columns(events), SENSOR), events)


def test_columns_are_what_the_torch_representations_take():
    events = Events.checked([0, 30, 50, 100], [1, 1, 345, 7], [0, 2, 259, 7], [1, 0, 1, 1], SENSOR)
    grid = voxel_grid_torch(**to_torch_columns(events), sensor=SENSOR, bins=5, start_us=0, end_us=100)
    np.testing.assert_allclose(grid.numpy(), voxel_grid(events, 5, 0, 100), atol=1e-6)


def test_read_only_events_are_copied_without_a_warning():
    t = np.arange(3)
    t.flags.writeable = False
    events = Events.checked(t, [1, 2, 3], [1, 2, 3], [1, 1, 0], SENSOR)
    columns = to_torch_columns(events)
    columns["t"] += 1
    assert events.t.tolist() == [0, 1, 2]


def test_other_tensors_are_understood_or_refused():
    rows = torch.tensor([[3.0, 1.0, 40.0, -1.0], [5.0, 2.0, 70.0, 1.0]], requires_grad=True)
    assert to_rows(from_torch(rows, SENSOR)).tolist() == [[3, 1, 40, 0], [5, 2, 70, 1]]
    with pytest.raises(ShapeError, match="not in time order"):
        from_torch(rows.flip(0), SENSOR)
    with pytest.raises(ShapeError, match=r"\(N, 4\), not \(2, 3\)"):
        from_torch(rows[:, :3], SENSOR)
    with pytest.raises(ConfigError, match="once each"):
        to_torch(Events.empty(SENSOR), "xy")
    with pytest.raises(ShapeError, match="the dict of tensors has no column y"):
        from_torch_columns({"t": rows[:, 0], "x": rows[:, 0], "p": rows[:, 0]}, SENSOR)
