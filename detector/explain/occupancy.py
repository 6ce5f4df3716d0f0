"""How many clients there are, from how many were seen: more of them are seen when each of them sends more.

If N clients send L messages at random, N (1 - exp(-L / N)) of them are seen (the occupancy problem: Feller 1968, "An
introduction to probability theory and its applications", IV.2; from what was seen twice: Schnabel 1938, "The estimation
of the total fish population of a lake").
"""

from __future__ import annotations

import math

LEAST_AGAIN, LEAST_SHARE = 20.0, 0.05
"""Messages of clients that were seen before, at least, and as a share of the clients seen: fewer tell no number, and
the count of distinct clients is itself not more exact."""
FEW_CLIENTS, MOST_PER_MINUTE = 10, 600.0
"""Fewer clients of which each sends more lines than that in a minute are no clients: a load balancer or an address
translation stands before them."""
SATURATED = 30.0


def fleet(seen: float, messages: float) -> float | None:
    """Clients, of which `seen` were seen in `messages` messages; None where hardly any was seen twice."""
    again = messages - seen
    if seen <= 0 or again < max(LEAST_AGAIN, LEAST_SHARE * seen):
        return None
    low, high = 0.0, SATURATED  # messages per client
    if seen / messages <= _seen_per_message(high):
        return seen
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _seen_per_message(middle) > seen / messages else (low, middle)
    return messages / high


def are_hidden(clients: float, lines_per_minute: float) -> bool:
    """Do these clients stand for others behind them?"""
    return clients < FEW_CLIENTS and lines_per_minute > MOST_PER_MINUTE * clients


def _seen_per_message(pace: float) -> float:
    return -math.expm1(-pace) / pace
