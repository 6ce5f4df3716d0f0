"""Which notices are spoken, and why; pure: it knows no clock and touches nothing.

The life of a notice's key is open -> update ... -> resolved, after the model of Alertmanager: what flaps gives one
open and one resolved, because an end counts only after a time of quiet, in which whatever comes back about the same
service goes on with the same life. Incidents of one cause share a life: what is found later to have the cause of
another one goes on with that. An update says that severity or cause changed or that others joined, and not more often
than is bearable. Silences and maintenance hold back what opens and what updates, and what ends
meanwhile is not told; but a resolved always follows an open, so that nobody waits for an end that has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from detector.alerts.lives import Book, Life, assign, grouped, is_told, joined, lead_of, new_life
from detector.alerts.notice import SEVERITIES, Facts, Notice, Reason, State, notice_id, worse
from detector.alerts.rules import MINUTE_US, Rules, Silence, owner_of, quiet_about
from detector.alerts.wording import digest_text, digest_title, moment, text, title

MOST_DIGESTED = 100
"""Incidents in one digest; more make several."""


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided about one key.

    Attributes:
        key: the group or the incident.
        reason: from the closed list.
        notice: what is said; None where it is held back, or there is nothing to say.
        detail: who wants quiet until when, where somebody does.
        news: the reason is another one than at the last decision: worth a line in a log.
    """

    key: str
    reason: Reason
    notice: Notice | None = None
    detail: str = ""
    news: bool = False


def decide(
    book: Book, facts: Iterable[Facts], now_us: int, rules: Rules, silences: Sequence[Silence] = ()
) -> tuple[Book, list[Decision]]:
    """Decide what to say.

    Args:
        book: what is remembered.
        facts: every incident that lasts, and those that ended since the last call; more does no harm. Of an incident
            that is not named nothing is known.
        now_us: the clock, microseconds since 1970 UTC.
        rules: from the settings.
        silences: in force or not.

    Returns:
        what is to be remembered, and a decision for each life, two where it is told and over at once.
    """
    found = assign(grouped(facts), book.lives)
    lives, decisions = dict(book.lives), list[Decision]()
    all_quiet = (*silences, *rules.maintenance)
    quiet = {
        one.service for members in found.values() for one in members if quiet_about(one.service, all_quiet, now_us)
    }
    moved = joined(found, lives)
    for key in sorted({*lives, *found}):
        members = found.get(key, [])
        life = lives.get(key)
        if life is None or (life.over and not is_told(life, members)):
            life = new_life(key, members, now_us, quiet, again=life is not None)
        life = _heard(life, members, now_us, quiet)
        move = moved.get(key)
        life, decision = _step(life, now_us, rules, all_quiet) if move is None else _join(life, move, now_us, rules)
        decisions.append(decision)
        if decision.reason == "began" and _is_quiet(life, now_us, rules):  # over when it was first seen
            life, decision = _step(life, now_us, rules, all_quiet)
            decisions.append(decision)
        lives[key] = life
    book = Book(lives={key: life for key, life in lives.items() if _is_kept(life, now_us, rules)}, digest=book.digest)
    return _digest(book, decisions, now_us, rules)


def _is_kept(life: Life, now_us: int, rules: Rules) -> bool:
    return not life.over or now_us - life.seen_us < rules.keep_us


def _heard(life: Life, members: list[Facts], now_us: int, silenced: Collection[str]) -> Life:
    """The life with what is known of it now; names of what ended and is not heard of any more are dropped."""
    if not members:
        return life
    lead = lead_of(members, life.service, silenced)
    lasting = [one for one in members if one.ended_us is None]
    quiet = None if lasting else min(max(one.ended_us or 0 for one in members), now_us)
    if quiet is not None and life.quiet_us is not None:
        quiet = max(quiet, life.quiet_us)
    names = {one.id for one in members} | {one.group for one in members if one.group is not None} | {life.key}
    if life.over:
        names |= set(life.names)
    seen = life.seen_us if 0 <= now_us - life.seen_us < MINUTE_US else now_us  # a book that stays is not stored anew
    return replace(
        life, lead=lead, names=tuple(sorted(names)), seen_us=seen, quiet_us=quiet,
        worst=worse(life.worst, lead.severity), started_us=min(life.started_us, *(one.started_us for one in members)),
    )  # fmt: skip


