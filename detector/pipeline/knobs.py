"""What each service is judged by: the settings for all, and over them those whose pattern matches its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.config import Settings, parse_budget, parse_span, score_of

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Knobs:
    """Of S services, S each.

    Attributes:
        open_at: score at which an incident opens; infinite where none does.
        least, least_factor: records beyond and times what is expected that it needs.
        warmup: windows for which a service is known before it is judged.
        ignored: never judged.
        rising, falling: whether surges, and falls, are looked for.
    """

    open_at: Real
    least: Real
    least_factor: Real
    warmup: Real
    ignored: Mask
    rising: Mask
    falling: Mask

    @property
    def share(self) -> Real:
        """log10 of the share of the false alarms that one direction may raise."""
        return np.where(self.rising & self.falling, -np.log10(2.0), 0.0)

    def of(self, services: NDArray[np.int64]) -> Knobs:
        """Those of some services."""
        return Knobs(*(getattr(self, name)[services] for name in self.__slots__))


def knobs_of(names: Sequence[str], settings: Settings, open_at: float, width_us: int) -> Knobs:
    """What services are judged by.

    Args:
        names: of the services.
        settings: for all, and by pattern.
        open_at: score at which an incident opens where no pattern gives a budget; infinite: none opens anywhere.
        width_us: length of a window.
    """
    usual = {"incident_budget": None, "least_excess": settings.least_excess, "least_factor": settings.least_factor,
             "warmup": settings.warmup, "ignore": False, "direction": settings.direction}  # fmt: skip
    told = {key: [settings.told(key, name, value) for name in names] for key, value in usual.items()}
    budgets = [open_at if text is None or np.isinf(open_at) else score_of(parse_budget(text))
               for text in told["incident_budget"]]  # fmt: skip
    direction = np.array(told["direction"], dtype="U4")
    return Knobs(
        np.array(budgets, np.float64), np.array(told["least_excess"], np.float64),
        np.array(told["least_factor"], np.float64),
        np.array([parse_span(text) * 1e6 / width_us for text in told["warmup"]], np.float64),
        np.array(told["ignore"], bool), direction != "down", direction != "up",
    )  # fmt: skip
