"""`eventsnn`: what is in an event file, and how fast this machine is with it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from eventsnn import __version__
from eventsnn.command_line import guarded, sensor_size
from eventsnn.errors import FormatError
from eventsnn.events import Events
from eventsnn.formats import EventFile, formats, open_events
from eventsnn.results import Frame
from eventsnn.streams import ImuSamples


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `eventsnn`.

    Args:
        arguments: what stands behind the command's name; None takes it from the command line.
    Returns: the exit code: 0, 1 (failed) or 2 (bad input).
    """
    parser = argparse.ArgumentParser(
        prog="eventsnn",
        description="Look into event-camera recordings.",
        epilog="example:\n  eventsnn info recording.aedat4",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"eventsnn {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_info(commands)
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["bench"]:
        from eventsnn.benchmarks import command

        command.add_parser(commands)
    else:
        # only its line in --help: `eventsnn info` must not wait for the compiler behind the kernels
        commands.add_parser("bench", help="how fast this machine is, beside other libraries")
    options = parser.parse_args(arguments)
    return guarded(lambda: int(options.run(options)))


def _add_info(commands: Any) -> None:
    known = ", ".join(format.name for format in formats().values())
    parser = commands.add_parser(
        "info",
        help="what a recording holds: sensor, streams, counts, duration, event rate",
        description=f"Read a recording from begin to end and say what it holds. Formats: {known}.",
        epilog="examples:\n"
        "  eventsnn info recording.aedat4\n"
        "  eventsnn info events.txt --sensor 240x180 --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="the recording; its format is found by its content")
    parser.add_argument(
        "--sensor", type=sensor_size, metavar="WxH", help="sensor size, px, where the file does not give it"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run=_info)


def _info(options: argparse.Namespace) -> int:
    with open_events(options.file, options.sensor) as recording:
        summary, damage = summarise(recording)
        if options.json:
            print(json.dumps(summary, indent=2))
        else:
            print(_table(summary))
        if damage is not None:
            raise damage
        if not summary["events"]:
            raise FormatError(f"{options.file} holds no events")
    return 0


def summarise(recording: EventFile) -> tuple[dict[str, Any], FormatError | None]:
    """What a recording holds, and the damage that ended the reading, if any.

    Args:
        recording: read once from begin to end, in bounded memory.
    Returns: counts per stream, first and last event time (µs), duration (s), rate (events/s) and the
        share of ON events; the last five are None where there are no events.
    """
    events = on = frames = imu = triggers = 0
    first_us: int | None = None
    last_us: int | None = None
    damage: FormatError | None = None
    try:
        for packet in recording.packets():
            if isinstance(packet, Events):
                if len(packet):
                    first_us = int(packet.t[0]) if first_us is None else first_us
                    last_us = int(packet.t[-1])
                events += len(packet)
                on += int(packet.p.sum())
            elif isinstance(packet, Frame):
                frames += 1
            elif isinstance(packet, ImuSamples):
                imu += len(packet)
            else:
                triggers += len(packet)
    except FormatError as error:
        damage = error
    duration_s = None if first_us is None or last_us is None else (last_us - first_us) / 1e6
    summary = {
        "file": str(recording.path),
        "format": recording.format,
        "camera": recording.camera or None,
        "sensor": {"width": recording.sensor.width, "height": recording.sensor.height},
        "sensor_note": recording.sensor_note or None,
        "events": events,
        "frames": frames,
        "imu_samples": imu,
        "triggers": triggers,
        "first_us": first_us,
        "last_us": last_us,
        "duration_s": duration_s,
        "events_per_s": events / duration_s if duration_s else None,
        "on_share": on / events if events else None,
    }
    return summary, damage


def _table(summary: dict[str, Any]) -> str:
    sensor = f"{summary['sensor']['width']} x {summary['sensor']['height']} px"
    rows = [("file", summary["file"]), ("format", summary["format"])]
    if summary["camera"]:
        rows.append(("camera", summary["camera"]))
    rows.append(("sensor", sensor + (f"  ({summary['sensor_note']})" if summary["sensor_note"] else "")))
    on = f"  ({100 * summary['on_share']:.1f} % ON)" if summary["events"] else ""
    rows.append(("events", f"{summary['events']:,}{on}"))
    rows += [(name.replace("_", " "), f"{summary[name]:,}") for name in ("frames", "imu_samples", "triggers")]
    if summary["events"]:
        rows.append(("time", f"{summary['first_us']} to {summary['last_us']} µs"))
        rows.append(("duration", f"{summary['duration_s']:.6f} s"))
    if summary["events_per_s"]:
        rows.append(("rate", f"{summary['events_per_s']:,.0f} events/s"))
    return "\n".join(f"{name:<12} {value}" for name, value in rows)


if __name__ == "__main__":
    sys.exit(main())
