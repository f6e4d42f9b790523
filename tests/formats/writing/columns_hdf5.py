"""Write a plain HDF5 group of event columns."""

from io import BytesIO

import h5py


def encode(events, group="events", **options):
    file = BytesIO()
    with h5py.File(file, "w") as content:
        for name in "txyp":
            content.create_dataset(f"{group}/{name}", data=getattr(events, name), **options)
    return file.getvalue()
