"""One file per kind of answer, used for predictions and for ground truth alike."""

from eventsnn.results.flow import Flow
from eventsnn.results.frame import Frame

__all__ = ["Flow", "Frame"]
