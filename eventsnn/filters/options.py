"""Checks of a filter's options."""

from __future__ import annotations

import numbers

from eventsnn.errors import ConfigError

LONGEST_US = 2**30
"""The longest span of time that a filter can be asked to look back, µs; 18 minutes."""


def check_whole(name: str, value: int, least: int, most: int) -> None:
    """Refuse an option that is no whole number of a range.

    Args:
        name: of the option.
        value: what was given.
        least: smallest allowed.
        most: largest allowed.
    Raises: ConfigError: a fraction, or a number out of the range.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(f"{name} is a whole number from {least} to {most}, not {value!r}")


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Refuse an option that is none of a few.

    Args:
        name: of the option.
        value: what was given.
        choices: what is allowed.
    Raises: ConfigError: another value.
    """
    if value not in choices:
        raise ConfigError(f"{name} is {' or '.join(map(repr, choices))}, not {value!r}")
