"""The compression of payloads in AEDAT4 files and in the DV network protocol: LZ4 or Zstandard frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

from eventsnn.errors import FormatError

MAX_PACKET_BYTES = 1 << 28
"""A size above this is taken for a lie: 16 million events, a 16k x 16k frame."""

_PIECE_BYTES = 1 << 18
_MOST_LZ4_RATIO = 255
_USUAL_ZSTD_RATIO = 64


class Compression(IntEnum):
    """How the payloads are compressed; the HIGH ones differ only for the writer."""

    NONE = 0
    LZ4 = 1
    LZ4_HIGH = 2
    ZSTD = 3
    ZSTD_HIGH = 4


class Decompressor:
    """Undoes the compression of one payload after another; not to be shared between threads.

    Args:
        compression: as the header says.
    """

    def __init__(self, compression: Compression) -> None:
        self.compression = compression
        self._usual = _PIECE_BYTES
        self._zstd: Any = None

    def __call__(self, data: bytes | memoryview) -> bytes | memoryview:
        """A payload as it was before compression.

        Raises: FormatError: damaged data, or more than `MAX_PACKET_BYTES` of it.
        """
        if self.compression == Compression.NONE:
            return data
        # Asked for everything at once, both libraries allocate whatever a damaged size field claims.
        pieces: list[bytes] = []
        total = 0
        for piece in (
            self._lz4_pieces(data) if self.compression <= Compression.LZ4_HIGH else self._zstd_pieces(data)
        ):
            pieces.append(piece)
            total += len(piece)
            if total > MAX_PACKET_BYTES:
                raise FormatError(f"a compressed packet of more than {MAX_PACKET_BYTES >> 20} MiB")
        # a little more than the last one needed, so that the next is likely to come in one piece
        self._usual = max(_PIECE_BYTES, total + total // 4)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _lz4_pieces(self, data: bytes | memoryview) -> Iterator[bytes]:
        import lz4.frame

        stream = lz4.frame.LZ4FrameDecompressor()
        try:
            yield stream.decompress(data, min(self._usual, _MOST_LZ4_RATIO * len(data) + 64))
            while not (stream.eof or stream.needs_input):
                yield stream.decompress(b"", _PIECE_BYTES)
        except (RuntimeError, EOFError) as error:
            raise FormatError(f"damaged LZ4 data ({error})") from error

    def _zstd_pieces(self, data: bytes | memoryview) -> Iterator[bytes]:
        import zstandard

        if self._zstd is None:
            self._zstd = zstandard.ZstdDecompressor()
        try:
            declared = zstandard.frame_content_size(data)
            if 0 < declared <= min(MAX_PACKET_BYTES, _USUAL_ZSTD_RATIO * len(data)):
                yield self._zstd.decompress(data)
                return
            with self._zstd.stream_reader(data) as reader:
                while piece := reader.read(_PIECE_BYTES):
                    yield piece
        except (zstandard.ZstdError, MemoryError) as error:
            raise FormatError(f"damaged Zstandard data ({error})") from error


def decompress(data: bytes | memoryview, compression: Compression) -> bytes | memoryview:
    """A single payload as it was before compression; as `Decompressor`."""
    return Decompressor(compression)(data)


def compressor(compression: Compression) -> Callable[[bytes], bytes]:
    """What compresses one payload after another.

    Args:
        compression: as the header will say.
    """
    if compression == Compression.NONE:
        return lambda data: data
    if compression <= Compression.LZ4_HIGH:
        import lz4.frame

        level = lz4.frame.COMPRESSIONLEVEL_MIN if compression == Compression.LZ4 else 9
        return lambda data: lz4.frame.compress(data, level)
    import zstandard

    zstd = zstandard.ZstdCompressor(3 if compression == Compression.ZSTD else 18)
    return zstd.compress
