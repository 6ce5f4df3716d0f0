"""What the lines of a service are counted per: clients, where none is known requests, else hosts if there are several.

It is the same for all windows of a service: ratios of lines to different things have nothing in common. An autoscaler,
or more requests, do not look like a flood so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
NAMES = ("client", "request", "host")
"""By kind of `sketch.py`."""
UNKNOWN = len(NAMES)


@dataclass(slots=True)
class Denominators:
    """By number of the service.

    Attributes:
        kinds: what its lines are counted per; `UNKNOWN` where nothing is known.
    """

    kinds: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    @property
    def are_known(self) -> bool:
        """Of any service?"""
        return bool((self.kinds < UNKNOWN).any())

    def of(self, services: Numbers) -> NDArray[np.int8]:
        """Of each of these services."""
        return np.append(self.kinds, np.int8(UNKNOWN))[np.minimum(services, len(self.kinds))]

    def name(self, service: int) -> str:
        """Of one service; `client` where nothing is known."""
        kind = int(self.of(np.array([service]))[0])
        return NAMES[kind] if kind < UNKNOWN else NAMES[0]

    def settle(self, found: Iterable[tuple[Numbers, Numbers]]) -> bool:
        """Take in services with what may be told of them; what was known before stays. Whether anything is new."""
        known = self.kinds
        for services, kinds in found:
            if len(services):
                missing = max(int(services.max()) + 1 - len(self.kinds), 0)
                self.kinds = np.append(self.kinds, np.full(missing, UNKNOWN, np.int8))
                np.minimum.at(self.kinds, services, kinds.astype(np.int8))
        old = np.append(known, np.full(len(self.kinds) - len(known), UNKNOWN, np.int8))
        self.kinds = np.where(old < UNKNOWN, old, self.kinds)
        return bool((self.kinds != old).any())
