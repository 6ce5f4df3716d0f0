"""Work on threads, answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Label = TypeVar("Label")
Answer = TypeVar("Answer")


def in_order(
    pool: ThreadPoolExecutor, jobs: Iterable[tuple[Label, Callable[[], Answer]]], ahead: int
) -> Iterator[tuple[Label, Future[Answer]]]:
    """Run jobs in parallel and hand them back in order; never more than `ahead` of them wait or run."""
    waiting: deque[tuple[Label, Future[Answer]]] = deque()
    for label, work in jobs:
        waiting.append((label, pool.submit(work)))
        if len(waiting) >= ahead:
            yield waiting.popleft()
    yield from waiting
