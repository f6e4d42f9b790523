"""Settings of the process."""

import os
import sys

import pytest

from eventsnn.process import keep_freed_memory, share_cores


def test_says_whether_the_allocator_took_it() -> None:
    assert keep_freed_memory() is sys.platform.startswith("linux")


def test_half_of_the_allowed_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8, 16)), raising=False)
    share_cores()
    assert os.environ["OMP_NUM_THREADS"] == "4"


def test_half_of_all_cores_where_the_system_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    share_cores()
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_what_the_user_says_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    share_cores()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"]) == ("5", "active")
