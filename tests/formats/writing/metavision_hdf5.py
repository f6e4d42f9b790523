"""Write Metavision HDF5 without the ECF codec."""

from io import BytesIO

import h5py
import numpy as np

CD = np.dtype(
    {"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "offsets": [0, 2, 4, 8]}
)
TRIGGER = np.dtype(
    {"names": ["p", "t", "id"], "formats": ["<i2", "<i8", "<i2"], "offsets": [0, 8, 16], "itemsize": 24}
)


def rows_of(events):
    rows = np.zeros(len(events), CD)
    for name in CD.names:
        rows[name] = getattr(events, name)
    return rows


def encode(events, triggers=(), **options):
    file = BytesIO()
    with h5py.File(file, "w") as content:
        content.create_dataset(
            "CD/events", data=rows_of(events), maxshape=(None,), chunks=(16384,), **options
        )
        content.create_dataset("EXT_TRIGGER/events", data=np.array(list(triggers), TRIGGER))
        content.attrs.update(format="ECF", geometry=str(events.sensor), serial_number="00001a2b")
    return file.getvalue()
