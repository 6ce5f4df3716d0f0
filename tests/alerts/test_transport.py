"""HTTP that is fit for notices, against servers that are not."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.alerts.addresses import ForbiddenAddressError, is_public, resolve
from detector.alerts.channels.webhook import Webhook
from detector.alerts.receiver import Edge, check_url
from detector.alerts.transport import Request, outcome_of, post, retry_after
from detector.errors import SettingsError
from tests.alerts.servers import real_edge, server

LOCAL = ("127.0.0.0/8", "::1/128")


def receiver(**changes) -> Webhook:
    """One that may speak to this machine without TLS."""
    return Webhook(
        **{"url": "http://x.example", "allow_http": True, "allow_networks": LOCAL, "timeout": "1s", **changes}
    )


def send(url: str, **changes):
    """One attempt."""
    return post(Request(url, b"{}", {}), receiver(**changes), real_edge())


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (200, "accepted"), (204, "accepted"), (301, "retry"), (307, "retry"), (400, "refused"), (401, "refused"),
        (404, "refused"), (408, "retry"), (410, "gone"), (413, "refused"), (425, "retry"), (429, "retry"),
        (500, "retry"), (503, "retry"), (599, "retry"),
    ],
)  # fmt: skip
def test_codes_mean_what_they_say(code, outcome):
    """Redirects and 5xx are tried again, 4xx are for good, 410 ends it all."""
    with server(code, location="/elsewhere") as one:
        assert outcome == send(one.url()).outcome
        assert ["/hook"] == [request.path for request in one.received]
    assert outcome == outcome_of(code)


@pytest.mark.parametrize("behaviour", ["hang", "drip", "huge", "garbage", "close"])
def test_whatever_a_server_does_an_attempt_ends_by_its_deadline(behaviour):
    """Silence, an answer byte by byte, an endless one, nonsense or nothing: it is tried again, in time."""
    with server(behaviour) as one:
        begin = time.monotonic()
        answer = send(one.url(), timeout="0.5s")
        assert "retry" == answer.outcome
        assert answer.detail
        assert time.monotonic() - begin < 1.5
        assert len(answer.detail) < 400


def test_an_answer_that_accepts_is_not_waited_for():
    """What follows a status that accepts is not read: a broken body does not send a notice again."""
    with server("half") as one:
        assert "accepted" == send(one.url()).outcome


def test_nobody_there_is_tried_again():
    """A refused connection and a name that does not exist are failures of the moment."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert "retry" == send(f"http://127.0.0.1:{unused.getsockname()[1]}/").outcome
    assert "retry" == send("http://nobody.invalid/").outcome


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    """Nothing but the settings says which way a notice goes."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with server() as one:
        assert "accepted" == send(one.url()).outcome


def test_a_proxy_of_the_settings_is_used():
    """It is asked for the whole address."""
    with server() as proxy:
        assert "accepted" == send("http://hooks.example/x", proxy=proxy.url("")).outcome
        assert ["http://hooks.example/x"] == [one.path for one in proxy.received]


INSIDE = (
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.1.2.3", "0.0.0.0",
    "[fd00:ec2::254]", "[64:ff9b::7f00:1]",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_addresses_inside_are_refused(host):
    """However they are written: nothing is connected to, and the reason says what to set."""
    with server() as one:
        answer = send(f"http://{host}:{one.port}/", allow_networks=())
        assert ("retry", []) == (answer.outcome, one.received)
        assert "no public address" in answer.detail or "gaierror" in answer.detail


def test_a_name_is_resolved_once_and_the_checked_address_is_used(monkeypatch):
    """A DNS that answers something else the second time leads nowhere."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked = []

    def resolved(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[len(asked) - 1]]

    with server() as one:
        url = one.url(host="rebinding.example")
        monkeypatch.setattr(socket, "getaddrinfo", _only_for("rebinding.example", resolved))
        assert "accepted" == send(url, allow_networks=("127.0.0.1/32",)).outcome
        assert "no public address" in send(url, allow_networks=("127.0.0.1/32",)).detail
    assert ["rebinding.example"] * 2 == asked


def _only_for(host, instead):
    real = socket.getaddrinfo
    return lambda asked, *rest, **named: (
        instead(asked, *rest, **named) if asked == host else real(asked, *rest, **named)
    )


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    """A name with a public and a private address is refused."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    with pytest.raises(ForbiddenAddressError, match=r"10\.0\.0\.1"):
        resolve("mixed.example", 443, ())
    assert ["93.184.215.14", "10.0.0.1"] == resolve("mixed.example", 443, ("10.0.0.0/8",))


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_itself(address):
    """IPv4 within IPv6, in three ways, is as public as the IPv4 address."""
    for text in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(address) == is_public(ipaddress.ip_address(text))
    sixtofour = ipaddress.IPv6Address(0x2002 << 112 | int(address) << 80)
    assert is_public(address) == is_public(sixtofour)


def test_tls_asks_for_the_name_and_trusts_only_whom_it_should(tmp_path):
    """The certificate is checked for the name in the address, though an address that was checked is connected to."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with server(tls=context) as one:
        known = str(tmp_path / "ca.pem")
        assert "accepted" == send(one.url(host="localhost"), ca_file=known).outcome
        stranger, wrong_name = send(one.url(host="localhost")), send(one.url(), ca_file=known)
        assert ("retry", "retry") == (stranger.outcome, wrong_name.outcome)
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.detail
        assert 1 == len(one.received)


def test_a_deadline_before_tls_leaves_no_connection():
    """Who is connected when the time is over is let go, so that nobody waits for words that never come."""
    ticks = iter([0.0, 0.0, 2.0])
    edge = Edge(lambda: 0, lambda: next(ticks, 2.0), {})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        answer = post(Request(url, b"{}", {}), receiver(url=url), edge)
        accepted, _ = listener.accept()
        with accepted:
            accepted.settimeout(5)
            assert ("retry", b"") == (answer.outcome, accepted.recv(1))


def test_what_is_told_holds_no_secret():
    """A server that echoes the address does not bring it into the outbox."""
    with server(500) as one:
        answer = send(one.url("/services/T00000/verysecretpath?token=abcdef"))
        assert "HTTP 500" in answer.detail
        assert "verysecretpath" not in answer.detail
        assert "abcdef" not in answer.detail


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("30", 30.0), ("0", 0.0), ("", None), ("soon", None), ("-5", None), ("9" * 50, 999999999.0),
     ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0), ("Wed, 31 Dec 1969 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(raw, seconds):
    """As in RFC 9110; nonsense is ignored."""
    assert seconds == retry_after({"retry-after": raw}, 10_000_000)


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://example.org/", "https://", "example.org", "https://a b/",
                                 "https://example.org:99999/", "https://example.org/\n"])  # fmt: skip
def test_addresses_that_are_none_are_refused(url):
    """Without being told, since an address may be a secret."""
    with pytest.raises(SettingsError) as error:
        check_url(url, allow_http=False)
    assert "example.org:" not in str(error.value)
