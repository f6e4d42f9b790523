"""Write AEDAT 2.0 as a DAVIS240 or, for events on 128x128 where asked, a DVS128 would."""

import numpy as np


def words_of(events, chip):
    if chip == "DVS128":
        return (127 - events.x.astype("u4")) << 1 | (127 - events.y.astype("u4")) << 8 | ~events.p
    width, height = {"DAVIS240C": (240, 180), "Davis346B": (346, 260)}[chip]
    x, y = width - 1 - events.x.astype("u4"), height - 1 - events.y.astype("u4")
    return x << 12 | y << 22 | events.p.astype("u4") << 11


def header_of(chip):
    lines = ("#!AER-DAT2.0", "# This is a raw AE data file", f"# AEChip: eu.seebetter.ini.chips.{chip}", "")
    return "\r\n".join(lines).encode()


def pairs(words, t):
    """The bytes of words at times, which wrap after 2**32 µs."""
    return np.stack([words.astype(np.int64), np.asarray(t) % 2**32], axis=1).astype(">u4").tobytes()


def encode(events, chip="DAVIS240C"):
    return header_of(chip) + pairs(words_of(events, chip), events.t)
