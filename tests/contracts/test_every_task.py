"""The same checks on every task: a new folder in tasks/ is tested by existing."""

import math

import numpy as np
import pytest

from eventsnn.errors import EventsnnError, FormatError, ShapeError
from eventsnn.events import Events, Sensor
from eventsnn.tasks import Predictor, names, task
from eventsnn.windows import Window

SENSOR = Sensor(64, 48)


@pytest.fixture(scope="module", params=names())
def predictor(request: pytest.FixtureRequest) -> Predictor:
    return task(request.param).predictor(SENSOR, None)


def window(events: Events, index: int = 0) -> Window:
    return Window(events, index * 20_000, (index + 1) * 20_000)


def random_events(index: int, count: int = 3_000) -> Events:
    generator = np.random.default_rng(index)
    t = np.sort(generator.integers(index * 20_000, (index + 1) * 20_000, count))
    x, y = generator.integers(0, 64, count), generator.integers(0, 48, count)
    return Events.checked(t, x, y, generator.random(count) < 0.5, SENSOR)


@pytest.mark.parametrize(
    "events",
    [
        Events.empty(SENSOR),
        Events.checked([10], [63], [47], [True], SENSOR),
        Events.checked([7] * 500, [5] * 500, [6] * 500, [False] * 500, SENSOR),
    ],
    ids=["no events", "one event", "equal timestamps"],
)
def test_unusual_windows_give_a_finite_result_for_their_interval(
    predictor: Predictor, events: Events
) -> None:
    result, state = predictor.step(window(events), None)
    again, _ = predictor.step(window(Events.empty(SENSOR), 1), state)
    for flow, start_us in ((result, 0), (again, 20_000)):
        assert np.isfinite(flow.displacement).all()
        assert flow.sensor == SENSOR
        assert (flow.start_us, flow.end_us) == (start_us, start_us + 20_000)


def test_a_stream_goes_on_where_its_state_was(predictor: Predictor) -> None:
    windows = [window(random_events(index), index) for index in range(4)]

    def run(state, part):
        results = []
        for each in part:
            result, state = predictor.step(each, state)
            results.append(result.displacement)
        return results, state

    whole, _ = run(None, windows)
    first, state = run(None, windows[:2])
    # Another stream in between must not matter: state is passed, never hidden.
    run(None, windows[::-1])
    second, _ = run(state, windows[2:])
    np.testing.assert_array_equal(np.stack(whole), np.stack(first + second))


def test_input_is_left_alone(predictor: Predictor) -> None:
    events = random_events(0)
    copies = [column.copy() for column in (events.t, events.x, events.y, events.p)]
    _, state = predictor.step(window(events), None)
    before = state.flow.clone()
    predictor.step(window(random_events(1), 1), state)
    for column, copy in zip((events.t, events.x, events.y, events.p), copies, strict=True):
        np.testing.assert_array_equal(column, copy)
    assert (state.flow == before).all()


def test_firing_rate_is_a_share(predictor: Predictor) -> None:
    predictor.step(window(random_events(0)), None)
    assert math.isnan(predictor.firing_rate) or 0 < predictor.firing_rate < 1


def test_bad_input(predictor: Predictor) -> None:
    with pytest.raises(ShapeError):
        predictor.step(window(Events.empty(Sensor(50, 50))), None)


@pytest.mark.parametrize("name", names())
def test_every_task_ships_weights_with_a_card(name: str) -> None:
    chosen = task(name)
    assert chosen.name == name
    assert chosen.recipes()
    assert chosen.weights()
    for path in chosen.weights().values():
        card = path.with_suffix(".md").read_text()
        assert "simulated scenes only" in card
        assert "eventsnn-train fit" in card


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("sensor", [Sensor(1, 1), Sensor(2, 300)])
def test_a_sensor_too_small_is_refused(name: str, sensor: Sensor) -> None:
    with pytest.raises(ShapeError, match="at least"):
        task(name).predictor(sensor, None)


@pytest.mark.parametrize("name", names())
def test_weights_that_are_not_there(name: str) -> None:
    with pytest.raises(FormatError, match="no weights at"):
        task(name).predictor(SENSOR, "/nowhere/x.safetensors")


def test_unknown_task_names_its_neighbour() -> None:
    with pytest.raises(EventsnnError, match="did you mean flow"):
        task("flaw")
