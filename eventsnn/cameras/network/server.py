"""Serve one stream over the DV network protocol; used by the simulated camera.

dv-processing's own `NetworkWriter` is not used: its queue grows without bound, it can stall for good,
and it hangs when it is deleted while a client is connected.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

from eventsnn.cameras.network.connection import hang_up
from eventsnn.cameras.network.mailbox import Mailbox
from eventsnn.formats.dv_packets import HEADER_SIZE, PACKET_HEADER, Stream, encode_header, encode_packet
from eventsnn.streams import Packet

MOST_WAITING = 256
"""Packets that may wait for one slow client."""

ACCEPT_S = 0.1
"""How often the listening thread looks whether it shall end."""


class StreamServer:
    """Sends the packets of one stream to everybody who connects; slow clients lose whole packets.

    Args:
        stream: what the header announces.
        host: address to listen at; the default is reachable from this machine only.
        port: TCP port; 0 lets the system choose one, see `port`.
    Raises: OSError: the port is in use.
    """

    def __init__(self, stream: Stream, host: str = "127.0.0.1", port: int = 0) -> None:
        self._stream = stream
        header = encode_header([stream])
        self._greeting = HEADER_SIZE.pack(len(header)) + header
        self._lock = threading.Lock()
        self._clients: list[_Client] = []
        self._lost_before = 0
        self._closing = threading.Event()
        self._listener = socket.create_server((host, port))
        self._listener.settimeout(ACCEPT_S)
        self.port = int(self._listener.getsockname()[1])
        """The TCP port."""
        self._thread = threading.Thread(target=self._listen, name=f"serve {self.port}", daemon=True)
        self._thread.start()

    @property
    def clients(self) -> int:
        """How many are connected."""
        with self._lock:
            return sum(client.alive for client in self._clients)

    @property
    def lost_packets(self) -> int:
        """Packets that were dropped for slow clients, over all of them."""
        with self._lock:
            return self._lost_before + sum(client.mailbox.lost for client in self._clients)

    def send(self, packet: Packet) -> None:
        """Hand a packet to every client; never waits for any of them.

        Args:
            packet: of the kind that the stream announces.
        """
        with self._lock:
            gone = [client for client in self._clients if not client.alive]
            self._lost_before += sum(client.mailbox.lost for client in gone)
            self._clients = [client for client in self._clients if client.alive]
            clients = self._clients[:]
        if clients:
            payload = encode_packet(packet)
            data = PACKET_HEADER.pack(self._stream.number, len(payload)) + payload
            for client in clients:
                client.mailbox.put(data, len(data))

    def close(self) -> None:
        """Hang up on everybody and stop listening; calling it twice is harmless."""
        self._closing.set()
        self._thread.join()
        self._listener.close()
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            with self._lock:
                self._clients.append(_Client(connection, self._greeting))


class _Client:
    """One connected client: its queue and the thread that empties it."""

    def __init__(self, connection: socket.socket, greeting: bytes) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.mailbox: Mailbox[bytes] = Mailbox(MOST_WAITING)
        self._connection = connection
        self._thread = threading.Thread(target=self._send, args=(greeting,), name="send", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the client still takes packets."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Hang up and end the thread."""
        self.mailbox.close()
        hang_up(self._connection)
        self._thread.join()

    def _send(self, greeting: bytes) -> None:
        data: bytes | None = greeting
        try:
            while data is not None:
                self._connection.sendall(data)
                data = self.mailbox.get()
        except OSError:
            self.mailbox.close()  # the client has gone
        finally:
            hang_up(self._connection)
