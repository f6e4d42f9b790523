"""Events as the MATLAB file of the event-lifetime data."""

from io import BytesIO

import numpy as np
from scipy.io import savemat

from eventsnn import Events


def encode(events: Events) -> bytes:
    """The bytes of a version 5 file with the variable `events`, rows x, y, p (-1 or 1), t in µs."""
    rows = np.stack([events.x, events.y, np.where(events.p, 1, -1), events.t], axis=1).astype(np.int64)
    file = BytesIO()
    savemat(file, {"events": rows})
    return file.getvalue()
