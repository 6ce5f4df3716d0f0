"""When a delivery is tried again: exponential backoff with full jitter (Brooker: Exponential Backoff And Jitter, 2015).

Chance comes from a hash of what is sent, so the same failure is waited for equally long in every run.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

SECOND_US = 1_000_000
BASE_US = 5 * SECOND_US
LONGEST_US = 3600 * SECOND_US
"""Between two attempts, and the most that a receiver may ask for."""
GIVE_UP_US = 24 * LONGEST_US
LEAST_ATTEMPTS = 12
"""After so long, and so many attempts, it is a dead letter."""
FULLY_GROWN = 16

Outcome = Literal["accepted", "retry", "refused", "gone"]


class Answer(Struct, frozen=True):
    """What became of an attempt.

    Attributes:
        outcome: accepted; retry: not now; refused: never; gone: the receiver wants nothing any more.
        detail: in words, without secrets.
        retry_after_s: what the receiver asks for.
    """

    outcome: Outcome
    detail: str = ""
    retry_after_s: float | None = None


def wait_us(identity: str, attempts: int, retry_after_s: float | None) -> int:
    """How long to wait after so many failed attempts, at least a second."""
    ceiling = min(BASE_US * 2 ** min(attempts, FULLY_GROWN), LONGEST_US)
    digest = hashlib.blake2b(f"{identity}\0{attempts}".encode(), digest_size=8).digest()
    jitter = int.from_bytes(digest) / 2**64
    asked = 0.0 if retry_after_s is None else retry_after_s
    return int(min(max(ceiling * jitter, asked * SECOND_US, SECOND_US), LONGEST_US))


def is_given_up(first_us: int, attempts: int, now_us: int) -> bool:
    """Whether a delivery has been tried for long enough."""
    return now_us - first_us >= GIVE_UP_US and attempts >= LEAST_ATTEMPTS
