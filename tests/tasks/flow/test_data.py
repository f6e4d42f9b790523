"""Simulated sequences: transforming events and flow together, and what is held out."""

import itertools

import numpy as np
import pytest
import torch

from eventsnn.errors import ConfigError
from eventsnn.events import Events, Sensor
from eventsnn.simulation.textures import TextureBank
from eventsnn.tasks.flow.data import (
    HELD_OUT_SEED,
    SceneConfig,
    Sequence,
    augment,
    held_out_sequences,
    simulate_batch,
    simulate_sequence,
    training_sequences,
    transform,
)
from eventsnn.windows import Window

SMALL = SceneConfig(32, 32, windows=2)


def line(points: list[tuple[int, int, int]], flow: tuple[float, float], sensor: Sensor) -> Sequence:
    """Events at (t, x, y), all ON, in one window of 100 µs, with uniform flow."""
    t, x, y = zip(*points, strict=True)
    events = Events.checked(t, x, y, [1] * len(t), sensor)
    truth = np.empty((1, 2, sensor.height, sensor.width), np.float32)
    truth[0, 0], truth[0, 1] = flow
    return Sequence((Window(events, 0, 100),), truth)


#  An edge that moves 3 px right and 1 px down in the window.
POINTS = [(0, 2, 1), (50, 3, 1), (99, 5, 2)]


@pytest.mark.parametrize(
    ("change", "points", "flow", "on"),
    [
        ({"mirror_x": True}, [(0, 7, 1), (50, 6, 1), (99, 4, 2)], (-3, 1), True),
        ({"mirror_y": True}, [(0, 2, 4), (50, 3, 4), (99, 5, 3)], (3, -1), True),
        ({"transpose": True}, [(0, 1, 2), (50, 1, 3), (99, 2, 5)], (1, 3), True),
        ({"reverse": True}, [(1, 5, 2), (50, 3, 1), (99, 2, 1)], (-3, -1), False),
        ({"exchange": True}, POINTS, (3, 1), False),
    ],
)
def test_each_change_by_hand(change, points, flow, on) -> None:
    changed = transform(line(POINTS, (3, 1), Sensor(10, 6)), **change)
    events = changed.windows[0].events
    assert list(zip(events.t, events.x, events.y, strict=True)) == points
    assert (events.p == on).all()
    assert changed.flow[0, 0, 0, 0] == flow[0]
    assert changed.flow[0, 1, 0, 0] == flow[1]
    assert events.sensor == (Sensor(6, 10) if "transpose" in change else Sensor(10, 6))
    assert changed.flow.shape[2:] == (events.sensor.height, events.sensor.width)


def test_flow_follows_its_pixels() -> None:
    sequence = line(POINTS, (0, 0), Sensor(10, 6))
    sequence.flow[0, 0, 1, 2] = 5.0
    changed = transform(sequence, mirror_x=True, transpose=True)
    # (x 2, y 1) -> mirrored (7, 1) -> transposed (1, 7): 5 px right became 5 px left, then 5 px up.
    assert changed.flow[0, 1, 7, 1] == -5.0
    assert np.count_nonzero(changed.flow) == 1


def test_reversing_twice_gives_the_order_of_windows_back() -> None:
    bank = TextureBank.random(0, textures=4, masks=2)
    sequence = simulate_sequence(3, bank, SMALL)
    twice = transform(transform(sequence, reverse=True), reverse=True)
    np.testing.assert_array_equal(twice.flow, sequence.flow.astype(np.float32))
    for before, after in zip(sequence.windows, twice.windows, strict=True):
        assert (before.start_us, before.end_us) == (after.start_us, after.end_us)
        assert abs(before.events.t - after.events.t).max() <= 1
        np.testing.assert_array_equal(before.events.x, after.events.x)


def test_augmentation_keeps_windows_whole() -> None:
    generator = np.random.default_rng(0)
    bank = TextureBank.random(0, textures=4, masks=2)
    sequence = simulate_sequence(3, bank, SMALL)
    for _ in range(20):
        changed = augment(sequence, generator)
        assert sum(len(window.events) for window in changed.windows) == sum(
            len(window.events) for window in sequence.windows
        )
        for window in changed.windows:
            Events.checked(window.events.t, window.events.x, window.events.y, window.events.p, Sensor(32, 32))
            assert len(window.events.between(window.start_us, window.end_us)) == len(window.events)


def test_same_seed_same_sequence() -> None:
    bank = TextureBank.random(0, textures=4, masks=2)
    first, second = (simulate_sequence(9, bank, SMALL) for _ in range(2))
    np.testing.assert_array_equal(first.flow, second.flow)
    np.testing.assert_array_equal(first.windows[1].events.t, second.windows[1].events.t)


def test_torch_simulates_the_same_scenes() -> None:
    bank = TextureBank.random(0, textures=4, masks=2)
    single = [simulate_sequence(seed, bank, SMALL) for seed in range(3)]
    batch = simulate_batch(range(3), bank, SMALL, torch.device("cpu"))
    for one, other in zip(single, batch, strict=True):
        np.testing.assert_array_equal(one.flow, other.flow)
        # Noise and jitter are drawn anew: the counts agree, the events need not.
        counts = [[len(window.events) for window in sequence.windows] for sequence in (one, other)]
        np.testing.assert_allclose(*counts, rtol=0.02, atol=5)


def test_training_stream_is_reproducible_and_never_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    import eventsnn.tasks.flow.data as data

    original = data.simulate_sequence

    def noting(seed: int, *rest) -> Sequence:
        seen.append(seed)
        return original(seed, *rest)

    monkeypatch.setattr(data, "simulate_sequence", noting)
    streams = [list(itertools.islice(training_sequences(7, SMALL, reuse=2, textures=3), 6)) for _ in range(2)]
    for first, second in zip(*streams, strict=True):
        np.testing.assert_array_equal(first.flow, second.flow)
    assert len(seen) == 6
    assert max(seen) < HELD_OUT_SEED


def test_held_out_sequences_differ_from_one_another() -> None:
    first, second = held_out_sequences(2, SMALL)
    assert not np.array_equal(first.flow, second.flow)


def test_bad_settings() -> None:
    with pytest.raises(ConfigError, match="at least one window"):
        SceneConfig(windows=0)
