"""The inbox makes who brings too much wait."""

from __future__ import annotations

import threading

from detector.sources.live.live import Arrived, Inbox


def arrived(size: int) -> Arrived:
    """A run of so many bytes."""
    return Arrived("x", b"x" * size, 0)


def test_what_was_put_is_taken_in_order():
    """All that waits is taken at once, in the order in which it came."""
    inbox, stop = Inbox(), threading.Event()
    runs = [arrived(size) for size in (1, 2, 3)]
    assert all(inbox.put(run, stop) for run in runs)
    assert runs == inbox.take(0)
    assert [] == inbox.take(0)
    assert 0 == inbox.waiting_bytes


def test_a_full_inbox_takes_no_more():
    """What does not fit is not offered in part, and an empty inbox takes one run of any size."""
    inbox = Inbox(1000)
    assert inbox.offer(arrived(5000))
    assert inbox.is_full
    assert not inbox.offer(arrived(1), arrived(1))
    assert [5000] == [len(one.data) for one in inbox.take(0)]
    assert inbox.offer(arrived(1), arrived(1))


def test_who_puts_into_a_full_inbox_waits():
    """`put` ends when there is room, or with False at a stop."""
    inbox, stop = Inbox(1000), threading.Event()
    assert inbox.put(arrived(1000), stop)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(inbox.put(arrived(1), stop)))
    waiting.start()
    assert [1000] == [len(one.data) for one in inbox.take(1)]
    waiting.join(5)
    assert [True] == answers
    assert [1] == [len(one.data) for one in inbox.take(1)]
    inbox.put(arrived(1000), stop)
    stop.set()
    assert not inbox.put(arrived(1), stop)
