"""Checks of a filter's options."""

from __future__ import annotations

import operator

from eventsnn.errors import ConfigError

LONGEST_US = 2**30
"""The longest span of time that a filter can be asked to look back, µs; 18 minutes."""

FARTHEST_US = 2**62 - 1
"""The farthest time from 0 that events may have, µs, as `Events.checked` holds it."""


def check_whole(name: str, value: int, least: int, most: int) -> None:
    """Refuse an option that is no whole number of a range.

    Args:
        name: of the option.
        value: what was given.
        least: smallest allowed.
        most: largest allowed.
    Raises: ConfigError: a fraction, or a number out of the range.
    """
    try:
        fits = not isinstance(value, bool) and least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits:
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
