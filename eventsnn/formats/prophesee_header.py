"""The text at the begin of Prophesee's RAW and DAT files: lines of `% keyword value`.

Sources: docs.prophesee.ai, "RAW File Format" and "DAT File Format". The line `% end` may be missing; data
then begin with the first line that does not begin with `% ` or is no text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from eventsnn.errors import FormatError, ShapeError
from eventsnn.events import Sensor

MOST_BYTES = 1 << 16
"""Longer headers are not believed."""

TIME_OFFSET = "eventsnn_time_offset_us"
"""Our own keyword: µs to add to every time, where the times themselves do not fit into the format."""
CAMERA = "eventsnn_camera"
"""Our own keyword: the camera's name."""

_SENSORS = (
    ("genx320", Sensor(320, 320)),
    ("imx636", Sensor(1280, 720)),
    ("imx646", Sensor(1280, 720)),
    ("gen4", Sensor(1280, 720)),
    ("gen3", Sensor(640, 480)),
)
"""Sensors by what the names of plugins and sensors contain (`hal_plugin_gen31_fx3`, `IMX636`)."""
_GENERATIONS = {"3": Sensor(640, 480), "4": Sensor(1280, 720), "320": Sensor(320, 320)}
_FARTHEST_US = 1 << 61


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Args:
        values: by keyword.
        size: bytes before the data.
    """

    values: dict[str, str]
    size: int

    @property
    def format(self) -> tuple[str, dict[str, str]]:
        """Name and options of the `format` line ("EVT3;height=720;width=1280"); empty where there is none."""
        name, *rest = self.values.get("format", "").split(";")
        pairs = (option.partition("=") for option in rest)
        return name.strip().upper(), {key.strip(): value.strip() for key, _, value in pairs}

    @property
    def sensor(self) -> Sensor | None:
        """The sensor's size as the header says it in numbers; None where it does not.

        Raises: FormatError: numbers that cannot be a size.
        """
        _, options = self.format
        found = re.fullmatch(r"(\d+)\s*x\s*(\d+)", self.values.get("geometry", ""))
        for width, height in (
            found.groups() if found else ("", ""),
            (options.get("width", ""), options.get("height", "")),
            (self.values.get("Width", ""), self.values.get("Height", "")),
        ):
            if width.isdecimal() and height.isdecimal():
                try:
                    return Sensor(int(width[:9]), int(height[:9]))
                except ShapeError as error:
                    raise FormatError(f"the header gives an impossible sensor size: {error}") from error
        return None

    @property
    def named_sensor(self) -> tuple[Sensor, str] | None:
        """The size of the sensor that the header names, and where it does; None where that is not known."""
        for keyword in ("sensor_name", "plugin_name"):
            name = self.values.get(keyword, "")
            for part, sensor in _SENSORS:
                if part in name.lower():
                    return sensor, f"{keyword} {name}"
        for keyword in ("sensor_generation", "generation"):
            generation = self.values.get(keyword, "")
            if generation.split(".")[0] in _GENERATIONS:
                return _GENERATIONS[generation.split(".")[0]], f"{keyword} {generation}"
        return None

    @property
    def camera(self) -> str:
        """The camera's name, put together from what the header has of it."""
        given = self.values.get(CAMERA, "")
        if given or "serial_number" not in self.values:
            return given
        model = self.values.get("plugin_name", "").removeprefix("hal_plugin_") or "prophesee"
        return f"{model}_{self.values['serial_number']}"

    @property
    def time_offset_us(self) -> int:
        """µs to add to every time; 0 unless we wrote the file.

        Raises: FormatError: no number, or an impossible one.
        """
        text = self.values.get(TIME_OFFSET, "0")
        if not re.fullmatch(r"-?\d{1,19}", text) or abs(int(text)) > _FARTHEST_US:
            raise FormatError(f"the header's {TIME_OFFSET} {text!r} is no possible time")
        return int(text)


def parse_header(head: bytes, mark: bytes = b"% ") -> Header:
    """The header that a file begins with; an empty one where it has none.

    Args:
        head: the first bytes of the file.
        mark: what every line begins with.
    """
    values: dict[str, str] = {}
    at = 0
    while head.startswith(mark, at):
        end = head.find(b"\n", at)
        line = head[at + len(mark) : end].rstrip(b"\r")
        # Data without `% end` before it may begin with the bytes of "% ", but then goes on as no text does.
        if end < 0 or any(byte < 0x20 and byte != 0x09 for byte in line):
            break
        at = end + 1
        keyword, _, value = line.decode("utf-8", "replace").strip().partition(" ")
        if keyword == "end" and not value:
            break
        values[keyword] = value.strip()
    return Header(values, at)


def read_header(file: BinaryIO, mark: bytes = b"% ") -> Header:
    """The header of an open file.

    Args:
        file: read from its begin.
        mark: what every line begins with.
    """
    file.seek(0)
    return parse_header(file.read(MOST_BYTES), mark)


def header_lines(values: dict[str, str]) -> bytes:
    """A header as it stands in a file, closed by `% end`.

    Args:
        values: by keyword; those that are empty are left out.
    """
    lines = [f"% {keyword} {' '.join(value.split())}\n" for keyword, value in values.items() if value.strip()]
    return "".join([*lines, "% end\n"]).encode()
