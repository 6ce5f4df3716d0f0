"""E-mail through a real mail server."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from threading import Thread
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from detector.alerts.channels.mail import Mail, deliver
from detector.alerts.channels.table import CHANNELS
from detector.errors import SettingsError
from tests.alerts.making import notice, story
from tests.alerts.servers import real_edge

PASSWORD = "correct horse battery"


class Box:
    """Keeps what comes, or refuses some."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refusals: dict[str, str] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802, ARG002  aiosmtpd's signature
        """Refuse those named."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802, ARG002  aiosmtpd's signature
        """Keep it."""
        self.messages.append(envelope.content)
        return "250 OK"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Signs the certificate of the server."""
    return trustme.CA()


@pytest.fixture
def box() -> Box:
    """What arrives."""
    return Box()


@pytest.fixture
def mail_server(authority: trustme.CA, box: Box) -> Iterator[Controller]:
    """One that wants TLS and a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=check,
    )  # fmt: skip
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def receiver(mail_server, authority, tmp_path):
    """`receiver(to=(...))` -> one that may write through the server."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text(PASSWORD + "\n")

    def make(**changes: Any) -> Mail:
        values = {
            "name": "chef", "host": "localhost", "port": mail_server.port, "from_address": "detector <d@example.org>",
            "to": ("chef@example.org",), "user": "detector", "secret_file": str(tmp_path / "password"),
            "ca_file": str(tmp_path / "ca.pem"), "allow_networks": ("127.0.0.0/8", "::1/128"), "timeout": "2s",
        }  # fmt: skip
        return Mail(**(values | changes))

    return make


def test_a_life_is_a_thread(receiver, box):
    """Message ids are those of the notices, and what follows refers to the first; text is plain."""
    notices = story("warning", "critical", "end")
    assert ["accepted"] * 3 == [deliver(one, receiver(), real_edge()).outcome for one in notices]
    first, second, third = (message_from_bytes(one, policy=policy.default) for one in box.messages)
    assert f"<{notices[0].id}@example.org>" == first["Message-ID"] == second["References"] == third["In-Reply-To"]
    assert "[detector] warning: checkout x9.7 normal" == first["Subject"]
    assert first.get_content().replace("\r\n", "\n").strip() == notices[0].text
    assert "References" not in first


def test_what_a_log_says_is_no_header(receiver, box):
    """Line breaks and other scripts in names stay inside the subject."""
    one = notice(service="pay\r\nBcc: evil@example.org\r\n\r\nhü 支付")
    assert "accepted" == deliver(one, receiver(), real_edge()).outcome
    message = message_from_bytes(box.messages[0], policy=policy.default)
    assert "Bcc" not in message
    assert "hü 支付" in message["Subject"]


def test_wrong_password_is_for_good_and_not_told(receiver, tmp_path):
    """The answer of the server is told, the password is not."""
    (tmp_path / "wrong").write_text("wrong password")
    answer = deliver(notice(), receiver(secret_file=str(tmp_path / "wrong")), real_edge())
    assert ("refused", True) == (answer.outcome, answer.detail.startswith("SMTP 535"))
    assert "wrong password" not in answer.detail


@pytest.mark.parametrize(
    ("refusals", "outcome"),
    [
        ({}, "accepted"),
        ({"b@example.org": "550 unknown"}, "accepted"),
        ({"b@example.org": "450 later"}, "retry"),
        ({"a@example.org": "550 unknown", "b@example.org": "550 unknown"}, "refused"),
        ({"a@example.org": "550 unknown", "b@example.org": "450 later"}, "retry"),
    ],
)
def test_recipients_that_are_refused_are_told(receiver, box, refusals, outcome):
    """For now: the notice is sent again; for good: it is told, and all of them make a dead letter."""
    box.refusals = refusals
    answer = deliver(notice(), receiver(to=("a@example.org", "b@example.org")), real_edge())
    assert outcome == answer.outcome
    assert bool(refusals) == bool(answer.detail)


def test_tls_is_not_given_up(receiver, box, mail_server):
    """A certificate of a stranger and an address inside are refused before anything is said."""
    stranger = deliver(notice(), receiver(ca_file=None), real_edge())
    inside = deliver(notice(), receiver(allow_networks=()), real_edge())
    assert ("retry", "retry", []) == (stranger.outcome, inside.outcome, box.messages)
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.detail
    assert "no public address" in inside.detail


@pytest.mark.parametrize(
    "greeting", [b"", b"220 " + b"x" * 5_000_000 + b"\r\n", b"drip"], ids=["silent", "long", "drip"]
)
def test_a_server_that_hangs_or_drips_is_left_by_the_deadline(greeting):
    """A mail server has no more time than any other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            talk, _ = listener.accept()
            with talk:
                try:
                    for _ in range(100):
                        talk.sendall(b"220-x\r\n" if greeting == b"drip" else greeting)
                        time.sleep(0.05)
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        begin = time.monotonic()
        one = Mail(host="127.0.0.1", port=listener.getsockname()[1], from_address="a@b.example", to=("c@d.example",),
                   timeout="0.5s", allow_networks=("127.0.0.0/8",))  # fmt: skip
        answer = deliver(notice(), one, real_edge())
        assert answer.outcome in ("retry", "refused")
        assert answer.detail
        assert time.monotonic() - begin < 2


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"to": ()}, "names nobody"),
        ({"to": ("nobody",)}, "no mail address"),
        ({"from_address": "a@b.example\nBcc: x@y.example"}, "no mail address"),
        ({"user": "me"}, "need each other"),
        ({"user": "me", "secret_env": "X", "tls": "none"}, "not sent without encryption"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes, cause):
    """Before anything is sent."""
    values = {"host": "mail.example", "from_address": "a@b.example", "to": ("c@d.example",), **changes}
    with pytest.raises(SettingsError, match=cause):
        CHANNELS["email"].settings(**values).check()
