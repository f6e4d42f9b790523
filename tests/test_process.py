"""Settings of the process."""

import os
import sys

import pytest

from eventsnn.process import keep_freed_memory, share_cores


def test_says_whether_the_allocator_took_it() -> None:
    assert keep_freed_memory() is sys.platform.startswith("linux")


def test_half_of_the_cores_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    share_cores()
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OMP_WAIT_POLICY"] == "active"
