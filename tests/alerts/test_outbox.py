"""The durable queue."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.alerts import outbox
from detector.alerts.notice import Notice
from detector.alerts.retrying import GIVE_UP_US, LEAST_ATTEMPTS, LONGEST_US, SECOND_US, Answer, is_given_up, wait_us
from detector.errors import InputError
from tests.alerts.making import HOUR, NOW, notice, story


@pytest.fixture
def box(tmp_path):
    """An outbox in a folder of its own."""
    connection = outbox.open_outbox(str(tmp_path / "state"))
    yield connection
    connection.close()


def put(box, *notices: Notice, receivers=("team",)):
    """Put and commit."""
    with box:
        return sum(outbox.put(box, one, receivers, NOW) for one in notices)


def ask(box, receiver="team", now=NOW) -> outbox.Delivery:
    """The next to send, which has to be there."""
    found = outbox.due(box, receiver, now)
    assert found is not None
    return found


def test_the_state_is_the_users_alone(tmp_path):
    """Nobody else reads what services do."""
    outbox.open_outbox(str(tmp_path / "new")).close()
    assert 0o700 == stat.S_IMODE(os.stat(tmp_path / "new").st_mode)
    assert 0o600 == stat.S_IMODE(os.stat(tmp_path / "new" / outbox.FILE).st_mode)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """In one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the state cannot be opened"):
        outbox.open_outbox(str(tmp_path / "file"))


def test_a_commit_survives_whatever_comes(box):
    """The journal is a write-ahead log that is flushed to the disk at every commit."""
    assert ("wal",) == box.execute("PRAGMA journal_mode").fetchone()
    assert (2,) == box.execute("PRAGMA synchronous").fetchone()


def test_a_notice_is_put_once_for_each_receiver(box):
    """The same decision made again, by a run that was killed, adds nothing."""
    assert 2 == put(box, notice(), receivers=("team", "chef"))
    assert 0 == put(box, notice(), receivers=("team", "chef"))
    assert [("team", notice()), ("chef", notice())] == [(one.receiver, one.notice) for one in outbox.deliveries(box)]


def test_what_is_not_committed_was_never_there(box):
    """Notices and what they were decided from stand or fall together."""
    outbox.put(box, notice(), ("team",), NOW)
    box.rollback()
    assert [] == outbox.deliveries(box)


def test_the_order_of_an_incident_is_kept(box):
    """What failed holds back what follows about the same incident, and nothing else."""
    first, second = story("warning", "critical")
    put(box, first, second, notice("b2", service="cart"))
    outbox.settle(box, ask(box), Answer("retry", "HTTP 500"), NOW)
    assert "b2" == ask(box).notice.key
    outbox.settle(box, ask(box), Answer("accepted"), NOW)
    assert outbox.due(box, "team", NOW) is None
    assert NOW < (outbox.next_due_us(box, "team") or 0) <= NOW + 10 * SECOND_US
    outbox.settle(box, ask(box, now=NOW + HOUR), Answer("accepted"), NOW + HOUR)
    assert second.id == ask(box, now=NOW + HOUR).notice.id


def test_one_that_always_fails_holds_up_no_other(box):
    """Those that failed least come first, and a clock that was set back makes nobody wait for years."""
    put(box, notice("a1"), notice("b2", service="cart"))
    outbox.settle(box, ask(box), Answer("retry", "HTTP 500"), NOW)
    assert "b2" == ask(box, now=NOW + HOUR).notice.key
    outbox.settle(box, ask(box), Answer("accepted"), NOW)
    assert outbox.due(box, "team", NOW) is None
    assert "a1" == ask(box, now=NOW - 24 * 365 * HOUR).notice.key


def test_what_is_refused_is_dead_and_comes_back_on_demand(box):
    """Nothing is thrown away."""
    put(box, notice())
    assert "dead" == outbox.settle(box, ask(box), Answer("refused", "HTTP 400"), NOW)
    assert (None, {"waiting": 0, "sent": 0, "dead": 1}) == (outbox.due(box, "team", NOW), outbox.counts(box))
    assert 1 == outbox.revive(box, NOW, keeps_state=False)
    assert notice().id == ask(box).notice.id


