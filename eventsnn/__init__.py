"""Event-camera vision with spiking networks: live, trainable, and for any event file.

The names here are the ones most programs need; nothing heavy is imported until it is used.
"""

from eventsnn.errors import EventsnnError
from eventsnn.events import Events, Sensor
from eventsnn.formats import open_events

__version__ = "0.1.0"

__all__ = ["Events", "EventsnnError", "Sensor", "__version__", "open_events"]
