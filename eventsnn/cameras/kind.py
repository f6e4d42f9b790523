"""What a camera folder tells the registry about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eventsnn.streams import Camera


def _none_attached() -> list[str]:
    return []


@dataclass(frozen=True)
class CameraKind:
    """One kind of live source: what a user types for it, and what opens it.

    Args:
        name: what a user types, or starts with ("davis346", "tcp").
        accepts: the spellings that `open` understands, for `--list` and for messages.
        summary: one line for `--list`.
        open: opens the camera; gets what stands behind the prefix ("" where only the name was typed).
            Raises ConfigError for an argument it does not understand, CameraError otherwise.
        prefix: what stands before the argument ("tcp://"); "" where the kind takes none.
        attached: full names of the devices of this kind that could be opened now.
        stand_in: the camera that may play where no device of this kind is attached; "" for none.
    """

    name: str
    accepts: tuple[str, ...]
    summary: str
    open: Callable[[str], Camera]
    prefix: str = ""
    attached: Callable[[], list[str]] = _none_attached
    stand_in: str = ""

    def argument(self, typed: str) -> str | None:
        """What `typed` asks of this kind: "" for its bare name, None where it means another kind.

        Args:
            typed: the whole camera name, such as "tcp://127.0.0.1:7777".
        """
        if typed == self.name:
            return ""
        if self.prefix and typed.startswith(self.prefix):
            return typed.removeprefix(self.prefix)
        return None