def test_a_receiver_that_keeps_state_hears_the_end_last(box):
    """A dead letter that comes back is followed by what was sent after it, under the same ids."""
    opened, resolved = story("warning", "end")
    put(box, opened, resolved)
    outbox.settle(box, ask(box), Answer("refused", "HTTP 400"), NOW)
    outbox.settle(box, ask(box), Answer("accepted"), NOW)
    assert 2 == outbox.revive(box, NOW, keeps_state=True)
    assert opened.id == ask(box).notice.id
    outbox.settle(box, ask(box), Answer("accepted"), NOW)
    assert resolved.id == ask(box).notice.id


def test_a_receiver_that_is_gone_is_disabled_until_it_is_revived(box):
    """What waits and what comes becomes dead letters with the reason; others are not concerned."""
    put(box, notice("a1"), notice("b2", service="cart"), receivers=("team", "chef"))
    outbox.settle(box, ask(box), Answer("gone", "HTTP 410"), NOW)
    put(box, notice("c3", service="mail"), receivers=("team", "chef"))
    assert (None, "HTTP 410") == (outbox.due(box, "team", NOW), outbox.disabled(box, "team"))
    assert {"waiting": 3, "sent": 0, "dead": 3} == outbox.counts(box)
    assert 3 == outbox.revive(box, NOW, "team", keeps_state=False)
    assert (None, "a1") == (outbox.disabled(box, "team"), ask(box).notice.key)


def test_what_lasts_is_the_last_word_of_what_is_not_over(box):
    """For receivers that forget what is not repeated."""
    opened, updated, resolved = story("warning", "critical", "end")
    put(box, opened, updated, resolved, notice("b2", service="cart"))
    for expected in ([opened], [updated], []):
        outbox.settle(box, ask(box), Answer("accepted"), NOW)
        assert expected == outbox.lasting(box, "team")


def test_what_is_old_is_forgotten(box):
    """What was sent, and, counted, what never was; the last word about what lasts stays, and what is younger."""
    put(box, *story("warning", "end"), *story("warning", "critical", identity="b2"), notice("c3"), notice("d4"))
    for outcome in ("accepted", "accepted", "accepted", "accepted", "refused"):
        outbox.settle(box, ask(box), Answer(outcome), NOW)
    with box:
        assert 0 == outbox.prune(box, NOW)
        kept = [(one.standing, one.notice.key) for one in outbox.deliveries(box)]
        assert 2 == outbox.prune(box, NOW + 1)
    left = [(one.standing, one.notice.key, one.notice.state) for one in outbox.deliveries(box)]
    assert [("dead", "c3"), ("waiting", "d4")] == kept[-2:]
    assert (6, [("sent", "b2", "update")]) == (len(kept), left)


@settings(deadline=None)
@given(st.text(max_size=5), st.integers(1, 10_000), st.none() | st.floats(0, 1e12))
def test_a_wait_is_bounded_and_always_the_same(identity, attempts, asked):
    """At least a second and what the receiver asks for, at most an hour."""
    wait = wait_us(identity, attempts, asked)
    assert SECOND_US <= wait <= LONGEST_US
    assert wait == wait_us(identity, attempts, asked)
    assert wait >= min((asked or 0) * SECOND_US, LONGEST_US) - 1


def test_waits_are_spread_over_the_whole_of_a_growing_span():
    """Full jitter: notices that failed together are not tried again together."""
    for attempts, ceiling in ((1, 10), (4, 80), (20, 3600)):
        waits = sorted(wait_us(str(number), attempts, None) / SECOND_US for number in range(200))
        assert waits[0] < ceiling * 0.15
        assert ceiling * 0.9 < waits[-1] <= ceiling


def test_a_notice_is_tried_for_a_day_at_least(box):
    """A receiver that is down is tried for 24 hours, not less; then the notice is a dead letter."""
    put(box, notice())
    now, attempts, standing = NOW, 0, "waiting"
    while standing == "waiting":
        one = outbox.due(box, "team", now)
        if one is not None:
            attempts += 1
            standing = outbox.settle(box, one, Answer("retry", "HTTP 503"), now)
        now = max(now + 1, outbox.next_due_us(box, "team") or now)
    assert GIVE_UP_US <= now - NOW < GIVE_UP_US + 2 * LONGEST_US
    assert LEAST_ATTEMPTS <= attempts < 500
    assert not is_given_up(NOW, LEAST_ATTEMPTS - 1, NOW + 2 * GIVE_UP_US)
