"""From the outbox to receivers that fail."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from msgspec.structs import replace

from detector.alerts import outbox
from detector.alerts.channels.alertmanager import Alertmanager
from detector.alerts.channels.heartbeat import Heartbeat
from detector.alerts.channels.slack import Slack
from detector.alerts.channels.webhook import Webhook
from detector.alerts.dispatch import Dispatcher
from detector.alerts.memory import end_silence, recall, silence, silences, speak
from detector.alerts.queueing import Queue
from detector.alerts.receiver import Edge
from detector.alerts.rules import DAY_US, Owner, Rules, Silence
from detector.alerts.settings import AlertSettings
from detector.errors import DetectorError
from tests.alerts.making import HOUR, MINUTE, NOW, facts, notice, story
from tests.alerts.servers import Server, real_edge, server, wait_until

LOCAL: dict[str, Any] = {"allow_http": True, "allow_networks": ("127.0.0.0/8",), "timeout": "1s"}


@pytest.fixture
def state(tmp_path):
    """A state folder with an outbox."""
    outbox.open_outbox(str(tmp_path)).close()
    return str(tmp_path)


def put(state, notices, receivers=("team",)):
    """Put and commit."""
    connection = outbox.open_outbox(state)
    with connection:
        for one in notices:
            outbox.put(connection, one, receivers, real_edge().now_us())
    connection.close()


def counts(state):
    """Waiting, sent, dead."""
    connection = outbox.open_outbox(state)
    found = outbox.counts(connection)
    connection.close()
    return found


def outbox_of(state):
    """A connection that is closed in the end."""
    return closing(outbox.open_outbox(state))


def webhook(url, name="team") -> Webhook:
    """A receiver on this machine."""
    return Webhook(name=name, url=url, **LOCAL)


def many(number: int):
    """Notices about different services."""
    return [notice(f"a{one}", service=f"s{one}") for one in range(number)]


KILLS = 4


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.us = NOW

    def edge(self) -> Edge:
        """Both clocks are this one; deadlines of attempts never pass."""
        return Edge(lambda: self.us, lambda: self.us / 1e6, {})


def test_a_receiver_that_hangs_holds_up_nobody(state):
    """While one hangs the others get everything at once."""
    with server("hang") as slow, server() as good, server(500) as broken:
        patient = replace(webhook(slow.url(), "slow"), timeout="60s")
        receivers = [patient, webhook(good.url(), "good"), webhook(broken.url(), "broken")]
        notices = many(20)
        put(state, notices, ("slow", "good", "broken"))
        dispatcher = Dispatcher(state, receivers, real_edge())
        assert dispatcher.start()
        assert wait_until(lambda: len(good.received) == 20, 30)
        assert [one.id for one in notices] == good.ids()
        assert 1 == len(slow.received)
        slow.close()
        dispatcher.stop()
    assert {"waiting": 40, "sent": 20, "dead": 0} == counts(state)


def test_what_waits_arrives_when_the_receiver_is_back(state):
    """A receiver that is down for two hours gets all notices in order of each incident, once each."""
    notices = [one for number in range(5) for one in story("warning", "critical", "end", identity=f"a{number}")]
    put(state, [])
    clock = Clock()
    with server(503) as team, outbox_of(state) as connection:
        with connection:
            for one in notices:
                outbox.put(connection, one, ("team",), NOW)
        queue = Queue(os.path.join(state, outbox.FILE), webhook(team.url()), clock.edge())
        while clock.us < NOW + 2 * HOUR:
            queue.turn()
            clock.us += 10 * MINUTE
        assert {"waiting": 15, "sent": 0, "dead": 0} == outbox.counts(connection)
        team.received.clear()
        team.behaviour = 204
        while clock.us < NOW + 5 * HOUR:
            queue.turn()
            clock.us += 10 * MINUTE
        assert {"waiting": 0, "sent": 15, "dead": 0} == outbox.counts(connection)
        assert sorted(one.id for one in notices) == sorted(team.ids())
        for key in {one.key for one in notices}:
            ordered = [one.id for one in notices if one.key == key]
            assert ordered == [one for one in team.ids() if one in ordered]


def test_what_a_receiver_asks_for_is_kept(state):
    """After a 429 with Retry-After nothing at all is sent to it before that time."""
    clock = Clock()
    with server(429, retry_after="120") as team, outbox_of(state) as connection:
        with connection:
            for one in many(3):
                outbox.put(connection, one, ("team",), NOW)
        queue = Queue(os.path.join(state, outbox.FILE), webhook(team.url()), clock.edge())
        assert 120.0 == queue.turn()[0]
        assert 1 == len(team.received)
        first = outbox.deliveries(connection)[0]
        assert ("waiting", NOW + 120_000_000) == (first.standing, first.next_us)


def test_a_receiver_that_is_gone_is_left_alone(state):
    """After a 410 nothing more is sent; everything is kept as dead letters with the reason."""
    with server(410) as team:
        put(state, many(5))
        assert Dispatcher(state, [webhook(team.url())], real_edge()).send_due()
        assert 1 == len(team.received)
    assert {"waiting": 0, "sent": 0, "dead": 5} == counts(state)


def test_one_process_at_a_time_sends(state):
    """A second one finds the lock, which ends with the first."""
    first, second = Dispatcher(state, [], real_edge()), Dispatcher(state, [], real_edge())
    assert (True, False, False) == (first.start(), second.start(), second.send_due())
    first.stop()
    assert second.send_due()


def test_what_is_missing_is_told(state, monkeypatch):
    """Without httpcore nothing is sent by HTTP, and the way to get it is named."""
    monkeypatch.setitem(sys.modules, "httpcore", None)
    with pytest.raises(DetectorError, match=r"pip install 'detector\[watch\]'"):
        Dispatcher(state, [webhook("http://127.0.0.1/")], real_edge()).send_due()


def test_what_a_channel_did_not_foresee_is_tried_again(state, monkeypatch):
    """A bug in a channel is a reason in the outbox, without the secret, and the notice stays."""
    monkeypatch.setattr("detector.alerts.channels.slack.message_of", lambda _: 1 / 0)
    put(state, [notice()])
    edge = Edge(real_edge().now_us, real_edge().ticks, {"HOOK": "https://hooks.example/T0/secretpart"})
    queue = Queue(os.path.join(state, outbox.FILE), Slack(name="team", url_env="HOOK"), edge)
    queue.turn()
    with outbox_of(state) as connection:
        assert [("waiting", "ZeroDivisionError: division by zero")] == [
            (one.standing, one.error) for one in outbox.deliveries(connection)
        ]


def test_trouble_with_the_outbox_itself_ends_nothing(state):
    """The queue says what is wrong and goes on when it is mended."""
    with server() as team:
        put(state, [notice()])
        path = Path(state, outbox.FILE)
        queue = Queue(str(path), webhook(team.url()), real_edge())
        for name in (outbox.FILE, f"{outbox.FILE}-wal", f"{outbox.FILE}-shm"):
            if Path(state, name).exists():
                Path(state, name).rename(Path(state, f"{name}.away"))
        queue.turn()
        assert "no such table" in queue.faults["outbox"]
        path.unlink()
        Path(state, f"{outbox.FILE}.away").rename(path)
        queue.turn()
        assert ({}, [notice().id]) == (queue.faults, team.ids())


def test_signs_of_life_need_life(state):
    """They are sent while the program says that it lives, and stop when it hangs."""
    clock = Clock()
    with server() as switch:
        queue = Queue(
            os.path.join(state, outbox.FILE), Heartbeat(name="alive", url=switch.url(), **LOCAL), clock.edge()
        )
        queue.turn()
        assert 0 == len(switch.received)
        for expected in (1, 2, 3):
            queue.beaten_s = clock.us / 1e6
            clock.us += MINUTE
            queue.turn()
            queue.turn()
            assert expected == len(switch.received)
        clock.us += 10 * MINUTE
        queue.turn()
        assert 3 == len(switch.received)


def test_what_lasts_is_repeated_to_an_alertmanager(state):
    """Every minute, until it is resolved."""
    clock = Clock()
    opened, resolved = story("warning", "end")
    with server() as peer, outbox_of(state) as connection:
        receiver = Alertmanager(name="team", url=peer.url("/"), **LOCAL)
        queue = Queue(os.path.join(state, outbox.FILE), receiver, clock.edge())
        for one, seen in ((opened, 1 + 1 + 5), (resolved, 1)):
            with connection:
                outbox.put(connection, one, ("team",), NOW)
            peer.received.clear()
            for _ in range(6):
                queue.turn()
                clock.us += MINUTE
            assert seen == len(peer.received)
        assert {"/api/v2/alerts"} == {one.path for one in peer.received}


def test_speaking_puts_what_is_said_before_those_who_want_it(state):
    """Severity, services, owners and digests say who; what is held back is told with its reason."""
    receivers = (
        Webhook(name="all", url="https://x.example"),
        Webhook(name="critical", url="https://x.example", severity="critical"),
        Webhook(name="shop", url="https://x.example", services=("shop-*",)),
        Alertmanager(name="am", url="https://x.example"),
        Heartbeat(name="alive", url="https://x.example"),
    )
    settings = AlertSettings(Rules(owners=(Owner("pay*", receivers=("critical", "shop")),)), receivers)
    with outbox_of(state) as connection, connection:

        def told(*given, now=NOW):
            return [(one.decision.reason, one.receivers) for one in speak(connection, given, now, settings)]

        assert [("began", ("all", "am"))] == told(facts("a1"))
        assert [("unchanged", ()), ("began", ("all", "shop", "am"))] == told(facts("a1"), facts("b2", service="shop-1"))
        worse = facts("a1", severity="critical")
        assert ("severity_changed", ("all", "critical", "am")) == told(worse, now=NOW + HOUR)[0]
        ended = facts("a1", ended_us=NOW + HOUR)
        assert ("ended", ("all", "critical", "am")) == told(ended, now=NOW + 2 * HOUR)[0]
        assert ("began", ("critical",)) == told(facts("c3", service="pay", severity="critical"), now=NOW + 2 * HOUR)[-1]
        assert ("below_page", ()) == told(facts("d4", service="x", page=False), now=NOW + 2 * HOUR)[-1]
        assert ("digest", ("all",)) == told(now=NOW + 2 * HOUR + DAY_US)[-1]


def test_a_watch_may_speak_as_often_as_it_likes(state):
    """While nothing changes nothing is stored."""
    with outbox_of(state) as connection:
        changes = []
        for step in range(20):
            with connection:
                speak(connection, [facts()], NOW + step * 250_000, AlertSettings())
            changes.append(connection.total_changes)
        assert 1 == len(set(changes[1:]))


def test_silences_are_kept_and_ended(state):
    """They are stored with who, why and until when, and hold back until they end."""
    settings = AlertSettings()
    with outbox_of(state) as connection, connection:
        identity = silence(connection, Silence("check*", NOW + HOUR, "deploy", "ann"))
        assert [(identity, "ann", "deploy")] == [(one.id, one.creator, one.reason) for one in silences(connection)]
        assert ["silenced"] == [one.decision.reason for one in speak(connection, [facts()], NOW, settings)]
        assert (True, False) == (end_silence(connection, identity, NOW), end_silence(connection, identity, NOW))
        assert ["began"] == [one.decision.reason for one in speak(connection, [facts()], NOW, settings)]
        assert ["a1"] == list(recall(connection).lives)


def test_killed_at_any_moment_every_notice_arrives_under_one_id(state):
    """A program that decides and sends is killed again and again: nothing is lost, nothing gets a second id."""
    count, chance = 40, random.Random(7)
    expected = {f"a{number}": notice(f"a{number}", service=f"s{number}").id for number in range(count)}
    with server() as team:
        argv = [sys.executable, str(Path(__file__).with_name("killed.py")), state, team.url(), str(count)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        for _ in range(KILLS):
            seen = len(team.received)
            with subprocess.Popen(argv, env=environment) as process:
                wait_until(lambda before=seen: len(team.received) > before + chance.randrange(1, 8), 20)
                Event().wait(chance.random() * 0.02)
                process.send_signal(signal.SIGKILL)
        subprocess.run(argv, env=environment, check=True, timeout=60)
        assert set(expected.values()) == set(team.ids())
        assert len(team.ids()) <= count + KILLS
    assert {"waiting": 0, "sent": count, "dead": 0} == counts(state)


def test_a_server_can_be_restarted_on_its_port(state):
    """A connection that is refused is no loss: what waits arrives when somebody listens again."""
    first = Server()
    port = first.port
    first.close()
    put(state, [notice()])
    dispatcher = Dispatcher(state, [webhook(f"http://127.0.0.1:{port}/hook")], real_edge())
    assert dispatcher.send_due()
    assert {"waiting": 1, "sent": 0, "dead": 0} == counts(state)
    with outbox_of(state) as connection, connection:
        connection.execute("UPDATE alerts_outbox SET next_us = 0")
    second = Server(port=port)
    try:
        assert dispatcher.send_due()
    finally:
        second.close()
    assert ([notice().id], {"waiting": 0, "sent": 1, "dead": 0}) == (second.ids(), counts(state))
