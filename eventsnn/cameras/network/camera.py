"""Several connections of the DV network protocol as one Camera."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from eventsnn.cameras.network.connection import Connection, Payload
from eventsnn.cameras.network.mailbox import Mailbox
from eventsnn.errors import CameraError, ConfigError, EventsnnError, FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.formats.dv_compression import decompress
from eventsnn.formats.dv_packets import decode_packet
from eventsnn.streams import CameraStatus, Packet

SIMULATED = "SIMULATED "
"""Begin of the source name that a simulated camera sends, so that no client takes it for a real one."""


def parse_addresses(text: str) -> list[tuple[str, int]]:
    """Host and port of every stream.

    Args:
        text: "host:port[,port...]"; a numeric IPv6 host stands in brackets.
    Raises: ConfigError: no host, no port, or a port that is not a number from 1 to 65535.
    """
    host, _, ports = text.rstrip("/").rpartition(":")
    try:
        numbers = [int(port) for port in ports.split(",")]
    except ValueError:
        numbers = []
    if not host or not numbers or not all(1 <= number <= 65535 for number in numbers):
        raise ConfigError(
            f"tcp://{text} is no network camera: write tcp://HOST:PORT[,PORT...], ports 1 to 65535"
        )
    return [(host.strip("[]"), number) for number in numbers]


class NetworkCamera:
    """The streams of one camera that a DV network server offers, one port each.

    What a port carries is told by its header, not by its place in the list. A stream that stops is
    looked for until it is back (`status.reconnects`); where the caller reads too slowly, whole packets
    are dropped, oldest first (`status.lost_packets`).

    Args:
        addresses: (host, port) of each stream; exactly one of them carries events.

    Raises:
        CameraNotFound: nobody listens at one of them.
        FormatError: one of them is not a DV stream, or events come from none or several of them.
    """

    def __init__(self, addresses: Sequence[tuple[str, int]]) -> None:
        self._mailbox: Mailbox[Payload | EventsnnError] = Mailbox()
        self._connections: list[Connection] = []
        self._error: EventsnnError | None = None
        self._closed = False
        try:
            for host, port in addresses:
                self._connections.append(Connection(host, port, self._deliver))
            self.name, self.sensor = self._identity()
        except BaseException:
            self.close()
            raise
        self.simulated = self.name.startswith(SIMULATED)
        for connection in self._connections:
            connection.start()

    def read(self, timeout_s: float) -> Packet | None:
        """The next packet of any stream, or None when none came in time.

        Raises:
            FormatError: what came is not the DV protocol; every later call says so too.
            CameraError: the camera is closed.
        """
        if self._error is None:
            found = self._mailbox.get(timeout_s)
            if isinstance(found, Payload):
                try:
                    packet = decode_packet(decompress(found.data, found.compression), found.stream.sensor)
                    if isinstance(packet, Events):
                        packet = Events.checked(packet.t, packet.x, packet.y, packet.p, packet.sensor)
                    return packet
                except (FormatError, ShapeError) as error:
                    self._error = FormatError(f"{self.name} sent a damaged packet: {error}")
            elif found is not None:
                self._error = found
        if self._closed:
            raise CameraError(f"{self.name} is closed")
        if self._error is not None:
            raise self._error
        return None

    @property
    def status(self) -> CameraStatus:
        """Connection and losses so far; what the server dropped before is not known."""
        return CameraStatus(
            connected=all(connection.connected for connection in self._connections),
            # an outage of the server or the network takes every port along, and is one outage
            reconnects=max(connection.reconnects for connection in self._connections),
            lost_packets=self._mailbox.lost + sum(c.broken_packets for c in self._connections),
        )

    def close(self) -> None:
        """End every connection and its thread; calling it twice is harmless."""
        self._closed = True
        self._mailbox.close()
        for connection in self._connections:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _deliver(self, item: Payload | EventsnnError) -> None:
        self._mailbox.put(item, len(item.data) if isinstance(item, Payload) else 0)

    def _identity(self) -> tuple[str, Sensor]:
        """Name and pixel array, from the header of the event stream."""
        carriers = [c for c in self._connections if c.stream.identifier == "EVTS"]
        if len(carriers) != 1:
            kinds = ", ".join(f"{c.address} {c.stream.identifier}" for c in self._connections)
            raise FormatError(f"a camera needs exactly one stream of events (EVTS), there are: {kinds}")
        stream = carriers[0].stream
        if stream.sensor is None:
            raise FormatError(f"{carriers[0].address} does not tell the size of its sensor")
        return stream.source or carriers[0].address, stream.sensor
