import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsnn.errors import ConfigError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.representations import MixedDensity, mixed_density, mixed_density_torch

SENSOR = Sensor(6, 4)
few = settings(max_examples=30, deadline=None)


def some(n, seed, span_us=1000):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, span_us + 1, n))
    return Events.checked(t, rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.5, SENSOR)


def tensors(events):
    columns = events.t, events.x.astype(np.int64), events.y.astype(np.int64), events.p
    return [torch.from_numpy(column) for column in columns]


@few
@given(st.integers(1, 200), st.integers(0, 2**32), st.integers(1, 9))
def test_se_cff_equals_stacking_one_by_one_and_torch(n, seed, stacks):
    events = some(n, seed)
    want = np.zeros((stacks, 4, 6), int)
    part, number = events, n
    for plane in want:
        for x, y, p in zip(part.x, part.y, part.p, strict=True):
            plane[y, x] = 1 if p else -1
        number //= 2
        part = part[number:]
    planes = mixed_density(events, stacks)
    assert planes.dtype == np.int8
    np.testing.assert_array_equal(planes, want)
    there = mixed_density_torch(*tensors(events), SENSOR, stacks, 0, 1000)
    assert there.dtype == torch.int8
    np.testing.assert_array_equal(there.numpy(), want)


@few
@given(
    st.integers(1, 200),
    st.integers(0, 2**32),
    st.sampled_from([0, 1, 2, 1000, 10**12]),
    st.integers(1, 9),
    st.integers(0, 5),
    st.sampled_from([1, 4, 127]),
)
def test_rvt_equals_halving_one_by_one_and_torch(n, seed, span_us, stacks, margin_us, cutoff):
    events = some(n, seed, span_us)
    start_us, end_us = int(events.t[0]) - margin_us, int(events.t[-1]) + margin_us
    want = np.zeros((stacks, 4, 6), int)
    for t, x, y, p in zip(events.t.tolist(), events.x, events.y, events.p, strict=True):
        for s in range(stacks):
            if s == stacks - 1 or (t - start_us) << (stacks - 1 - s) < max(end_us - start_us, 1):
                want[s, y, x] += 1 if p else -1
    want = want.clip(-cutoff, cutoff)
    options = {"convention": "rvt", "count_cutoff": cutoff}
    np.testing.assert_array_equal(mixed_density(events, stacks, start_us, end_us, **options), want)
    there = mixed_density_torch(*tensors(events), SENSOR, stacks, start_us, end_us, **options)
    np.testing.assert_array_equal(there.numpy(), want)


def test_both_conventions_by_hand():
    # One pixel per row; times in eighths of the interval.
    events = Events.checked(
        [0, 1, 2, 3, 4, 5, 6, 8], [0] * 8, [0, 1, 0, 1, 0, 1, 2, 2], [1, 0, 0, 0, 1, 1, 0, 1], SENSOR
    )
    # se-cff: all 8, the newest 4, the newest 2, the last one.
    assert mixed_density(events, 4)[:, :, 0].tolist() == [
        [1, 1, 1, 0],
        [1, 1, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
    ]
    # rvt: bin = S - log2(1 / t) and sums over the bins up to each: t < 1/8, t < 1/4, t < 1/2, all.
    assert mixed_density(events, 4, convention="rvt")[:, :, 0].tolist() == [
        [1, 0, 0, 0],
        [1, -1, 0, 0],
        [0, -2, 0, 0],
        [1, -1, 0, 0],
    ]


def test_sums_stop_when_written_and_do_not_wrap():
    many = Events.checked(np.arange(400), [0] * 400, [0] * 400, [True] * 300 + [False] * 100, Sensor(1, 1))
    assert mixed_density(many, 2, convention="rvt").ravel().tolist() == [127, 127]
    swapped = Events(many.t, many.x, many.y, ~many.p, many.sensor)
    assert mixed_density(swapped, 2, convention="rvt").ravel().tolist() == [-127, -127]
    # 300 ON and 100 OFF are 200; a sum that stops on its way would end at 27.
    assert mixed_density(many, 1, convention="rvt", count_cutoff=127).item() == 127


@pytest.mark.parametrize("convention", ["se-cff", "rvt"])
def test_more_events_than_a_block_holds(convention):
    events = some(20_000, 5, 10**6)
    there = mixed_density_torch(*tensors(events), SENSOR, 6, 0, 10**6, convention=convention)
    here = mixed_density(events, 6, 0, 10**6, convention=convention)
    np.testing.assert_array_equal(here, there.numpy())


@pytest.mark.parametrize("convention", ["se-cff", "rvt"])
def test_one_event_and_none(convention):
    one = Events.checked([7], [0], [0], [False], Sensor(1, 1))
    assert mixed_density(one, 3, convention=convention).ravel().tolist() == [-1, -1, -1]
    nothing = Events.empty(SENSOR)
    assert not mixed_density(nothing, 3, convention=convention).any()
    there = mixed_density_torch(*tensors(nothing), SENSOR, 3, 0, 9, convention=convention)
    assert there.shape == (3, 4, 6)
    assert not there.any()


def test_the_module_is_the_function():
    events = some(60, 1)
    module = MixedDensity(5, "rvt", 2)
    assert module.channels == 5
    want = mixed_density(events, 5, -10, 1200, convention="rvt", count_cutoff=2)
    np.testing.assert_array_equal(module(events, -10, 1200), want)


def test_bad_input_is_refused():
    events = some(20, 2)
    with pytest.raises(ShapeError, match=r"event 19 at \d+ µs lies outside \[0, 500\]"):
        mixed_density(events, 3, 0, 500, convention="rvt")
    with pytest.raises(ShapeError, match="20 events lie outside"):
        mixed_density_torch(*tensors(events), SENSOR, 3, 2000, 3000, convention="rvt")
    with pytest.raises(ConfigError, match="did you mean se-cff"):
        MixedDensity(convention="secff")  # type: ignore[arg-type]
    for stacks, cutoff in ((0, 1), (31, 1), (1, 0), (1, 128)):
        with pytest.raises(ConfigError, match=r"1 to 30 planes|stop at 1 to 127"):
            MixedDensity(stacks, count_cutoff=cutoff)
        with pytest.raises(ConfigError, match=r"1 to 30 planes|stop at 1 to 127"):
            mixed_density(events, stacks, count_cutoff=cutoff)
