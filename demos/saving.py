"""What `--save` understands: the ending of a name says what is saved."""

from __future__ import annotations

from pathlib import Path

from eventsnn.errors import ConfigError

VIDEO_SUFFIXES = (".mp4",)
FLOW_SUFFIXES = (".h5", ".hdf5")


def check_names(paths: list[str]) -> None:
    """Refuse what cannot be saved to before anything is opened.

    Raises: ConfigError: an unknown ending, or one file twice.
    """
    for path in paths:
        if Path(path).suffix.lower() not in VIDEO_SUFFIXES + FLOW_SUFFIXES:
            raise ConfigError(
                f"--save {path}: the ending says what is saved: .mp4 for a video of the pictures, "
                f".h5 for the flow"
            )
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise ConfigError("--save names the same file twice")
