"""Packages that eventsnn works with but does not need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from eventsnn.errors import ConfigError


def optional(package: str, install: str) -> Any:
    """A package that may be missing.

    Args:
        package: its import name.
        install: what pip installs it with.
    Raises: ConfigError: it cannot be imported; the message has the line that installs it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ConfigError(f'{package} cannot be used ({error}): pip install "{install}"') from error
