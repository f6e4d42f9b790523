"""One job over one recording or many: here, in several processes, or on Dask; failures told at the end."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from typing import Any

from eventsnn.commands.inputs import find, outputs
from eventsnn.commands.interruption import at_work, interruptible, obey_the_parent, watched
from eventsnn.commands.jobs import Job, settings
from eventsnn.commands.manifest import Manifest
from eventsnn.commands.progress import Meter, shown, silent
from eventsnn.errors import ConfigError, EventsnnError

Pair = tuple[Path, Path]
"""An input and its output."""

Done = Callable[[Pair, str, str], None]
"""Called with a pair, what its job says, and why it failed (empty where it did not)."""


def run(options: argparse.Namespace, job: Callable[[Path], Job], suffix: Callable[[], str]) -> int:
    """A command from its options to its exit code.

    Args:
        options: those of `options.add_files`.
        job: the job for outputs of the name that it is given, checked as far as it can be beforehand.
        suffix: ending of the outputs of a batch, with its dot; raises ConfigError where it is not known.
    Returns: 0, or 1 where a recording of several failed.
    Raises: EventsnnError: the only recording cannot be worked through, or an option does not fit.
    """
    if options.workers and options.scheduler:
        raise ConfigError("give --workers or --scheduler: Dask has workers of its own")
    folder = Path(options.output)
    found = find(options.input, folder)
    with interruptible():
        if not (found.several or folder.is_dir() or options.output.endswith("/")):
            if options.workers or options.scheduler:
                raise ConfigError(
                    "--workers and --scheduler are for several recordings; OUT is a folder then"
                )
            return _single(found.files[0][0], folder, job(folder))
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is a file; several recordings need a folder")
        pairs = outputs(found, folder, suffix())
        return _many(pairs, folder, job(pairs[0][1]), options)


def _single(source: Path, target: Path, job: Job) -> int:
    if source.exists() and target.exists() and source.samefile(target):
        raise ConfigError(f"{target} is the recording itself; give another name")
    with shown(source.name) as meter:
        said = job(source, target, watched(meter))
    print(said)
    return 0


def _many(pairs: list[Pair], folder: Path, job: Job, options: argparse.Namespace) -> int:
    with Manifest(folder, settings(job)) as manifest:
        left = [pair for pair in pairs if options.again or not manifest.is_done(*pair)]
        skipped = len(pairs) - len(left)
        failures: list[tuple[Path, str]] = []
        weights = {source: source.stat().st_size if source.exists() else 0 for source, _ in left}
        total, finished = sum(weights.values()) or 1, 0

        with shown(f"{len(left)} recordings") as meter:

            def inside(share: float, events: int) -> None:
                meter(finished / total + share * weight / total, events)

            def done(pair: Pair, said: str, failure: str) -> None:
                nonlocal finished
                finished += weights[pair[0]]
                if failure:
                    manifest.forget(pair[1])
                    failures.append((pair[0], failure))
                else:
                    manifest.end(*pair)
                    print(said, flush=True)
                meter(finished / total, 0)

            for pair in left:
                manifest.begin(pair[1])
            if options.scheduler:
                _on_dask(left, job, options.scheduler, done)
            elif (options.workers or 1) > 1:
                _in_processes(left, job, options.workers, done)
            else:
                for pair in left:
                    weight = weights[pair[0]]
                    done(pair, *_attempt(job, *pair, inside))
    already = f", {skipped} were done already" if skipped else ""
    print(f"{len(left) - len(failures)} of {len(pairs)} recordings done{already}, {len(failures)} failed")
    for source, failure in failures:
        # most messages begin with the file that they are about
        where = "" if failure.startswith(str(source)) else f"{source}: "
        print(f"failed: {where}{failure}", file=sys.stderr)
    return 1 if failures else 0


def _attempt(job: Job, source: Path, target: Path, meter: Meter = silent) -> tuple[str, str]:
    """(what the job says, why it failed): one of them is empty."""
    try:
        return job(source, target, watched(meter)), ""
    except (EventsnnError, OSError) as error:
        return "", " ".join(str(error).split())


def _in_worker(job: Job, source: Path, target: Path) -> tuple[str, str]:
    with at_work():
        return _attempt(job, source, target)


def _in_processes(pairs: list[Pair], job: Job, workers: int, done: Done) -> None:
    # a forked child would share the locks of threads that it does not have
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=obey_the_parent)
    try:
        futures = {pool.submit(_in_worker, job, *pair): pair for pair in pairs}
        for future in as_completed(futures):
            done(futures[future], *_outcome(future))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        for child in multiprocessing.active_children():
            child.join()
        raise
    pool.shutdown()


def _outcome(future: Future[tuple[str, str]]) -> tuple[str, str]:
    try:
        return future.result()
    except BrokenProcessPool:
        return "", "its process died (out of memory?); run the batch again with fewer --workers"


def _on_dask(pairs: list[Pair], job: Job, address: str, done: Done) -> None:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ConfigError(f'--scheduler needs Dask: pip install "eventsnn[cluster]" ({error})') from error
    try:
        client = distributed.Client(address, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        # the other machines have a working folder of their own
        futures: dict[Any, Pair] = {
            client.submit(_attempt, job, *(path.resolve() for path in pair), pure=False): pair
            for pair in pairs
        }
        try:
            for future in distributed.as_completed(list(futures)):
                defect = future.exception()
                if defect is None:
                    said, failure = future.result()
                else:
                    said, failure = "", f"{type(defect).__name__}: {' '.join(str(defect).split())}"
                done(futures[future], said, failure)
        except BaseException:
            client.cancel(list(futures))
            raise