def _step(life: Life, now_us: int, rules: Rules, silences: Sequence[Silence]) -> tuple[Life, Decision]:
    """One decision about one life."""
    if life.over:
        return _hold(life, "already_told")
    silence = quiet_about(life.lead.service, silences, now_us)
    if life.sequence == 0:
        return _begin(life, now_us, rules, silence)
    if _is_quiet(life, now_us, rules):
        return _speak(life, "resolved", "settled" if life.lead.settled else "ended", now_us, rules)
    if life.quiet_us is not None:
        return _hold(life, "quiet_time")
    if now_us - life.seen_us >= rules.unseen_us:
        return _speak(life, "resolved", "unseen", now_us, rules)
    return _update(life, now_us, rules, silence)


def _join(life: Life, other: Facts, now_us: int, rules: Rules) -> tuple[Life, Decision]:
    """Nothing more is said of it but that another one tells of it, if anything was said at all."""
    if life.sequence == 0:
        return _hold(replace(life, over=True), "already_told")
    names = {other.service, *other.services_together} - {life.service}
    lead = replace(life.lead, services_together=tuple(sorted(names)))
    return _speak(replace(life, lead=lead), "resolved", "joined", now_us, rules)


def _is_quiet(life: Life, now_us: int, rules: Rules) -> bool:
    """It ended, and long enough ago."""
    return life.quiet_us is not None and now_us - life.quiet_us >= rules.quiet_us


def _begin(life: Life, now_us: int, rules: Rules, silence: Silence | None) -> tuple[Life, Decision]:
    """Nothing was said yet: open, or hold back; what ends while it is held back is over."""
    held, detail = _held_back(life, now_us, rules, silence)
    if held is None:
        return _speak(life, "open", "began", now_us, rules)
    waits_for_digest = held == "below_page" and rules.others == "digest" and not life.digested
    is_over = _is_quiet(life, now_us, rules) or now_us - life.seen_us >= rules.unseen_us
    is_over = is_over and not waits_for_digest
    return _hold(replace(life, over=is_over), held, detail)


def _held_back(life: Life, now_us: int, rules: Rules, silence: Silence | None) -> tuple[Reason | None, str]:
    if life.reason is None and life.quiet_us is not None and now_us - life.quiet_us >= rules.oldest_us:
        return "too_old", f"ended {moment(life.quiet_us)}"
    if silence is not None:
        return _quiet(silence, rules)
    return ("below_page", "") if not life.lead.page and rules.others != "now" else (None, "")


def _quiet(silence: Silence, rules: Rules) -> tuple[Reason, str]:
    """The reason, and in words: who, until when, why."""
    told = f"{silence.creator}, until {moment(silence.until_us)}: {silence.reason}"
    return ("maintenance" if silence in rules.maintenance else "silenced"), told


def _update(life: Life, now_us: int, rules: Rules, silence: Silence | None) -> tuple[Life, Decision]:
    """It lasts: say what changed, if anything did."""
    reason: Reason | None = None
    is_named = life.named or life.lead.contributor is None
    if {life.lead.service, *life.lead.services_together} - {life.service, *life.together}:
        reason = "others_joined"
    if not is_named:
        reason = "contributor_known"
    if life.lead.kind != life.kind:
        reason = "kind_changed"
    if life.lead.severity != life.told[-1]:
        reason = "severity_changed"
    if reason is None:
        return _hold(life, "unchanged")
    is_early = 0 <= now_us - life.spoken_us < rules.update_every_us
    if is_early and is_named:  # a clock that was set back does not keep anybody waiting
        return _hold(life, "too_soon")
    if silence is not None:
        return _hold(life, *_quiet(silence, rules))
    return _speak(life, "update", reason, now_us, rules)


