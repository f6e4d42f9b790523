"""Settings of every test."""

import os

# Several test processes on two cores: OpenMP's waiting threads would cost more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """The tests neither use nor fill the user's cache of file indices."""
    os.environ["EVENTSNN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
