"""Keeping freed memory."""

import sys

from eventsnn.allocator import keep_freed_memory


def test_says_whether_the_allocator_took_it() -> None:
    assert keep_freed_memory() is sys.platform.startswith("linux")
