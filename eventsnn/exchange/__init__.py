"""Events to and from other libraries, one file for each: no library is imported before it is asked for.

    arrays   numpy: structured arrays (the layout of tonic, dv, faery, ...), (N, 4) arrays in any column order
    pandas   data frames
    polars   data frames
    torch    (N, 4) tensors, dicts of column tensors
    dv       dv-processing's EventStore
    tonic    our filters and representations as tonic transforms, tonic's datasets as sources

Whatever comes in is checked (`Events.checked`): time order, coordinates on the sensor, polarity.
"""

from eventsnn.exchange.arrays import from_rows, from_structured, to_rows, to_structured
from eventsnn.exchange.dv import from_event_store, to_event_store
from eventsnn.exchange.pandas import from_pandas, to_pandas
from eventsnn.exchange.polars import from_polars, to_polars
from eventsnn.exchange.tonic import TonicEvents, TonicTransform, tonic_dataset
from eventsnn.exchange.torch import from_torch, from_torch_columns, to_torch, to_torch_columns

__all__ = [
    "TonicEvents",
    "TonicTransform",
    "from_event_store",
    "from_pandas",
    "from_polars",
    "from_rows",
    "from_structured",
    "from_torch",
    "from_torch_columns",
    "to_event_store",
    "to_pandas",
    "to_polars",
    "to_rows",
    "to_structured",
    "to_torch",
    "to_torch_columns",
    "tonic_dataset",
]
