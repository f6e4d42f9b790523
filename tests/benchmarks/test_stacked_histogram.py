"""The benchmark of stacked histograms: that its contenders do the same work."""

import json

import numpy as np

from eventsnn.benchmarks.case import moving_edges
from eventsnn.benchmarks.stacked_histogram import torch_histogram
from eventsnn.cli import main
from eventsnn.events import Sensor
from eventsnn.representations import stacked_histogram


def test_every_answer_is_right_or_says_why_it_is_not_compared(capsys):
    arguments = ["--events", "3000", "--sensor", "20x15", "--rounds", "1", "--json"]
    assert main(["bench", "stacked-histogram", *arguments]) == 0
    timings = json.loads(capsys.readouterr().out)["timings"]
    for timing in timings:
        ours = timing["implementation"] in ("eventsnn", "plain copy", "clearing out=")
        assert ours or timing["agrees"] or timing["note"]
    assert {timing["operation"] for timing in timings} == {
        "stacked histogram, 10 bins, 3 k events",
        "stacked histogram, 1280x720x10, 3 k events",
    }


def test_the_torch_code_that_is_timed_gives_the_same_planes():
    events = moving_edges(5000, Sensor(20, 15))
    np.testing.assert_array_equal(torch_histogram(events)(), stacked_histogram(events, 10))
