"""Compressed chunks of ROS 1 bags and MCAP files, unpacked up to the size they claim and no further."""

from __future__ import annotations

import bz2
import io
from typing import Any

MOST_BYTES = 1 << 30
"""A chunk that claims more is damaged; recorders make them of some MB."""

COMPRESSIONS = ("", "none", "bz2", "lz4", "zstd")

_STEP_BYTES = 1 << 16
"""Unpacked at once: the step in which damage lies is lost as a whole."""


def unpack(data: bytes, compression: str, size: int) -> tuple[bytes, str]:
    """The content of a chunk, as much as is whole, and what is wrong with it; "" where nothing is.

    Args:
        data: its bytes.
        compression: one of `COMPRESSIONS`.
        size: what it claims to unpack to.
    """
    if compression in ("", "none"):
        return data, "" if len(data) == size else f"it holds {len(data)} bytes, not {size}"
    pieces, left, wrong = [], size + 1, ""
    try:
        reader = _reader(data, compression)
        while left and (piece := reader.read(min(left, _STEP_BYTES))):
            pieces.append(piece)
            left -= len(piece)
    # Each library has its own errors, all of which mean that the bytes cannot be unpacked.
    except Exception as error:
        wrong = f"its {compression} data cannot be unpacked: {error}"
    content = b"".join(pieces)
    if not wrong and len(content) != size:
        wrong = f"its {compression} data does not unpack to {size} bytes"
    return content[:size], wrong


def _reader(data: bytes, compression: str) -> Any:
    if compression == "bz2":
        return bz2.BZ2File(io.BytesIO(data))
    if compression == "lz4":
        import lz4.frame

        return lz4.frame.LZ4FrameFile(io.BytesIO(data))
    import zstandard

    return zstandard.ZstdDecompressor().stream_reader(data)
