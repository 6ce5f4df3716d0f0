"""Which factor drives a surge: more clients, more messages per client, or bigger messages.

volume = clients x messages per client x bytes per message, split by the additive logarithmic mean Divisia index (Ang
2004, "Decomposition analysis for policymaking in energy"): exact, no residual, symmetric in the factors.
"""

from __future__ import annotations

import math

from detector.causes import Factor

SMALLEST = 1e-12
"""Stands for zero; the index has a limit there (Ang, Zhang & Choi 1998)."""
LEAST_CHANGE = 1e-3
"""A volume that changed by less has no shares."""


def logarithmic_mean(a: float, b: float) -> float:
    """(a - b) / ln(a / b), a where they are equal."""
    return a if math.isclose(a, b, rel_tol=1e-12) else (a - b) / math.log(a / b)


def split(before: tuple[float, ...], during: tuple[float, ...]) -> list[Factor]:
    """Share of each factor in the change of their product.

    Returns:
        the factors with shares that add up to 1; shares are None where the product hardly changed.
    """
    old = [max(value, SMALLEST) for value in before]
    new = [max(value, SMALLEST) for value in during]
    volume_old, volume_new = math.prod(old), math.prod(new)
    change = volume_new - volume_old
    if abs(change) <= LEAST_CHANGE * volume_old:
        return [Factor(b, d, None) for b, d in zip(before, during, strict=True)]
    weight = logarithmic_mean(volume_new, volume_old) / change
    shares = [weight * math.log(n / o) for o, n in zip(old, new, strict=True)]
    return [Factor(b, d, share) for b, d, share in zip(before, during, shares, strict=True)]


CLIENTS, MESSAGES, BYTES = KINDS = ("clients", "messages_per_client", "bytes_per_message")


def largest(factors: list[Factor]) -> str:
    """The kind of a surge: the factor with the largest share."""
    shares = [-math.inf if factor.share is None else factor.share for factor in factors]
    return "volume" if max(shares) == -math.inf else KINDS[shares.index(max(shares))]
