"""Prophesee RAW of 64-bit words, up to 32 neighbouring events each: EVT 2.1.

Source: docs.prophesee.ai, "EVT 2.1 Format".
"""

from __future__ import annotations

from pathlib import Path

from eventsnn.formats.format import Format
from eventsnn.formats.prophesee_raw import PropheseeRaw, PropheseeRawWriter, encoding_of


class Evt21(PropheseeRaw):
    """An EVT 2.1 RAW file."""

    format = encoding = "EVT21"


class Evt21Writer(PropheseeRawWriter):
    """Writes an EVT 2.1 RAW file."""

    encoding = "EVT21"
    time_bits = 34
    lines = 32


def _recognises(head: bytes, path: Path) -> bool:
    return encoding_of(head, path) == Evt21.encoding


FORMAT = Format("EVT21", (".raw",), _recognises, Evt21, Evt21Writer)
