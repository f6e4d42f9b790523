"""Training data for flow: simulated sequences of windows with exact flow, made as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.simulation.scene import Scene
from eventsnn.simulation.sensor import EventSensor, SensorConfig
from eventsnn.simulation.textures import TextureBank
from eventsnn.windows import Window

HELD_OUT_SEED = 20_000_000
"""Seeds from here on are for validation; training never reaches them."""


@dataclass(frozen=True)
class SceneConfig:
    """What simulated sequences look like."""

    width: int = 96
    """Width of the sensor, px."""
    height: int = 96
    """Height of the sensor, px."""
    windows: int = 6
    """Windows in a sequence."""
    window_us: int = 20_000
    """Length of a window, µs."""
    renders: int = 10
    """Pictures rendered for each window."""
    speed_px_s: float = 600.0
    """Largest speed of a layer, px/s."""

    def __post_init__(self) -> None:
        if self.windows < 1 or self.renders < 1 or self.window_us < self.renders:
            raise ConfigError("a sequence needs at least one window, and a window at least one render")


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Consecutive windows and the flow over each.

    Args:
        windows: T windows.
        flow: (T, 2, H, W) float16 or float32, px over the window, x first.
    """

    windows: tuple[Window, ...]
    flow: NDArray[Any]


def simulate_sequence(seed: int, bank: TextureBank, config: SceneConfig) -> Sequence:
    """One random scene as a random sensor sees it.

    Args:
        seed: same seed, same sequence.
        bank: textures and outlines to choose from.
        config: size and speed.
    """
    generator = np.random.default_rng(seed)
    scene = Scene.random(generator, Sensor(config.width, config.height), bank, config.speed_px_s)
    pixels = EventSensor(scene.render(0)[0], 0, SensorConfig.random(generator), generator)
    length = config.window_us
    windows, flows = [], []
    for index in range(config.windows):
        start_us = index * length
        instants = start_us + (np.arange(config.renders) + 1) * length // config.renders
        parts = [
            pixels.advance(image, int(t))
            for t, (image, _) in zip(instants, scene.renders(instants), strict=True)
        ]
        windows.append(Window(Events.concat(parts), start_us, start_us + length))
        flows.append(scene.flow(start_us, start_us + length).displacement)
    return Sequence(tuple(windows), np.stack(flows).astype(np.float16))


def augment(sequence: Sequence, generator: np.random.Generator) -> Sequence:
    """The sequence mirrored, transposed, reversed in time or with polarity exchanged, each by chance.

    Args:
        sequence: of a square sensor where it may be transposed.
        generator: source of the choices.
    """
    return transform(
        sequence,
        mirror_x=generator.random() < 0.5,
        mirror_y=generator.random() < 0.5,
        transpose=sequence.flow.shape[2] == sequence.flow.shape[3] and generator.random() < 0.5,
        reverse=generator.random() < 0.3,
        exchange=generator.random() < 0.5,
    )


def transform(
    sequence: Sequence,
    *,
    mirror_x: bool = False,
    mirror_y: bool = False,
    transpose: bool = False,
    reverse: bool = False,
    exchange: bool = False,
) -> Sequence:
    """Events and flow changed together.

    Args:
        sequence: what to change; it stays as it is.
        mirror_x: left becomes right.
        mirror_y: up becomes down.
        transpose: x becomes y (after the mirrors).
        reverse: time runs backwards; a brightening is then a darkening.
        exchange: ON becomes OFF.
    """
    flow = np.array(sequence.flow, np.float32)
    if mirror_x:
        flow = flow[..., ::-1] * np.array([-1, 1], np.float32)[:, None, None]
    if mirror_y:
        flow = flow[..., ::-1, :] * np.array([1, -1], np.float32)[:, None, None]
    if transpose:
        flow = flow[:, ::-1].swapaxes(2, 3)
    if reverse:
        flow = -flow[::-1]
    windows = []
    total_us = sequence.windows[0].start_us + sequence.windows[-1].end_us
    for window in reversed(sequence.windows) if reverse else sequence.windows:
        events = window.events
        t, x, y, p = events.t, events.x, events.y, events.p
        sensor = events.sensor
        start_us, end_us = window.start_us, window.end_us
        if mirror_x:
            x = (np.uint16(sensor.width - 1) - x).astype(np.uint16)
        if mirror_y:
            y = (np.uint16(sensor.height - 1) - y).astype(np.uint16)
        if transpose:
            x, y, sensor = y, x, Sensor(sensor.height, sensor.width)
        if reverse:
            start_us, end_us = total_us - end_us, total_us - start_us
            # The window stays half-open: an event at its start would land on its end.
            t = np.minimum(total_us - t[::-1], end_us - 1)
            x, y, p = x[::-1], y[::-1], ~p[::-1]
        if exchange:
            p = ~p
        events = Events(
            np.ascontiguousarray(t),
            np.ascontiguousarray(x),
            np.ascontiguousarray(y),
            np.ascontiguousarray(p),
            sensor,
        )
        windows.append(Window(events, start_us, end_us))
    return Sequence(tuple(windows), np.ascontiguousarray(flow))


def training_sequences(
    seed: int, config: SceneConfig, reuse: int = 4, held: int = 512, textures: int = 400
) -> Iterator[Sequence]:
    """Endless augmented sequences; each simulated one is shown `reuse` times in different guises.

    Args:
        seed: same seed, same stream.
        config: size and speed.
        reuse: how often each simulated sequence is drawn, on average.
        held: sequences kept in memory to draw from.
        textures: size of the texture bank.
    """
    generator = np.random.default_rng(seed)
    bank = TextureBank.random(int(generator.integers(HELD_OUT_SEED)), textures)
    pool: list[Sequence] = []
    while True:
        fresh = simulate_sequence(int(generator.integers(HELD_OUT_SEED)), bank, config)
        if len(pool) < held:
            pool.append(fresh)
        else:
            pool[int(generator.integers(held))] = fresh
        yield augment(fresh, generator)
        for _ in range(reuse - 1):
            yield augment(pool[int(generator.integers(len(pool)))], generator)


def held_out_sequences(count: int, config: SceneConfig, seed: int = HELD_OUT_SEED) -> Iterator[Sequence]:
    """Sequences that no training stream holds: other scenes, other textures, half of them of other kinds.

    Args:
        count: how many.
        config: size and speed.
        seed: first seed, at least HELD_OUT_SEED.
    """
    bank = TextureBank.random(seed, 200, held_out=True)
    for index in range(count):
        yield simulate_sequence(seed + 1 + index, bank, config)
