"""From what a user names (files, folders, patterns) to pairs of an input and its output."""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from eventsnn.errors import ConfigError, FormatError
from eventsnn.formats import format_of, formats


@dataclass(frozen=True)
class Found:
    """The recordings that a user named.

    Args:
        files: each with its name below the folder or pattern that it was found by.
        several: whether the user meant several, even where only one was found.
    """

    files: tuple[tuple[Path, Path], ...]
    several: bool


def find(named: list[str], but_not: Path | None = None) -> Found:
    """The recordings behind names of files, folders and patterns.

    A folder gives every file below it that is an event file, by its content or by its name.

    Args:
        named: what the user typed.
        but_not: a folder whose files are left out: the one that is written to.
    Raises: ConfigError: a pattern or folder without a recording, or the folder that is written to.
    """
    files: list[tuple[Path, Path]] = []
    several = len(named) > 1
    for name in named:
        path = Path(name)
        if path.is_dir():
            if but_not is not None and but_not.exists() and path.samefile(but_not):
                raise ConfigError(f"the folder {name} is read already; write to another one, or one in it")
            several = True
            inside = [
                (file, file.relative_to(path))
                for file in sorted(path.rglob("*"))
                if _is_recording(file) and not (but_not is not None and _below(file, but_not))
            ]
            if not inside:
                raise ConfigError(f"there is no event file in the folder {name}")
            files += inside
        elif not path.exists() and glob.has_magic(name):
            several = True
            matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]
            matches = [match for match in matches if match.is_file()]
            if not matches:
                raise ConfigError(f"no file matches {name!r}")
            files += [(match, Path(match.name)) for match in matches]
        else:
            files.append((path, Path(path.name)))
    return Found(tuple(dict.fromkeys(files)), several)


def outputs(found: Found, folder: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Where the result of each recording goes below a folder.

    Recordings that differ by their endings alone keep them: event.raw and event.txt become event.raw.h5
    and event.txt.h5.

    Args:
        found: the recordings.
        folder: what they are written to; folders below the inputs' own are repeated in it.
        suffix: ending of every output, with its dot.
    Returns: (input, output) pairs.
    Raises: ConfigError: two inputs with the same output, or an output that is an input.
    """
    sources: dict[Path, Path] = {}
    inputs = {path.resolve() for path, _ in found.files}
    times = Counter(below.with_suffix("") for _, below in found.files)
    for path, below in found.files:
        alone = times[below.with_suffix("")] == 1
        target = folder / (below.with_suffix(suffix) if alone else below.with_name(below.name + suffix))
        if target in sources:
            raise ConfigError(f"{sources[target]} and {path} would both become {target}; do them in two runs")
        if target.resolve() in inputs:
            raise ConfigError(f"{target} is one of the recordings; give another folder")
        sources[target] = path
    return [(path, target) for target, path in sources.items()]


def _below(file: Path, folder: Path) -> bool:
    return folder.resolve() in file.resolve().parents


def _is_recording(path: Path) -> bool:
    if path.name.startswith(".") or path.stem.endswith(".part") or not path.is_file():
        return False
    try:
        format_of(path)
        return True
    except FormatError:
        # a damaged recording is to be reported; any text or table is not
        return any(
            path.suffix.lower() in format.suffixes for format in formats().values() if not format.guessed
        )
