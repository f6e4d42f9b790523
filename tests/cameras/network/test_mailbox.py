from __future__ import annotations

import threading

from eventsnn.cameras.network.mailbox import Mailbox


def test_items_come_in_order_and_nothing_is_lost_below_the_bounds() -> None:
    box: Mailbox[int] = Mailbox(most_items=3, most_bytes=100)
    for item in (1, 2, 3):
        box.put(item, 10)
    assert [box.get(0) for _ in range(4)] == [1, 2, 3, None]
    assert box.lost == 0


def test_too_many_items_drop_the_oldest() -> None:
    box: Mailbox[int] = Mailbox(most_items=3, most_bytes=100)
    for item in range(5):
        box.put(item, 1)
    assert [box.get(0) for _ in range(4)] == [2, 3, 4, None]
    assert box.lost == 2


def test_too_many_bytes_drop_the_oldest_but_never_the_newest() -> None:
    box: Mailbox[int] = Mailbox(most_items=9, most_bytes=100)
    for item, size in ((1, 60), (2, 40), (3, 30), (4, 500)):
        box.put(item, size)
    assert [box.get(0), box.get(0)] == [4, None]
    assert box.lost == 3
    box.put(5, 100)  # what was taken out counts no longer
    assert box.get(0) == 5
    assert box.lost == 3


def test_closing_wakes_a_reader_that_waits_for_ever() -> None:
    box: Mailbox[int] = Mailbox()
    got: list[int | None] = [7]
    reader = threading.Thread(target=lambda: got.append(box.get()))
    reader.start()
    box.close()
    reader.join(5)
    assert not reader.is_alive()
    assert got == [7, None]
