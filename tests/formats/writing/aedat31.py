"""Write AEDAT 3.1 as cAER does: packets of some thousand events, a new one where the time overflows."""

import struct

import numpy as np

LARGEST_PACKET = 4096
HEADER = (
    b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS346\r\n#Start-Time: 2017-01-01 00:00:00 (TZ+0000)\r\n"
)


def packet(kind, rows, overflows=0, source=1, time_at=4):
    """Bytes of a packet of these rows."""
    size = rows.dtype.itemsize
    head = struct.pack("<hhiiiiii", kind, source, size, time_at, overflows, rows.size, rows.size, rows.size)
    return head + rows.tobytes()


def polarity(events):
    """(N,) events as they lie in a packet, with the lower 31 bits of their times."""
    rows = np.zeros(len(events), "<u4, <i4")
    rows["f0"] = 1 | events.p.astype("u4") << 1 | events.y.astype("u4") << 2 | events.x.astype("u4") << 17
    rows["f1"] = events.t % 2**31
    return rows


def encode(events, header=HEADER):
    content = [header, b"#!END-HEADER\r\n"]
    overflows = events.t >> 31
    cuts = np.flatnonzero(np.diff(overflows)) + 1
    for part in np.split(np.arange(len(events)), cuts):
        for first in range(0, part.size, LARGEST_PACKET):
            piece = part[first : first + LARGEST_PACKET]
            content.append(packet(1, polarity(events[piece]), int(overflows[piece[0]])))
    return b"".join(content)
