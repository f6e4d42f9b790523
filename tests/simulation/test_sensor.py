"""The pixels of the simulated sensor, with numbers worked out by hand."""

import numpy as np
import pytest

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.simulation.sensor import EventSensor, SensorConfig

CLEAN = SensorConfig(
    on_threshold=0.25,
    off_threshold=0.25,
    threshold_spread=0.0,
    refractory_us=0,
    leak_hz=0.0,
    shot_noise_hz=0.0,
    jitter_us=0.0,
)


def flat(value: float, shape=(3, 4)) -> np.ndarray:
    return np.full(shape, value, np.float32)


def sensor(config: SensorConfig = CLEAN, shape=(3, 4), seed: int = 0) -> EventSensor:
    pixels = EventSensor(flat(0.0, shape), 0, config, np.random.default_rng(seed))
    pixels.state()["reference"][:] = 0.0
    return pixels


def test_crossings_and_their_times() -> None:
    events = sensor().advance(flat(1.0), 10_000)
    # A ramp of 1 in 10 ms crosses .25, .5, .75 and 1 at a quarter, half, three quarters and the end.
    assert len(events) == 4 * 12
    assert sorted(set(events.t.tolist())) == [2_500, 5_000, 7_500, 9_999]
    assert events.p.all()
    assert (np.diff(events.t) >= 0).all()


def test_darker_makes_off_events() -> None:
    events = sensor().advance(flat(-0.3), 1_000)
    assert len(events) == 12
    assert not events.p.any()


def test_small_changes_add_up() -> None:
    pixels = sensor()
    assert len(pixels.advance(flat(0.2), 1_000)) == 0
    assert len(pixels.advance(flat(0.3), 2_000)) == 12


def test_refractory_time_silences() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "refractory_us": 3_000})
    events = sensor(config).advance(flat(1.0), 10_000)
    # 2.5 ms fires, 5.0 is too early, 7.5 fires, 10.0 is too early.
    assert sorted(set(events.t.tolist())) == [2_500, 7_500]


def test_leak_makes_on_events_at_its_rate() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "leak_hz": 10.0})
    pixels, count = sensor(config), 0
    for t in range(1, 101):
        count += len(pixels.advance(flat(0.0), t * 10_000))
    # 10 Hz for 1 s on 12 pixels; a float32 sum may be one event short a pixel.
    assert 9 * 12 <= count <= 10 * 12


def test_shot_noise_has_its_rate_and_both_polarities() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "shot_noise_hz": 5.0})
    events = sensor(config, (50, 60)).advance(flat(0.0, (50, 60)), 1_000_000)
    assert len(events) == pytest.approx(5 * 3000, abs=1)
    assert 0.45 < events.p.mean() < 0.55
    assert events.x.max() == 59
    assert events.y.max() == 49


def test_hot_pixels_fire_alone() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "hot_pixels": 2, "hot_pixel_hz": 1000.0})
    events = sensor(config, (50, 60)).advance(flat(0.0, (50, 60)), 100_000)
    assert len(events) == pytest.approx(200, abs=2)
    assert len({(x, y) for x, y in zip(events.x.tolist(), events.y.tolist(), strict=True)}) <= 2


def test_low_pass_delays() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "time_constant_us": 1_000.0})
    pixels = sensor(config)
    # After one time constant 63 % of a step of .5 has arrived: .316, one event; the second needs longer.
    assert len(pixels.advance(flat(0.5), 1_000)) == 12
    assert len(pixels.advance(flat(0.5), 10_000)) == 0
    assert pixels.state()["filtered"][0, 0] == pytest.approx(0.5, abs=1e-3)


def test_jitter_stays_inside_and_sorted() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "jitter_us": 5_000.0})
    events = sensor(config, (20, 20)).advance(flat(1.0, (20, 20)), 10_000)
    assert len(events) == 4 * 400
    assert (np.diff(events.t) >= 0).all()
    assert 2_500 <= events.t[0] <= events.t[-1] < 10_000


def test_spread_varies_the_thresholds() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "threshold_spread": 0.2})
    thresholds = sensor(config, (100, 100)).state()["on_threshold"]
    assert thresholds.mean() == pytest.approx(0.25, abs=0.005)
    assert thresholds.std() == pytest.approx(0.05, abs=0.005)


def test_same_seed_same_events() -> None:
    config = SensorConfig(**{**_fields(CLEAN), "shot_noise_hz": 20.0, "jitter_us": 100.0})
    first, second = (sensor(config, seed=4).advance(flat(0.6), 50_000) for _ in range(2))
    np.testing.assert_array_equal(first.t, second.t)
    np.testing.assert_array_equal(first.x, second.x)


def test_bad_input() -> None:
    with pytest.raises(ConfigError, match="above 0"):
        SensorConfig(on_threshold=0)
    with pytest.raises(ConfigError, match="leak_hz"):
        SensorConfig(leak_hz=-1)
    pixels = sensor()
    with pytest.raises(ShapeError, match="cannot watch"):
        pixels.advance(flat(0.0, (4, 4)), 10)
    pixels.advance(flat(0.0), 10)
    with pytest.raises(ShapeError, match="forward"):
        pixels.advance(flat(0.0), 10)


def _fields(config: SensorConfig) -> dict[str, float]:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}
