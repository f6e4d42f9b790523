"""Prophesee RAW of 16-bit words that change one thing each, with vectors: EVT 3.0.

Source: docs.prophesee.ai, "EVT 3.0 Format".
"""

from __future__ import annotations

from pathlib import Path

from eventsnn.formats.format import Format
from eventsnn.formats.prophesee_raw import PropheseeRaw, PropheseeRawWriter, encoding_of


class Evt3(PropheseeRaw):
    """An EVT 3.0 RAW file."""

    format = encoding = "EVT3"


class Evt3Writer(PropheseeRawWriter):
    """Writes an EVT 3.0 RAW file."""

    encoding = "EVT3"
    time_bits = 24
    lines = 16


def _recognises(head: bytes, path: Path) -> bool:
    return encoding_of(head, path) == Evt3.encoding


FORMAT = Format("EVT3", (".raw",), _recognises, Evt3, Evt3Writer, default_for=(".raw",))
