"""What is known of services in general before a service has a history of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prior:
    """Typical noise, learned by `models/learn_prior.py` from public series.

    Attributes:
        dispersion: negative-binomial dispersion of one window around what is expected (variance = mean + dispersion *
            mean^2).
        tail_share, tail_scale: of the one-window test, see `detect/tail.py`.
        drift_share, drift_scale: the same of the accumulating test.
    """

    dispersion: float = 0.05
    tail_share: float = 0.03
    tail_scale: float = 1.2
    drift_share: float = 0.05
    drift_scale: float = 3.0
