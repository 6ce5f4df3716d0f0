"""Which service a time series is of, by its labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SERVICE_LABELS = ("service", "service_name", "job", "app", "container", "host")
"""The first of these labels that a series has is its service; series without any are told apart by all they have."""
_PAIR = re.compile(r'([\w.\-/]+)\s*(?:=\s*"((?:[^"\\]|\\.)*)"|[:=]\s*([^,{}"\s]+))')


def service_of(labels: Mapping[str, str]) -> str:
    """The service of a series; empty if it has no labels."""
    for name in SERVICE_LABELS:
        if labels.get(name):
            return labels[name]
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def labels_in(text: str) -> dict[str, str]:
    """The labels that the name of a series carries in braces, as Prometheus and Datadog write it; none without any."""
    _, brace, inside = text.partition("{")
    return {name: quoted or bare for name, quoted, bare in _PAIR.findall(inside)} if brace else {}


def labels_of(tags: Iterable[str]) -> dict[str, str]:
    """The labels that tags `name:value` stand for."""
    return {name: value for name, colon, value in (tag.partition(":") for tag in tags) if colon}
