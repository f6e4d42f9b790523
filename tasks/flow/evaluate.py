"""How good a flow network is: beside its classical baselines, on simulated and on real streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from eventsnn.events import Sensor
from eventsnn.formats import open_events
from eventsnn.metrics.flow import endpoint_error, flow_warp_loss
from eventsnn.results import Flow
from eventsnn.windows import Window, windows

from .. import Score, TestOptions
from .baselines import BASELINES
from .data import HELD_OUT_SEED, SceneConfig, held_out_sequences
from .network import FlowNetwork
from .predictor import WEIGHTS, inference, load_network

TEST_SEED = HELD_OUT_SEED + 1_000_000
"""Scenes for the final test: held out from training, and from the validations during it."""

TEST_SCENES = SceneConfig(width=128, height=128, windows=8)
"""Larger and longer than training's."""

Stream = Callable[[Sequence[Window]], list[Flow]]
"""What computes the flow of consecutive windows of one stream."""


def network_stream(network: FlowNetwork) -> Stream:
    """The network over a stream, its state carried from window to window.

    Args:
        network: ready for inference.
    """

    def run(stream: Sequence[Window]) -> list[Flow]:
        state, flows = None, []
        with inference():
            for window in stream:
                out = network.step([window], state)
                state = out.state
                flows.append(Flow(out.flow[0].numpy(), window.start_us, window.end_us))
        return flows

    return run


def baseline_streams() -> dict[str, Stream]:
    """The classical methods; each window on its own."""

    def each(method: Callable[[Window], Flow]) -> Stream:
        return lambda stream: [method(window) for window in stream]

    return {name: each(method) for name, method in BASELINES.items()}


def score_simulated(
    methods: dict[str, Stream],
    scenes: int,
    config: SceneConfig = TEST_SCENES,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Score]:
    """Endpoint errors on held-out simulated streams, every window from the first one on.

    Args:
        methods: name to method.
        scenes: number of streams.
        config: their size and speed.
        progress: told how many streams are done.
    """
    sums: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for done, sequence in enumerate(held_out_sequences(scenes, config, TEST_SEED), 1):
        truths = [
            Flow(flow.astype(np.float32), window.start_us, window.end_us)
            for window, flow in zip(sequence.windows, sequence.flow, strict=True)
        ]
        for name, method in methods.items():
            started = time.perf_counter()
            flows = method(sequence.windows)
            seconds[name] += time.perf_counter() - started
            for window, flow, truth in zip(sequence.windows, flows, truths, strict=True):
                if len(window.events):
                    sums[name].append(
                        {
                            "AEE masked": endpoint_error(
                                flow, truth, window.events, protocol="masked"
                            ).average,
                            "AEE dense": endpoint_error(flow, truth, window.events, protocol="dense").average,
                            "3PE masked": endpoint_error(
                                flow, truth, window.events, protocol="masked"
                            ).outliers,
                        }
                    )
        progress(done)
    return [_mean(name, sums[name], seconds[name] / (scenes * config.windows)) for name in methods]


def score_recording(
    methods: dict[str, Stream],
    path: Path,
    window_us: int,
    sensor: Sensor | None = None,
    fewest_events: int = 500,
) -> list[Score]:
    """Flow warp loss on a real recording without ground truth.

    Args:
        methods: name to method.
        path: an event file.
        window_us: length of the windows, µs.
        sensor: size of the pixel array where the file does not say.
        fewest_events: windows with less than this are computed, but not scored: two events warped onto
            one pixel say nothing.
    """
    with open_events(path, sensor) as recording:
        stream = [window for window in windows(recording.events(), window_us) if not window.partial]
    scores = []
    for name, method in methods.items():
        started = time.perf_counter()
        flows = method(stream)
        seconds = time.perf_counter() - started
        values = [
            {"FWL": flow_warp_loss(window.events, flow)}
            for window, flow in zip(stream, flows, strict=True)
            if len(window.events) >= fewest_events
        ]
        scores.append(_mean(name, values, seconds / max(len(stream), 1)))
    return scores


def _mean(name: str, rows: Iterable[dict[str, float]], seconds: float) -> Score:
    rows = list(rows)
    names = rows[0].keys() if rows else ()
    values = {metric: float(np.mean([row[metric] for row in rows])) for metric in names}
    return Score(name, values, seconds * 1e3)


def compare(options: TestOptions) -> dict[str, list[Score]]:
    """Networks and classical baselines side by side.

    Args:
        options: weights and data.
    Returns: a title for each set of windows, and its scores.
    """
    weights = options.weights or tuple(sorted(WEIGHTS.glob("*.safetensors")))
    methods = {path.stem: network_stream(load_network(path)) for path in weights} | baseline_streams()
    window_us = round(options.window_ms * 1000)
    if options.data:
        return {
            f"{path.name}, {options.window_ms:g} ms windows": score_recording(
                methods, path, window_us, options.sensor
            )
            for path in options.data
        }
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        task = progress.add_task("simulated streams", total=options.scenes)
        scores = score_simulated(
            methods, options.scenes, progress=lambda done: progress.update(task, completed=done)
        )
    return {f"{options.scenes} held-out simulated streams": scores}
