"""One picture of a live task: events, frame and flow side by side, with figures and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from eventsnn.events import Events
from eventsnn.results import Flow, Frame
from eventsnn.views.draw import (
    GROUND,
    OFF_COLOUR,
    ON_COLOUR,
    Picture,
    colour_wheel,
    draw_events,
    draw_flow,
    draw_frame,
    event_support,
)

_VIEW_WIDTH = 700
"""Small sensors are enlarged by whole factors up to this width, large ones shrunk to it, px."""

_MARGIN = 20
_HEADER = 70
_BASE = 46
_TOP = 116
_FOOTER = 106
_WHEEL = 90
_SOURCE_LETTERS = 36
_BADGE = 280
_BRIGHT = (236, 240, 246)
_QUIET = (139, 148, 158)
_RULE = (38, 44, 54)
_WARNING = (255, 196, 0)


@dataclass(frozen=True, slots=True)
class Caption:
    """The words of a panel.

    Args:
        source: the camera or file ("davis346 00000123").
        simulated: True writes SIMULATED large: no real sensor made these events.
        figures: (name, value) pairs for the lower edge, such as ("latency", "12.3 ms").
        notice: one short sentence that matters now ("reconnecting"), or nothing.
    """

    source: str
    simulated: bool = False
    figures: tuple[tuple[str, str], ...] = ()
    notice: str = ""


class SpeedScale:
    """The speed of full colour, px/s: follows the scene in round steps, without flicker.

    The 95th percentile of the speeds at events is smoothed; the scale changes when that leaves the
    present step or would fill less than half of it.

    Args:
        smoothing: weight of the newest window, 0 to 1.
    """

    def __init__(self, smoothing: float = 0.1) -> None:
        self.max_speed = 0.0
        self._smoothing = smoothing
        self._typical = 0.0

    def follow(self, flow: Flow, events: Events) -> float:
        """The scale for this window.

        Args:
            flow: the result of the window.
            events: its events.
        Returns: px/s, for `draw_flow(max_speed=)`.
        """
        step = len(events) // 2000 + 1
        y, x = events.y[::step], events.x[::step]
        speeds = np.hypot(*flow.displacement[:, y, x]) * 1e6 / (flow.end_us - flow.start_us)
        speeds = speeds[np.isfinite(speeds)]
        if speeds.size:
            fast = float(np.percentile(speeds, 95))
            weight = self._smoothing if self._typical else 1.0
            self._typical += weight * (fast - self._typical)
        if not 0.5 * self.max_speed <= self._typical <= self.max_speed or not self.max_speed:
            self.max_speed = _round_up(self._typical)
        return self.max_speed


def panel(events: Events, frame: Frame | None, flow: Flow, max_speed: float, caption: Caption) -> Picture:
    """Events, frame and flow side by side under a heading, with the colour wheel and live figures.

    Args:
        events: the window that the flow was computed from.
        frame: the newest frame; None leaves its part out.
        flow: the result; strong where events back it, faded elsewhere.
        max_speed: speed of full colour, px/s (`SpeedScale`).
        caption: every word on the picture.
    Returns: (H, W, 3) uint8 RGB, both sides even, as video codecs want it. The size depends only on
        the sensor and on whether there is a frame.
    """
    views = [_fit(draw_events(events), sharp=True)]
    if frame is not None:
        views.append(_fit(draw_frame(frame, events.sensor), sharp=False))
    views.append(_fit(draw_flow(flow, event_support(events), max_speed), sharp=True))
    height, width = views[0].shape[:2]
    titles = ("events", "frame", "optical flow") if frame is not None else ("events", "optical flow")
    names = tuple(name for name, _ in caption.figures)
    picture = _backdrop(width, height, titles, caption.source, caption.simulated, names).copy()
    for index, view in enumerate(views):
        left = _MARGIN + index * (width + _MARGIN)
        # A frame of another size than the events' sensor is cut, never spilled over its neighbour.
        picture[_TOP : _TOP + height, left : left + width][: view.shape[0], : view.shape[1]] = view[
            :height, :width
        ]
    base = picture.shape[0] - 22
    for left, (_, value) in zip(_columns(picture.shape[1], len(names)), caption.figures, strict=True):
        _write(picture, value, (left, base), 1.0, _BRIGHT)
    _write(picture, f"{max_speed:g} px/s", (_legend_left(picture.shape[1]), base), 1.0, _BRIGHT)
    if caption.notice:
        right = picture.shape[1] - _MARGIN - (_BADGE + _MARGIN if caption.simulated else 0)
        left = right - _text_width(caption.notice, 0.8)
        _write(picture, caption.notice, (left, _BASE), 0.8, _WARNING)
    return picture


@lru_cache(maxsize=4)
def _backdrop(
    width: int, height: int, titles: tuple[str, ...], source: str, simulated: bool, names: tuple[str, ...]
) -> Picture:
    """Everything that stays the same from picture to picture, for views of width x height px."""
    full_width = max(len(titles) * (width + _MARGIN) + _MARGIN, 2 * _VIEW_WIDTH)
    full_height = _TOP + height + _FOOTER
    picture: Picture = np.empty((full_height + full_height % 2, full_width + full_width % 2, 3), np.uint8)
    picture[:] = GROUND
    full_height, full_width = picture.shape[:2]

    end = _write(picture, "eventsnn", (_MARGIN, _BASE), 1.1, _BRIGHT, bold=True)
    if len(source) > _SOURCE_LETTERS:
        source = source[: _SOURCE_LETTERS - 3] + "..."
    _write(picture, source, (end + 24, _BASE), 0.9, _QUIET)
    if simulated:
        left = full_width - _MARGIN - _BADGE
        cv2.rectangle(picture, (left, 10), (full_width - _MARGIN, 62), _WARNING, cv2.FILLED)
        inset = (_BADGE - _text_width("SIMULATED", 1.4, bold=True)) // 2
        _write(picture, "SIMULATED", (left + inset, _BASE + 6), 1.4, GROUND, bold=True)
    cv2.line(picture, (_MARGIN, _HEADER), (full_width - _MARGIN, _HEADER), _RULE, 2)

    for index, title in enumerate(titles):
        left = _MARGIN + index * (width + _MARGIN)
        end = _write(picture, title, (left, _TOP - 12), 0.8, _BRIGHT)
        if index == 0:
            end = _write(picture, "brighter", (end + 20, _TOP - 12), 0.7, ON_COLOUR)
            _write(picture, "darker", (end + 14, _TOP - 12), 0.7, OFF_COLOUR)

    for left, name in zip(_columns(full_width, len(names)), names, strict=True):
        _write(picture, name, (left, full_height - 62), 0.7, _QUIET)
    _write(picture, "full colour", (_legend_left(full_width), full_height - 62), 0.7, _QUIET)
    top, left = full_height - (_FOOTER + _WHEEL) // 2, full_width - _MARGIN - _WHEEL
    picture[top : top + _WHEEL, left : left + _WHEEL] = colour_wheel(_WHEEL)
    picture.setflags(write=False)
    return picture


def _columns(width: int, count: int) -> list[int]:
    """Left edges of the figures: of equal width, so that nothing moves when a number changes."""
    return [_MARGIN + i * (_legend_left(width) - _MARGIN) // count for i in range(count)]


def _legend_left(width: int) -> int:
    return width - _MARGIN - _WHEEL - 170


def _fit(view: Picture, sharp: bool) -> Picture:
    """One view at its size on the screen: whole factors keep every pixel of the sensor square."""
    height, width = view.shape[:2]
    if width > _VIEW_WIDTH:
        size = (_VIEW_WIDTH, max(1, round(height * _VIEW_WIDTH / width)))
        return np.asarray(cv2.resize(view, size, interpolation=cv2.INTER_AREA), np.uint8)
    # A narrow sensor must not become a tower.
    factor = max(1, min(_VIEW_WIDTH // width, _VIEW_WIDTH // height))
    size = (width * factor, height * factor)
    kind = cv2.INTER_NEAREST if sharp else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(view, size, interpolation=kind), np.uint8)


def _write(
    picture: Picture,
    text: str,
    at: tuple[int, int],
    size: float,
    colour: tuple[int, int, int],
    bold: bool = False,
) -> int:
    """Put text with its base line at (x, y); gives the x where it ends."""
    font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, at, font, size, colour, 1 + bold, cv2.LINE_AA)
    return at[0] + _text_width(text, size, bold)


def _text_width(text: str, size: float, bold: bool = False) -> int:
    font = cv2.FONT_HERSHEY_DUPLEX if bold else cv2.FONT_HERSHEY_SIMPLEX
    return int(cv2.getTextSize(text, font, size, 1 + bold)[0][0])


def _round_up(speed: float) -> float:
    """The smallest round number that is not below `speed`; at least 10 px/s."""
    if not speed > 10:
        return 10.0
    power = 10.0 ** np.floor(np.log10(speed))
    steps = (1, 1.5, 2, 3, 4, 6, 8, 10)
    return float(power * next(step for step in steps if step * power >= speed * (1 - 1e-9)))
