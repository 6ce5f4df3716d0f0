"""E-mail: plain text, one thread for each life of an incident, encrypted unless the settings say otherwise."""

from __future__ import annotations

import smtplib
import socket
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from threading import Timer
from typing import Literal

from detector.alerts.addresses import ForbiddenAddressError, resolve
from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge, Receiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError, hide, read_secret
from detector.alerts.transport import MOST_TOLD, trusted
from detector.errors import SettingsError

PORTS = {"starttls": 587, "tls": 465, "none": 25}
LONGEST_SUBJECT = 200
Replies = dict[str, tuple[int, bytes]]


class Mail(Receiver, frozen=True, kw_only=True):
    """Addresses that are written to through a mail server.

    Attributes:
        host, port: of the server; the port is that of `tls` if not given.
        tls: `starttls`, `tls` from the first byte, or `none`.
        from_address, to: who writes to whom.
        user: to log in with; needs a secret.
        secret_file, secret_env: where the password is.
        ca_file: certificates to trust besides those of the system.
    """

    host: str
    from_address: str
    to: tuple[str, ...]
    port: int | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    secret_file: str | None = None
    secret_env: str | None = None
    ca_file: str | None = None

    def check(self) -> None:
        """Refuse what is no address, and a password that would be sent in clear."""
        super().check()
        for one in (self.from_address, *self.to):
            if "@" not in parseaddr(one)[1] or not one.isprintable():
                raise SettingsError(f"{one!r} is no mail address")
        if not self.to:
            raise SettingsError("`to`: names nobody")
        if (self.user is None) != (self.secret_file is None and self.secret_env is None):
            raise SettingsError("`user` and one of `secret_file` and `secret_env` need each other")
        if self.user is not None and self.tls == "none":
            raise SettingsError("`tls`: a password is not sent without encryption")

    def secret_places(self) -> list[tuple[str | None, str | None]]:
        """That of the password."""
        return [(self.secret_file, self.secret_env)]


class Client(smtplib.SMTP):
    """A client that connects to a checked address and asks TLS for the name."""

    def __init__(self, receiver: Mail) -> None:
        self.receiver = receiver
        super().__init__(timeout=receiver.timeout_s)
        self._host = receiver.host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        addresses = resolve(host, port, self.receiver.allow_networks)
        for number, one in enumerate(addresses, 1):
            try:
                plain = socket.create_connection((one, port), timeout)
                break
            except OSError:
                if number == len(addresses):
                    raise
        if self.receiver.tls != "tls":
            return plain
        return trusted(self.receiver.ca_file).wrap_socket(plain, server_hostname=host)

    def cut(self) -> None:
        """End a talk that takes too long, from another thread."""
        if self.sock is not None:
            self.sock.close() if self.sock.fileno() < 0 else self.sock.shutdown(socket.SHUT_RDWR)


def deliver(notice: Notice, receiver: Mail, edge: Edge) -> Answer:
    """One attempt; a server that refuses one of several recipients for now is asked again for all."""
    try:
        password = read_secret(receiver.secret_file, receiver.secret_env, edge.environment)
        refused = _talk(message_of(notice, receiver), receiver, password)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        told = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return _answer(error.smtp_code, f"SMTP {error.smtp_code} {told}", receiver, edge)
    except (ForbiddenAddressError, SecretError, SettingsError) as error:
        return Answer("retry", str(error))
    except (OSError, smtplib.SMTPException, ValueError, AttributeError) as error:  # the last two: cut while it talked
        return Answer("retry", hide(f"{type(error).__name__}: {error}"[:MOST_TOLD], receiver.secrets(edge.environment)))
    if not refused:
        return Answer("accepted")
    code = min(code for code, _ in refused.values())
    told = "; ".join(f"{who}: {code} {why.decode('utf-8', 'replace')}" for who, (code, why) in refused.items())
    if code >= 500 and len(refused) < len(receiver.to):
        return Answer("accepted", hide(f"refused for {told}", receiver.secrets(edge.environment))[:MOST_TOLD])
    return _answer(code, f"SMTP {told}", receiver, edge)


def _answer(code: int, told: str, receiver: Mail, edge: Edge) -> Answer:
    """Codes of 5xx are for good."""
    told = hide(" ".join(told.split()), receiver.secrets(edge.environment))[:MOST_TOLD]
    return Answer("refused" if 500 <= code < 600 else "retry", told)


def _talk(message: EmailMessage, receiver: Mail, password: str | None) -> Replies:
    """Send; those that the server refused."""
    client = Client(receiver)
    watchdog = Timer(receiver.timeout_s, client.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        client.connect(receiver.host, receiver.port if receiver.port is not None else PORTS[receiver.tls])
        if receiver.tls == "starttls":
            client.starttls(context=trusted(receiver.ca_file))
        if receiver.user is not None and password is not None:
            client.login(receiver.user, password)
        refused: Replies = client.send_message(message)
    finally:
        watchdog.cancel()
        client.close()
    return refused


def message_of(notice: Notice, receiver: Mail) -> EmailMessage:
    """The message; its id is that of the notice, and it answers the first one of its thread."""
    domain = parseaddr(receiver.from_address)[1].rpartition("@")[2]
    message = EmailMessage()
    message["Subject"] = f"[detector] {notice.title}"[:LONGEST_SUBJECT]
    message["From"] = receiver.from_address
    message["To"] = ", ".join(receiver.to)
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.decided_us / 1e6, UTC))
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.thread != notice.id:
        message["In-Reply-To"] = message["References"] = f"<{notice.thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers
    message.set_content(notice.text)
    return message