def _hold(life: Life, reason: Reason, detail: str = "") -> tuple[Life, Decision]:
    decision = Decision(key=life.key, reason=reason, detail=detail, news=life.reason != reason)
    return replace(life, reason=reason), decision


def _speak(life: Life, state: State, reason: Reason, now_us: int, rules: Rules) -> tuple[Life, Decision]:
    """The notice, and the life after it."""
    severity = life.told[-1] if state == "resolved" else life.lead.severity
    told = (*(one for one in life.told if one != severity), severity)
    life = replace(
        life, sequence=life.sequence + 1, spoken_us=now_us, told=told, kind=life.lead.kind, reason=reason,
        over=state == "resolved", named=life.named or life.lead.contributor is not None,
        service=life.lead.service if life.sequence == 0 else life.service,
        together=tuple(sorted({*life.together, life.lead.service, *life.lead.services_together})),
    )  # fmt: skip
    notice = _notice(life, state, reason, now_us, rules)
    return life, Decision(key=life.key, reason=reason, notice=notice, news=True)


def _notice(life: Life, state: State, reason: Reason, now_us: int, rules: Rules) -> Notice:
    owner = owner_of(life.service, rules.owners)
    sequence, named = life.sequence - 1, life.lead
    if state == "resolved" and named.service != life.service:  # its page bears another name
        others = {named.service, *named.services_together} - {life.service}
        named = replace(named, service=life.service, services_together=tuple(sorted(others)))
    return Notice(
        id=notice_id(life.key, life.first_us, state, sequence), key=life.key,
        thread=notice_id(life.key, life.first_us, "open", 0), sequence=sequence, state=state, reason=reason,
        topic=life.lead.topic, service=life.service, severity=life.told[-1], worst=life.worst, told=life.told,
        page=life.lead.page, first_seen_us=life.first_us, decided_us=now_us, facts=life.lead, owner=owner.owner,
        runbook=owner.runbook, title=title(state, life.told[-1], named, reason),
        text=text(state, reason, life.lead, owner.owner, owner.runbook),
    )  # fmt: skip


def _digest(book: Book, decisions: list[Decision], now_us: int, rules: Rules) -> tuple[Book, list[Decision]]:
    """Tell what paged nobody, together, once in a period."""
    period = now_us // rules.digest_every_us
    if rules.others != "digest" or book.digest is None or period <= book.digest:
        return replace(book, digest=book.digest if book.digest is not None else period), decisions
    waiting = [life for life in book.lives.values() if life.reason == "below_page" and not life.digested]
    digested = {life.key: replace(life, digested=True) for life in waiting}
    book = Book(lives={**book.lives, **digested}, digest=period)
    parts = [waiting[start : start + MOST_DIGESTED] for start in range(0, len(waiting), MOST_DIGESTED)]
    for number, part in enumerate(parts):
        notice = _digest_notice(tuple(life.lead for life in part), period, number, now_us, rules)
        decisions.append(Decision(key=notice.key, reason="digest", notice=notice, news=True))
    return book, decisions


def _digest_notice(facts: tuple[Facts, ...], period: int, number: int, now_us: int, rules: Rules) -> Notice:
    worst = max((one.severity for one in facts), key=SEVERITIES.index)
    begin = period * rules.digest_every_us
    identity = notice_id("digest", begin, "open", number)
    lead = replace(facts[0], topic="digest", severity=worst)
    return Notice(
        id=identity, key=f"digest:{begin}:{number}", thread=identity, sequence=0, state="open", reason="digest",
        topic="digest", service=facts[0].service, severity=worst, worst=worst, told=(worst,), page=False,
        first_seen_us=begin, decided_us=now_us, facts=lead, also=facts, title=digest_title(len(facts)),
        text=digest_text(facts),
    )  # fmt: skip
