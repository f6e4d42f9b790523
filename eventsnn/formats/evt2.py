"""Prophesee RAW of 32-bit words, one event each: EVT 2.0.

Source: docs.prophesee.ai, "EVT 2.0 Format".
"""

from __future__ import annotations

from pathlib import Path

from eventsnn.formats.format import Format
from eventsnn.formats.prophesee_raw import PropheseeRaw, PropheseeRawWriter, encoding_of


class Evt2(PropheseeRaw):
    """An EVT 2.0 RAW file."""

    format = encoding = "EVT2"


class Evt2Writer(PropheseeRawWriter):
    """Writes an EVT 2.0 RAW file."""

    encoding = "EVT2"
    time_bits = 34
    lines = 32


def _recognises(head: bytes, path: Path) -> bool:
    return encoding_of(head, path) == Evt2.encoding


FORMAT = Format("EVT2", (".raw",), _recognises, Evt2, Evt2Writer)
