"""Keep freed memory in the process: network steps allocate the same large buffers again and again."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024
"""The most that glibc takes on 64 bits (malloc(3), DEFAULT_MMAP_THRESHOLD_MAX)."""


def keep_freed_memory() -> bool:
    """Tell glibc to reuse large buffers instead of giving them back and faulting them in again.

    A program calls it once at its start. Elsewhere than on Linux with glibc it does nothing.

    Returns: whether the allocator took it.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has no mallopt
        return False
    kept = mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    return bool(kept and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
