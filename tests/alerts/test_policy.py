"""Which notices are spoken."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detector.alerts.lives import Book
from detector.alerts.notice import SPOKEN, Reason
from detector.alerts.policy import decide
from detector.alerts.rules import DAY_US, Owner, Rules, Silence
from detector.alerts.wording import text
from tests.alerts.making import HOUR, MINUTE, NOW, facts, notice, notices, story

REASONS = frozenset(get_args(Reason))
RULES = Rules()


def said(book, given, now, rules=RULES, silences=()):
    """The new book, what was said, and all reasons."""
    book, decisions = decide(book, given, now, rules, silences)
    return book, [(one.state, one.reason) for one in notices(decisions)], [one.reason for one in decisions]


def test_a_surge_is_opened_updated_and_resolved():
    """Open at once, an update when the severity changes, resolved after a time of quiet."""
    told = [(one.state, one.reason, one.severity) for one in story("warning", "warning", "critical", "end")]
    assert [
        ("open", "began", "warning"),
        ("update", "severity_changed", "critical"),
        ("resolved", "ended", "critical"),
    ] == told


def test_ids_depend_on_the_decision_alone():
    """The same story told again has the same ids, all different, in one thread."""
    first, again = story("info", "critical", "end"), story("info", "critical", "end")
    assert [one.id for one in first] == [one.id for one in again]
    assert 3 == len({one.id for one in first})
    assert {first[0].id} == {one.thread for one in first}
    assert notice("a1").id != notice("a2").id


def test_flapping_gives_one_open_and_one_resolved():
    """What ends and comes back within the quiet time, under a new id too, is one life."""
    book, told = Book(), []
    for number in range(20):
        begin = NOW + number * 10 * MINUTE
        one = facts(f"a{number}", started_us=begin, detected_us=begin)
        for now, seen in ((begin, [one]), (begin + 4 * MINUTE, [replace(one, ended_us=begin + 3 * MINUTE)])):
            book, states, _ = said(book, seen, now)
            told += states
    book, states, _ = said(book, [], NOW + DAY_US)
    assert [("open", "began"), ("resolved", "ended")] == told + states


def test_a_surge_that_is_over_when_first_seen_is_told_whole():
    """A scan that comes late says that it began and that it ended, and never again."""
    one = facts(started_us=NOW - 2 * HOUR, detected_us=NOW - 2 * HOUR, ended_us=NOW - HOUR)
    book, states, _ = said(Book(), [one], NOW)
    assert [("open", "began"), ("resolved", "ended")] == states
    assert [] == said(book, [one], NOW + HOUR)[1]


def test_an_open_surge_that_ends_under_another_name_is_resolved():
    """What is noticed elsewhere when a log is read again is still the same surge."""
    book, _, _ = said(Book(), [facts("a1")], NOW)
    ended = facts("b2", detected_us=NOW + MINUTE, ended_us=NOW + 2 * MINUTE)
    assert [("resolved", "ended")] == said(book, [ended], NOW + HOUR)[1]


def test_a_surge_that_is_found_again_under_another_name_is_not_told_again():
    """A log that is read again with less before it may notice the same surge a minute later; a later one is told."""
    one = facts("a1", started_us=NOW - 2 * HOUR, detected_us=NOW - 2 * HOUR, ended_us=NOW - HOUR)
    book, _, _ = said(Book(), [one], NOW)
    again = replace(one, id="b2", detected_us=one.detected_us + MINUTE, ended_us=NOW - HOUR + MINUTE)
    book, states, reasons = said(book, [again], NOW + MINUTE)
    assert ([], ["already_told"]) == (states, reasons)
    later = replace(one, id="c3", started_us=NOW - 50 * MINUTE, ended_us=NOW - 40 * MINUTE)
    assert [("open", "began"), ("resolved", "ended")] == said(book, [again, later], NOW + MINUTE)[1]


def test_what_ended_long_ago_is_not_told():
    """A scan of an old dump wakes nobody, and says why."""
    one = facts(started_us=NOW - 50 * HOUR, detected_us=NOW - 50 * HOUR, ended_us=NOW - 49 * HOUR)
    book, states, reasons = said(Book(), [one], NOW)
    assert ([], ["too_old"]) == (states, reasons)
    assert ["already_told"] == said(book, [one], NOW)[2]


def test_incidents_of_one_cause_are_one_notice():
    """The strangest speaks and names the others; it is resolved when all have ended."""
    group = [facts("a1", service="cart", group="g"), facts("b2", service="checkout", group="g", score=9.0)]
    book, decisions = decide(Book(), group, NOW, RULES)
    assert [("g", "checkout", ("cart",))] == [
        (one.key, one.service, one.facts.services_together) for one in notices(decisions)
    ]
    ended = [replace(one, ended_us=NOW + MINUTE) for one in group]
    book, states, _ = said(book, [ended[0], group[1]], NOW + HOUR)
    assert [] == states
    assert [("resolved", "ended")] == said(book, ended, NOW + 2 * HOUR)[1]


def test_an_incident_that_joins_a_group_stays_one_notice():
    """An incident told alone and grouped later goes on with its life."""
    book, _, _ = said(Book(), [facts("a1")], NOW)
    grouped = [facts("a1", group="g"), facts("b2", service="cart", group="g")]
    book, early, _ = said(book, grouped, NOW + MINUTE)
    book, later, _ = said(book, grouped, NOW + 6 * MINUTE)
    assert ([], [("update", "others_joined")]) == (early, later)
    assert ["unchanged"] == said(book, grouped, NOW + 12 * MINUTE)[2]


def test_two_that_turn_out_to_be_one_cause_go_on_as_one():
    """What was told alone before its cause was known is said to go on with the other; one notice lasts and ends."""
    book, _, _ = said(Book(), [facts("a1"), facts("b2", service="cart")], NOW)
    grouped = [facts("a1", group="a1"), facts("b2", service="cart", group="a1")]
    book, decisions = decide(book, grouped, NOW + MINUTE, RULES)
    joined = notices(decisions)[0]
    book, updated, _ = said(book, grouped, NOW + 6 * MINUTE)
    ended = [replace(one, ended_us=NOW + 10 * MINUTE) for one in grouped]
    book, resolved, _ = said(book, ended, NOW + HOUR)
    assert ("b2", "resolved", "joined") == (joined.key, joined.state, joined.reason)
    assert "joined: cart is told with 1 other service from now on" == joined.title
    assert "Together with checkout." in joined.text
    assert ([("update", "others_joined")], [("resolved", "ended")]) == (updated, resolved)
    assert [] == said(book, ended, NOW + 2 * HOUR)[1]


@pytest.mark.parametrize("kind", ["silenced", "maintenance"])
def test_silences_hold_back_with_a_reason(kind):
    """While quiet is wanted nothing opens; afterwards what lasts is told; who wanted quiet is named."""
    quiet = Silence("check*", NOW + HOUR, "deploy", "ann")
    rules = Rules(maintenance=(quiet,)) if kind == "maintenance" else RULES
    silences = (quiet,) if kind == "silenced" else ()
    book, decisions = decide(Book(), [facts()], NOW, rules, silences)
    assert [(kind, None, True)] == [(one.reason, one.notice, one.news) for one in decisions]
    assert decisions[0].detail.startswith("ann, until ")
    book, decisions = decide(book, [facts()], NOW + MINUTE, rules, silences)
    assert [False] == [one.news for one in decisions]
    assert [("open", "began")] == said(book, [facts()], NOW + HOUR, rules, silences)[1]


def test_a_silence_does_not_hide_the_others_of_a_group():
    """A group of which one service is silenced is told by another one."""
    group = [facts("a1", service="cart", group="g", severity="critical"), facts("b2", service="checkout", group="g")]
    quiet = Silence("cart", NOW + HOUR, "deploy", "ann")
    _, decisions = decide(Book(), group, NOW, RULES, (quiet,))
    assert [("checkout", "warning")] == [(one.service, one.severity) for one in notices(decisions)]


def test_a_silence_does_not_hold_back_the_end():
    """Who was told that it began is told that it ended, quiet or not."""
    book, _, _ = said(Book(), [facts()], NOW)
    quiet = Silence("*", NOW + DAY_US, "tired", "bob")
    assert [] == said(book, [facts(severity="critical")], NOW + HOUR, silences=(quiet,))[1]
    ended = facts(ended_us=NOW + MINUTE)
    assert [("resolved", "ended")] == said(book, [ended], NOW + HOUR, silences=(quiet,))[1]


def test_what_pages_nobody_waits_for_the_digest():
    """It is collected and told once, even if it ended meanwhile; what becomes a page is told at once."""
    book, states, reasons = said(Book(), [facts("a1", page=False), facts("b2", service="cart", page=False)], NOW)
    assert ([], ["below_page", "below_page"]) == (states, reasons)
    book, states, _ = said(book, [facts("b2", service="cart"), facts("a1", page=False, ended_us=NOW)], NOW + MINUTE)
    assert [("open", "began")] == states
    book, decisions = decide(book, [facts("b2", service="cart")], NOW + DAY_US, RULES)
    digest = notices(decisions)[-1]
    assert ("digest", ["a1"]) == (digest.reason, [one.id for one in digest.also])
    assert [] == said(book, [facts("b2", service="cart")], NOW + DAY_US + HOUR)[1]


def test_a_digest_of_many_is_several():
    """None of them is left out, and none of the notices grows without bound."""
    many = [facts(f"a{number}", service=f"s{number}", page=False) for number in range(250)]
    book, _ = decide(Book(), many, NOW, RULES)
    _, decisions = decide(book, many, NOW + DAY_US, RULES)
    digests = notices(decisions)
    assert [100, 100, 50] == [len(one.also) for one in digests]
    assert {one.id for one in many} == {one.id for digest in digests for one in digest.also}
    assert 3 == len({one.id for one in digests})
    assert "digest: 50 incidents" == digests[2].title


@pytest.mark.parametrize(("others", "states"), [("now", [("open", "began")]), ("never", []), ("digest", [])])
def test_what_pages_nobody_is_told_as_set(others, states):
    """At once, together, or never."""
    assert states == said(Book(), [facts(page=False)], NOW, Rules(others=others))[1]


def test_what_is_not_heard_of_any_more_is_given_up():
    """An open notice does not stay open because the watch forgot it; if it comes back it is opened anew."""
    book, _, _ = said(Book(), [facts()], NOW)
    book, states, _ = said(book, [], NOW + 27 * HOUR)
    assert [("resolved", "unseen")] == states
    book, decisions = decide(book, [facts()], NOW + 28 * HOUR, RULES)
    assert ["open"] == [one.state for one in notices(decisions)]
    assert notice().id != notices(decisions)[0].id


def test_silent_and_lagging_sources_are_topics_of_their_own():
    """They open and resolve beside a surge of the same name."""
    topics = ("surge", "source_silent", "source_lagging")
    seen = [facts(f"{topic}:checkout", topic=topic) for topic in topics]
    _, decisions = decide(Book(), seen, NOW, RULES)
    assert set(topics) == {one.topic for one in notices(decisions)}
    assert 3 == len({one.title for one in notices(decisions)})


def test_owner_and_runbook_come_from_the_first_pattern_that_matches():
    """They stand in the notice and in its text."""
    rules = Rules(owners=(Owner("check*", "team pay", "https://example.org/pay"), Owner("*", "nobody")))
    one = notice(rules=rules)
    assert ("team pay", "https://example.org/pay") == (one.owner, one.runbook)
    assert "Owner: team pay. Runbook: https://example.org/pay" in one.text


def test_a_notice_reads_like_a_colleague():
    """Service, how many times normal, since when, why, who, how long it can go on, and how to see more."""
    one = notice(minutes_to_overload=12.0, services_together=("cart",))
    assert "warning: checkout x9.7 normal, with 1 other service" == one.title
    assert [
        "checkout is at 9.7 times what is normal: 215 lines/min, expected 22, since 2026-09-21 14:08 UTC.",
        "Because of messages per client x9.4.",
        "Most of it: App/4.9.0 (version), 97 % of the excess.",
        "It will be overloaded in 12 min.",
        "Together with cart.",
        "See more: detector explain a1",
    ] == one.text.splitlines()


def test_the_end_is_told_with_what_it_was():
    """Back at what is normal, given up, or taken as the new level: each says so."""
    first = {
        reason: text("resolved", reason, facts(ended_us=NOW + HOUR), None, None).splitlines()[0]
        for reason in ("ended", "settled", "unseen")
    }
    much = "at 9.7 times what is normal: 215 lines/min, expected 22"
    when = "from 2026-09-21 14:08 UTC for 65 min"
    assert f"checkout is back at what is normal. It was {much}, {when}." == first["ended"]
    assert f"checkout has been {much} for so long, {when}, that it is taken as its new level." == first["settled"]
    assert first["unseen"].endswith("is not known.")


@settings(deadline=None)
@given(st.text(), st.text(), st.floats() | st.none())
def test_nothing_from_a_log_can_act(service, contributor, factor):
    """Whatever a log calls its services, title and text are printable lines."""
    one = notice(service=service, contributor=contributor, factor=factor, drivers=(service,))
    assert one.title.isprintable()
    assert all(line.isprintable() for line in one.text.split("\n"))
    one.text.encode()


STEP = st.tuples(
    st.integers(0, 20),  # minutes that pass
    st.lists(
        st.builds(
            facts,
            identity=st.sampled_from(["a1", "b2", "c3", "d4"]),
            service=st.sampled_from(["checkout", "cart"]),
            severity=st.sampled_from(["info", "warning", "critical"]),
            kind=st.sampled_from(["clients", "volume"]),
            group=st.sampled_from([None, None, "g", "h"]),
            page=st.booleans(),
            ended_us=st.none() | st.integers(NOW, NOW + 3 * HOUR),
        ),
        max_size=3,
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=25), st.sampled_from(["now", "digest", "never"]), st.booleans())
def test_any_story_is_told_in_order(steps, others, is_quiet):
    """Open and resolved alternate for each key, updates lie between and keep their distance, all have a reason.

    Each has an id of its own, and what is remembered survives being stored.
    """
    rules = Rules(others=others, digest_every_us=HOUR)
    silences = (Silence("cart", NOW + HOUR, "deploy", "ann"),) if is_quiet else ()
    book, now, told, ids = Book(), NOW, defaultdict(list), []
    for minutes, given_facts in steps:
        now += minutes * MINUTE
        book = msgspec.json.decode(msgspec.json.encode(book), type=Book)
        book, decisions = decide(book, given_facts, now, rules, silences)
        for one in decisions:
            assert one.reason in REASONS
            assert (one.notice is not None) == (one.reason in SPOKEN)
            if one.notice is not None and one.notice.topic != "digest":
                told[one.key].append((one.notice.state, now))
            if one.notice is not None:
                ids.append(one.notice.id)
                is_held = is_quiet and now < NOW + HOUR and one.notice.service == "cart"
                assert not (is_held and one.notice.state == "open" and one.notice.topic != "digest")
    assert len(ids) == len(set(ids))
    for states in told.values():
        ends = [state for state, _ in states if state != "update"]
        assert ends == ["open", "resolved"] * (len(ends) // 2) + ["open"] * (len(ends) % 2)
        assert "open" == states[0][0]
        for (before, earlier), (state, later) in pairwise(states):
            if state == "update":
                assert before != "resolved"
                assert later - earlier >= rules.update_every_us


@settings(max_examples=50, deadline=None)
@given(st.lists(STEP, max_size=10), st.data())
def test_a_killed_run_decides_the_same_again(steps, data):
    """From the same memory, facts in any order give the same notices."""
    book, now = Book(), NOW
    for minutes, given_facts in steps:
        now += minutes * MINUTE
        known = {one.id: one for one in given_facts}
        shuffled = data.draw(st.permutations(list(known.values())))
        before = book
        book, decisions = decide(before, list(known.values()), now, RULES)
        assert (book, decisions) == decide(before, shuffled, now, RULES)


def test_who_holds_the_excess_follows_once_it_is_known():
    """A first notice does not wait for it: an update tells it at once, and only once."""
    book, opened, _ = said(Book(), [facts(contributor=None)], NOW)
    book, updated, _ = said(book, [facts(contributor="app/2 (version)")], NOW + MINUTE)
    _, again, reasons = said(book, [facts(contributor="app/3 (version)")], NOW + 2 * MINUTE)
    assert [("open", "began")] == opened
    assert [("update", "contributor_known")] == updated
    assert ([], ["unchanged"]) == (again, reasons)
