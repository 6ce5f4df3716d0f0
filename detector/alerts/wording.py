"""A notice as a colleague would say it. What comes from logs is made harmless: nothing unprintable leaves."""

from __future__ import annotations

import math

from detector.alerts.notice import Facts, Reason, Severity, State
from detector.times import duration
from detector.times import moment as instant

LONGEST_NAME = 200
MOST_NAMED = 10
LARGE = 1000


def title(state: State, severity: Severity, facts: Facts, reason: Reason = "began") -> str:
    """One line: `critical: checkout x9.7 normal, with 2 other services`."""
    name = clean(facts.service)
    if facts.topic == "test":
        return "Test notice of detector"
    if facts.topic == "source_silent":
        return f"{name} is heard again" if state == "resolved" else f"{severity}: {name} is silent"
    if facts.topic == "source_lagging":
        return f"{name} has caught up" if state == "resolved" else f"{severity}: {name} lags behind"
    others = _others(len(facts.services_together))
    if reason == "joined":
        return f"joined: {name} is told{others} from now on"
    if state == "resolved":
        return f"resolved: {name}{others}"
    return f"{severity}: {name} {height(facts)}{',' * bool(others)}{others}"


def text(state: State, reason: Reason, facts: Facts, owner: str | None, runbook: str | None) -> str:
    """Sentences, one a line: what, since when, why, who, how long it can go on, where to see more."""
    lines = [_first(state, reason, facts), clean(facts.detail, LARGE)]
    if state != "resolved":
        lines += [_because(facts), _who(facts), _overload(facts)]
    lines.append(_together(facts))
    if owner or runbook:
        lines.append(" ".join([f"Owner: {clean(owner)}." if owner else "", f"Runbook: {runbook}" if runbook else ""]))
    if facts.topic == "surge":
        lines.append(f"See more: detector explain {clean(facts.id)}")
    return "\n".join(line.strip() for line in lines if line)


def _others(count: int) -> str:
    """` with 2 other services`."""
    return f" with {count} other service{'s' * (count != 1)}" if count else ""


def digest_text(facts: tuple[Facts, ...]) -> str:
    """A line for each incident that paged nobody."""
    lines = [f"{clean(one.service)}: {height(one)}, {_when(one)} (detector explain {clean(one.id)})" for one in facts]
    return "\n".join([f"{_incidents(len(facts))} paged nobody:", *lines])


def digest_title(count: int) -> str:
    """`digest: 3 incidents`."""
    return f"digest: {_incidents(count)}"


def _incidents(count: int) -> str:
    return f"{count} incident{'s' * (count != 1)}"


def _first(state: State, reason: Reason, facts: Facts) -> str:
    if facts.topic == "test":
        return "This is a test: if you read it, notices reach you."
    if facts.topic != "surge":
        return _source(state, facts)
    name = clean(facts.service)
    if state != "resolved":
        change = {"severity_changed": f"Now {facts.severity}. ", "kind_changed": "Another cause now. ",
                  "others_joined": "More services rose by the same cause. "}.get(reason, "")  # fmt: skip
        return f"{change}{name} is {_much(facts)}, {_when(facts)}."
    if reason == "joined":
        return f"{name} has the same cause as what was told of others: one notice tells of all. It is {_much(facts)}."
    if reason == "unseen":
        return f"Nothing is heard of {name} any more: whether it is still {_much(facts)} is not known."
    if reason == "settled":
        return f"{name} has been {_much(facts)} for so long, {_when(facts)}, that it is taken as its new level."
    return f"{name} is back at what is normal. It was {_much(facts)}, {_when(facts)}."


def _source(state: State, facts: Facts) -> str:
    name = clean(facts.service)
    if state == "resolved":
        again = "is heard again" if facts.topic == "source_silent" else "has caught up"
        return f"{name} {again}. It was so {_when(facts)}."
    if facts.topic == "source_silent":
        return f"Nothing comes from {name}, {_when(facts)}: a surge there would not be seen."
    return f"{name} lags behind, {_when(facts)}: a surge there would be seen late."


def _much(facts: Facts) -> str:
    high = height(facts)
    if facts.factor is not None and high.startswith("x"):
        high = f"at {number(facts.factor)} times what is normal"
    if facts.observed is None or facts.expected is None:
        return high
    return f"{high}: {number(facts.observed)} {facts.unit}, expected {number(facts.expected)}"


def height(facts: Facts) -> str:
    """`x9.7 normal`."""
    if facts.factor is None or not math.isfinite(facts.factor) or facts.factor > LARGE:
        return "far above normal"
    return f"x{number(facts.factor)} normal"


def _when(facts: Facts) -> str:
    if facts.ended_us is None:
        return f"since {moment(facts.started_us)}"
    return f"from {moment(facts.started_us)} for {duration(facts.ended_us - facts.started_us)}"


def _because(facts: Facts) -> str:
    return f"Because of {', '.join(clean(one) for one in facts.drivers)}." if facts.drivers else ""


def _who(facts: Facts) -> str:
    if facts.contributor is None:
        return ""
    known = facts.share is not None and math.isfinite(facts.share)
    share = f", {facts.share:.0%} of the excess".replace("%", " %") if known else ""
    return f"Most of it: {clean(facts.contributor)}{share}."


def _overload(facts: Facts) -> str:
    minutes = facts.minutes_to_overload
    if minutes is None or not math.isfinite(minutes):
        return ""
    return "It is overloaded now." if minutes <= 0 else f"It will be overloaded in {duration(minutes * 60e6)}."


def _together(facts: Facts) -> str:
    names = [clean(one) for one in facts.services_together]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"Together with {', '.join(names[:MOST_NAMED])}{more}." if names else ""


def clean(raw: str, longest: int = LONGEST_NAME) -> str:
    """Text from logs on one line, in printable characters, not too long."""
    cut = raw if len(raw) <= longest else f"{raw[: longest - 3]}..."
    if cut.isprintable():
        return cut
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "replace").decode() for one in cut)


def number(value: float) -> str:
    """`0.43`, `9.7`, `215`, `33,996`."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.2g}" if abs(value) < 10 else f"{value:.3g}"


def moment(micros: int) -> str:
    """`2026-07-15 11:35 UTC`."""
    return f"{instant(micros):%Y-%m-%d %H:%M} UTC"
