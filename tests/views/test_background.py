import threading
import time

import pytest

from eventsnn.errors import StorageError
from eventsnn.views.background import Background


class Slow:
    """A writer that takes its time, and fails from one item on."""

    def __init__(
        self, seconds: float = 0.0, fails_at: int | None = None, error: Exception | None = None
    ) -> None:
        self.items: list[int] = []
        self.threads: set[int] = set()
        self.seconds, self.fails_at, self.error = seconds, fails_at, error

    def write(self, item: int) -> None:
        if item == self.fails_at and self.error is not None:
            raise self.error
        time.sleep(self.seconds)
        self.threads.add(threading.get_ident())
        self.items.append(item)

    def close(self) -> str:
        return f"{len(self.items)} items"


def test_waiting_saves_everything_in_order_in_another_thread() -> None:
    writer = Slow(0.001)
    background = Background(writer, wait=True, depth=2)
    for item in range(30):
        background.write(item)
    assert background.close() == "30 items"
    assert writer.items == list(range(30))
    assert background.dropped == 0
    assert threading.get_ident() not in writer.threads


def test_not_waiting_never_holds_the_caller_up_and_counts_what_it_drops() -> None:
    writer = Slow(0.05)
    background = Background(writer, wait=False, depth=2)
    begin = time.perf_counter()
    for item in range(200):
        background.write(item)
    assert time.perf_counter() - begin < 0.05
    background.close()
    assert background.dropped == 200 - len(writer.items) > 190


def test_a_full_disk_stops_the_saving_and_nothing_else() -> None:
    writer = Slow(fails_at=5, error=StorageError("disk full"))
    background = Background(writer, wait=True, depth=1)
    for item in range(50):
        background.write(item)
    assert background.close() == "5 items"
    assert str(background.error) == "disk full"
    assert writer.items == list(range(5))


def test_a_defect_of_the_writer_is_shown_and_does_not_hang() -> None:
    background = Background(Slow(fails_at=1, error=ZeroDivisionError()), wait=True, depth=1)
    for item in range(20):
        background.write(item)
    with pytest.raises(ZeroDivisionError):
        background.close()
