"""`detector alerts`, and a scan that tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.alerts.servers import Server
from tests.alerts.servers import server as serve

SETTINGS = """
[alerts]
others = "now"

[alerts.team]
kind = "webhook"
url = "{url}"
allow_http = true
allow_networks = ["127.0.0.0/8"]
timeout = "1s"
"""


@pytest.fixture
def team(quiet_place):
    """A receiver that stands in the settings."""
    with serve() as one:
        (quiet_place / "detector.toml").write_text(SETTINGS.format(url=one.url("/hook/very-secret-path")))
        yield one


def log(minutes_ago: int, factor: int = 12) -> str:
    """A counts table that ends now, with a surge of twenty minutes that began some minutes ago."""
    now, rows = datetime.now(UTC).replace(second=0, microsecond=0), ["timestamp,service,lines"]
    for minute in range(3000):
        noise = (minute * 7919 % 17) - 8
        times = factor if 0 <= minute - (3000 - minutes_ago) < 20 else 1
        rows.append(f"{(now - timedelta(minutes=3000 - minute)).isoformat()},shop,{(60 + noise) * times}")
    return "\n".join(rows) + "\n"


def states(team: Server) -> list[str]:
    """What was told."""
    return [json.loads(one.body)["data"]["state"] for one in team.received]


def test_a_scan_tells_what_is_new_once(detector, quiet_place, team):
    """The first scan opens, a second one adds nothing, one that sees the end resolves; each with exit code 1."""
    (quiet_place / "x.csv").write_text(log(15))
    assert 1 == detector("scan", "x.csv", "--state", "state").code
    assert ["open"] == states(team)
    detector("scan", "x.csv", "--state", "state")
    assert ["open"] == states(team)
    (quiet_place / "x.csv").write_text(log(50))
    detector("scan", "x.csv", "--state", "other")
    assert ["open", "open", "resolved"] == states(team)
    answer = detector("alerts", "list", "--state", "other")
    assert (0, "0 waiting, 2 sent, 0 dead") == (answer.code, answer.out.splitlines()[-1])


def test_a_scan_whose_notices_wait_says_so(detector, quiet_place, team):
    """Incidents win over queues; a scan that finds nothing ends with 4 while notices wait, and delivers them later."""
    team.behaviour = 503
    (quiet_place / "x.csv").write_text(log(15))
    (quiet_place / "calm.csv").write_text(log(15, factor=1))
    answer = detector("scan", "x.csv", "--state", "state")
    assert (1, True) == (answer.code, "notices: 1 waiting, 0 dead" in answer.err)
    assert 4 == detector("scan", "calm.csv", "--state", "state").code
    listed = detector("alerts", "list", "--state", "state", "--format", "ndjson")
    assert (4, "waiting", "HTTP 503") == (listed.code, *(json.loads(listed.out)[key] for key in ("standing",)),
                                          json.loads(listed.out)["error"][:8])  # fmt: skip
    assert "very-secret-path" not in listed.out + detector("config", "show").out
    team.behaviour = 204
    assert (0, "0 put back; now 0 waiting, 1 sent, 0 dead\n") == detector("alerts", "retry", "--state", "state")[:2]


def test_dead_letters_are_listed_and_retried(detector, quiet_place, team):
    """What was refused stands in the list with its reason, and is sent again on demand under the same id."""
    team.behaviour = 400
    (quiet_place / "x.csv").write_text(log(15))
    detector("scan", "x.csv", "--state", "state")
    answer = detector("alerts", "--state", "state")
    assert 4 == answer.code
    assert "dead    team: warning: shop x12" in answer.out
    assert "HTTP 400" in answer.out
    team.behaviour = 204
    answer = detector("alerts", "retry", "team", "--state", "state")
    assert (0, "1 put back; now 0 waiting, 1 sent, 0 dead\n") == (answer.code, answer.out)
    assert 1 == len(set(team.ids()))


def test_an_old_dump_wakes_nobody(detector, quiet_place, team):
    """What ended more than a day ago is not told, and that is said."""
    (quiet_place / "x.csv").write_text(log(2900))
    answer = detector("scan", "x.csv", "--state", "state")
    assert ([], True) == (states(team), "notices held back: 1 too_old" in answer.err)


def test_a_test_tells_what_each_receiver_answers(detector, team):
    """Delivered or not, with the reason; exit code 4 if one is not."""
    answer = detector("alerts", "test")
    assert (0, "team: delivered: HTTP 204\n") == (answer.code, answer.out)
    assert "This is a test: if you read it, notices reach you." == json.loads(team.received[0].body)["data"]["text"]
    team.behaviour = 404
    answer = detector("alerts", "test", "team")
    assert (4, True) == (answer.code, answer.out.startswith("team: not delivered: HTTP 404"))
    assert "very-secret-path" not in answer.out


def test_what_cannot_work_is_told(detector, quiet_place, team):
    """Names that are not there, folders without an outbox, wrong settings, each with its exit code."""
    assert "there is no receiver teem; did you mean `team`?" in detector("alerts", "test", "teem").err
    assert (2, True) == ((answer := detector("alerts", "--state", "no")).code, "no outbox there" in answer.err)
    (quiet_place / "detector.toml").write_text("[alerts.team]\nkind = 'webhook'\nsecret = 'abc'\n")
    for command in (("alerts", "test"), ("config", "check"), ("config", "show")):
        answer = detector(*command)
        assert (78, False) == (answer.code, "abc" in answer.err + answer.out)
    (quiet_place / "detector.toml").write_text("")
    assert "no receivers are set" in detector("alerts", "test").err
    assert 2 == detector("scan", "x.csv", "--state", "state").code
