"""The benchmark: that its contenders do the same work, and that it prints what it measured."""

import json

import numpy as np
import pytest

from eventsnn import bench
from eventsnn.cli import main
from eventsnn.events import Sensor
from eventsnn.representations import count_image, voxel_grid

EVENTS = bench._random_events(3000, Sensor(20, 15))


@pytest.mark.parametrize("bins", [2, 5])
def test_numpy_does_the_same_work(bins):
    np.testing.assert_allclose(bench._numpy_voxel(EVENTS, bins)(), voxel_grid(EVENTS, bins), atol=1e-4)
    np.testing.assert_array_equal(bench._numpy_count(EVENTS)(), count_image(EVENTS))


def test_tonic_does_the_same_work():
    functional = pytest.importorskip(
        "tonic.functional", reason="tonic is not installed (extra `bench`)", exc_type=ImportError
    )
    grid = functional.to_voxel_grid_numpy(bench._structured(EVENTS), (20, 15, 2), 5)
    # tonic spreads the interval over B bins, not B - 1, and drops what falls beyond the last.
    np.testing.assert_allclose(grid.reshape(5, 15, 20), voxel_grid(EVENTS, 6)[:5], atol=1e-3)


def test_json_names_every_contender(capsys):
    assert main(["bench", "--events", "2000", "--rounds", "1", "--sensor", "20x15", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["sensor"] == "20x15"
    by_operation = {}
    for timing in report["timings"]:
        by_operation.setdefault(timing["operation"].split(",")[0], []).append(timing)
    assert set(by_operation) == {"voxel grid", "count image", "time surface"}
    for timings in by_operation.values():
        assert {"eventsnn", "plain copy"} <= {timing["implementation"] for timing in timings}
    copies = [timing for timing in report["timings"] if timing["implementation"] == "plain copy"]
    assert all(copy["of_copy"] == 1 and copy["mev_s"] > 0 for copy in copies)


def test_the_table_has_a_row_for_each_timing(capsys):
    assert main(["bench", "--events", "300", "--rounds", "1", "--sensor", "20x15"]) == 0
    out = capsys.readouterr().out
    assert out.count("plain copy") == 6
    assert "voxel grid, 15 bins, 0.3 k events" in out


@pytest.mark.parametrize("option", ["--events", "--rounds"])
def test_nothing_to_measure_is_an_error(option, capsys):
    assert main(["bench", option, "0"]) == 2
    assert "at least 1 event" in capsys.readouterr().err
