"""Windows over a whole stream, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from eventsnn.errors import ConfigError, EventsnnError
from eventsnn.events import Events
from eventsnn.results import Frame
from eventsnn.streams import Packet, Triggers
from eventsnn.windows.count_windows import CountWindows
from eventsnn.windows.cutter import WindowCutter
from eventsnn.windows.edge_windows import EdgeWindows
from eventsnn.windows.time_windows import TimeWindows
from eventsnn.windows.window import Window

P = TypeVar("P", bound=Packet)


def windows(
    stream: Iterable[Events],
    length_us: int | None = None,
    *,
    step_us: int | None = None,
    count: int | None = None,
    step_count: int | None = None,
    max_gap_us: int = 1_000_000,
) -> Iterator[Window]:
    """Windows by time, by count or by both over a whole stream, the last partial one included.

    `TimeWindows` and `CountWindows` say what the windows are. Where the stream breaks off with an
    error, what is left is given as the partial window first.

        windows(recording.events(), 20_000)                    # every 20 ms
        windows(recording.events(), 20_000, step_us=5_000)     # 20 ms long, one every 5 ms
        windows(recording.events(), count=50_000)              # 50,000 events each
        windows(recording.events(), 20_000, count=50_000)      # whichever comes first

    Args:
        stream: stretches of events in time order, such as `Recording.events()`.
        length_us: length of every window, µs.
        step_us: from one begin to the next, µs, with `length_us` alone.
        count: events of every window; with `length_us` the most events of a window.
        step_count: events from one begin to the next, with `count` alone.
        max_gap_us: longest silence inside a sequence of windows, µs.

    Raises:
        ConfigError: neither length nor count, a step that does not go with them, a value out of range.
        ShapeError: the stream changes its sensor.
    """
    cutter: WindowCutter
    if length_us is not None:
        if step_count is not None:
            raise ConfigError("step_count goes with count alone; windows by time step by step_us")
        cutter = TimeWindows(length_us, max_gap_us, step_us=step_us, count=count)
    elif count is not None:
        if step_us is not None:
            raise ConfigError("step_us goes with length_us alone; windows by count step by step_count")
        cutter = CountWindows(count, max_gap_us, step_count=step_count)
    else:
        raise ConfigError("windows need a length_us, a count, or both")
    return _cut(stream, cutter.push, cutter.flush)


def windows_between_frames(packets: Iterable[Packet], *, max_gap_us: int = 1_000_000) -> Iterator[Window]:
    """Windows from one frame's instant to the next one's, the last partial one included.

    `EdgeWindows` says what the windows are; `Frame.t` is the middle of the exposure where known.

    Args:
        packets: every packet of a recording, such as `Recording.packets()`.
        max_gap_us: longest time between frames, µs; a window ends then.

    Raises:
        ConfigError: a gap out of range; at the end, where there were events and no frame.
        ShapeError: the stream changes its sensor, or its frames alone step back in time.
    """
    return _between(
        packets, lambda packet: [packet.t] if isinstance(packet, Frame) else [], max_gap_us, "frames"
    )


def windows_between_triggers(
    packets: Iterable[Packet], kind: int, *, max_gap_us: int = 1_000_000
) -> Iterator[Window]:
    """Windows from one trigger of a kind to the next one, the last partial one included.

    Args:
        packets: every packet of a recording, such as `Recording.packets()`.
        kind: the code of the edge, as in `Triggers.kind`.
        max_gap_us: longest time between triggers, µs; a window ends then.

    Raises:
        ConfigError: a gap out of range; at the end, where there were events and no such trigger.
        ShapeError: the stream changes its sensor, or its triggers alone step back in time.
    """

    def edges(packet: Packet) -> list[int]:
        if not isinstance(packet, Triggers):
            return []
        times: list[int] = packet.t[packet.kind == kind].tolist()
        return times

    return _between(packets, edges, max_gap_us, f"triggers of kind {kind}")


def _between(
    packets: Iterable[Packet], edges: Callable[[Packet], list[int]], max_gap_us: int, name: str
) -> Iterator[Window]:
    cutter = EdgeWindows(max_gap_us)
    events_seen = edges_seen = False

    def push(packet: Packet) -> Iterator[Window]:
        nonlocal events_seen, edges_seen
        if isinstance(packet, Events):
            events_seen |= len(packet) > 0
            yield from cutter.push(packet)
        for time_us in edges(packet):
            edges_seen = True
            yield from cutter.edge(time_us)

    def cut() -> Iterator[Window]:
        yield from _cut(packets, push, cutter.flush)
        if events_seen and not edges_seen:
            raise ConfigError(f"the stream has no {name} to cut it at: cut it by time or by count")

    return cut()


def _cut(
    stream: Iterable[P], push: Callable[[P], Iterator[Window]], flush: Callable[[], Iterator[Window]]
) -> Iterator[Window]:
    try:
        for piece in stream:
            yield from push(piece)
    except EventsnnError:
        # What came before the damage is whole: it is given first.
        yield from flush()
        raise
    yield from flush()
