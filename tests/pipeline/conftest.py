"""What tests of a watch share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that judge."""
    with ThreadPoolExecutor(2) as executor:
        yield executor
