"""One TCP connection of the DV network protocol, which carries one stream, read by its own thread.

dv-processing's own `NetworkReader` is not used: it loses unread packets when the writer ends, drops
packets without saying so, and stays dead when the writer comes back.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from eventsnn.errors import CameraNotFound, EventsnnError, FormatError
from eventsnn.formats.dv_compression import MAX_PACKET_BYTES, Compression
from eventsnn.formats.dv_packets import (
    HEADER_SIZE,
    MAX_HEADER_BYTES,
    PACKET_HEADER,
    Header,
    Stream,
    decode_header,
)

CONNECT_S = 2.0
"""Longest wait for the other side to accept, and then to introduce itself."""

FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 1.0
"""Waits between attempts to find a lost stream again; they double from the first to the longest."""

SILENCE_S = 5
"""A connection on which not even the other side's system answers for this long, thrice, is lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Payload:
    """One packet as it came, to be decoded by whoever reads it.

    Args:
        stream: the stream that it belongs to.
        compression: how `data` is compressed.
        data: the bytes behind the packet header.
    """

    stream: Stream
    compression: Compression
    data: memoryview


class Connection:
    """A stream at one address; finds it again when it is lost, until it is closed.

    Args:
        host: name or number of the other machine.
        port: its TCP port.
        deliver: gets (payload, compression) of every packet, or the error that ended the stream for good.

    Raises:
        CameraNotFound: nobody listens there, or whoever does says nothing.
        FormatError: whoever listens speaks another protocol.
    """

    def __init__(self, host: str, port: int, deliver: Callable[[Payload | EventsnnError], None]) -> None:
        self.address = f"tcp://{f'[{host}]' if ':' in host else host}:{port}"
        self.reconnects = 0
        self.broken_packets = 0
        """Packets of which only a part came before the connection was lost."""
        self._host, self._port = host, port
        self._deliver = deliver
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._socket, self._compression, self.stream = self._connect()
        self._connected = True
        self._thread = threading.Thread(target=self._run, name=f"read {self.address}", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether packets can be expected now."""
        return self._connected

    def start(self) -> None:
        """Begin to deliver packets."""
        self._thread.start()

    def close(self) -> None:
        """End the connection and its thread."""
        self._closing.set()
        with self._lock:
            hang_up(self._socket)
        if self._thread.ident is not None:
            self._thread.join()
        self._connected = False

    def _connect(self) -> tuple[socket.socket, Compression, Stream]:
        try:
            connection = socket.create_connection((self._host, self._port), CONNECT_S)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise CameraNotFound(
                f"nobody listens at {self.address} ({why}): start the server there, or check host and port"
            ) from None
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
            header = self._read_header(connection)
            if len(header.streams) != 1:
                raise FormatError(
                    f"{self.address} announces {len(header.streams)} streams; the DV protocol has one a port"
                )
            connection.settimeout(None)
        except BaseException:
            hang_up(connection)
            raise
        return connection, header.compression, next(iter(header.streams.values()))

    def _read_header(self, connection: socket.socket) -> Header:
        try:
            (size,) = HEADER_SIZE.unpack(_receive(connection, HEADER_SIZE.size))
            if not 8 <= size <= MAX_HEADER_BYTES:
                raise FormatError(f"a header of {size} bytes is impossible")
            return decode_header(_receive(connection, size))
        except FormatError as error:
            raise FormatError(f"what listens at {self.address} is not a DV stream: {error}") from None
        except (OSError, EOFError) as error:
            why = (
                f"said nothing for {CONNECT_S:g} s" if isinstance(error, TimeoutError) else "hung up at once"
            )
            raise CameraNotFound(
                f"what listens at {self.address} {why}: is it a DV network server with a free place?"
            ) from None

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._read_packets()
                self._connected = False
                if self._find_again():
                    # in this order: who sees it connected also sees it counted
                    self.reconnects += 1
                    self._connected = True
        except EventsnnError as error:
            self._deliver(error)
        finally:
            self._connected = False
            with self._lock:
                hang_up(self._socket)

    def _read_packets(self) -> None:
        """Deliver packets until the connection is lost."""
        connection = self._socket
        inside = False
        try:
            while True:
                inside = False
                head = _receive(connection, PACKET_HEADER.size)
                inside = True
                number, size = PACKET_HEADER.unpack(head)
                if number != self.stream.number or not 8 <= size <= MAX_PACKET_BYTES:
                    raise FormatError(
                        f"{self.address} sent a packet of stream {number} with {size} bytes: that is not "
                        "the DV protocol; restart the server"
                    )
                self._deliver(Payload(self.stream, self._compression, _receive(connection, size)))
        except (OSError, EOFError):
            self.broken_packets += inside
            hang_up(connection)

    def _find_again(self) -> bool:
        wait_s = FIRST_RETRY_S
        while not self._closing.wait(wait_s):
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)
            try:
                connection, compression, stream = self._connect()
            except CameraNotFound:
                continue
            with self._lock:
                self._socket = connection
                if self._closing.is_set():
                    return False
            if (stream.identifier, stream.sensor) != (self.stream.identifier, self.stream.sensor):
                raise FormatError(
                    f"{self.address} came back as {stream.identifier} {stream.sensor}, it was "
                    f"{self.stream.identifier} {self.stream.sensor}; open it anew"
                )
            self._compression, self.stream = compression, stream
            return True
        return False


def _receive(connection: socket.socket, size: int) -> memoryview:
    """Exactly `size` bytes.

    Raises: EOFError: the other side ended the connection before.
    """
    data = memoryview(bytearray(size))
    rest = data
    while rest:
        count = connection.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return data


def hang_up(connection: socket.socket) -> None:
    """Close a socket so that a thread which waits on it wakes up."""
    with contextlib.suppress(OSError):  # raised where it is not connected any more
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
